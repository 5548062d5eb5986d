"""`dataset push` in child processes that may be killed; one line of JSON in, the child's number and its end out.

A process of its own, as only one without threads may fork; few files in a commit, so that a small set needs several.
"""

import json
import os
import sys

import typer

from dynacollect.collector.commands.dataset_push import push
from dynacollect.datasets import hub
from dynacollect.datasets.hub import items

items.MOST_FILES = 3
app = typer.Typer()
app.command()(push)


def main() -> None:
    assert hub.push
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            app(order["words"])
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
