"""Every error that leaves a command: one sentence for people, one document with `--json`, and an exit code."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from .output import write_json

WRONG_INPUT = 2
INTERNAL = 70
"""Exit code of a bug in dynacollect (EX_SOFTWARE), so that no script takes it for an answer."""
INTERRUPTED = 130

DEBUG = "DYNACOLLECT_DEBUG"
"""Set to 1, this variable lets a traceback through to the terminal."""


def exit_code_of(error: Exception, as_json: bool) -> int:
    """Show what went wrong and return the code to leave with."""
    from ..rig.errors import DynacollectError  # on demand, so that `--help` imports no room

    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if isinstance(error, DynacollectError):
        return _show(str(error), as_json, WRONG_INPUT)
    if isinstance(error, typer.TyperException):
        return _show(_usage_sentence(error), as_json, WRONG_INPUT)
    if os.environ.get(DEBUG) == "1":
        raise error
    return _show(_bug_sentence(error), as_json, INTERNAL)


def _show(sentence: str, as_json: bool, code: int) -> int:
    """An empty sentence means that the help has been printed instead."""
    if sentence and as_json:
        write_json({"error": sentence})
    elif sentence:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(sentence, style="red"))
    return code


def _usage_sentence(error: typer.TyperException) -> str:
    message = error.format_message().replace("Value error, ", "").strip().rstrip(".")
    context = getattr(error, "ctx", None)
    if not message or context is None or message.endswith("?"):
        return message
    return f"{message}; '{context.command_path} --help' shows what it takes"


def _bug_sentence(error: Exception) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="dynacollect-", suffix=".txt", delete=False) as file:
        file.writelines(traceback.format_exception(error))
    return (
        f"This is a fault of dynacollect, not of yours: {_first_line(error)}; "
        f"please report it with {Path(file.name)}, or set {DEBUG}=1 to see the traceback here"
    )


def _first_line(error: Exception) -> str:
    return "".join(traceback.format_exception_only(error)).splitlines()[0]
