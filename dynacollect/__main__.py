"""`python -m dynacollect` is the `dynacollect` command."""

from .collector.cli import main

main()
