"""One line for every event that matters, for logs and for terminals that cannot do more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Event
from typing import Any

from rich.console import Console
from rich.text import Text

from ..session.board import Board
from .drawing import STYLES
from .worded import Said, told

EVERY_S = 0.5


class PlainLines:
    """Follows the journal; misses lines only where more come between two looks than the board keeps."""

    name = "the log lines"

    def __init__(self, board: Board, console: Console) -> None:
        self._board, self._console = board, console
        self._last: Mapping[str, Any] | None = None

    def run(self, stop: Event) -> None:
        """Until told to stop; what was said until then is printed."""
        while not stop.wait(EVERY_S):
            self._print_new()
        self._print_new()

    def _print_new(self) -> None:
        lines = tuple(self._board.lines)
        new = _after(lines, self._last)
        for said in told(lines, len(lines) - new):
            if said.matters:
                self._console.print(_line(said), soft_wrap=True)
        self._last = lines[-1] if lines else None


def _after(lines: tuple[Mapping[str, Any], ...], last: Mapping[str, Any] | None) -> int:
    """How many come after the line `last`."""
    for count, line in enumerate(reversed(lines)):
        if line is last:
            return count
    return len(lines)


def _line(said: Said) -> Text:
    return Text.assemble((_stamp(said.at), "bright_black"), "  ", (said.text, STYLES[said.tone]))


def _stamp(at: str) -> str:
    """UTC, to the second: logs are read on other days and at other places."""
    try:
        return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%SZ")
    except ValueError:
        return at
