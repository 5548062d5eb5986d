"""The live view: the whole terminal, four times a second, drawn in the pauses of the loop."""

from __future__ import annotations

from threading import Event

from rich.console import Console
from rich.live import Live

from ..session.board import Board
from .reading import Reader
from .screen import Screen

EVERY_S = 0.25


class LiveView:
    """Takes the terminal while it runs, and gives it back whatever happens."""

    name = "the live view"

    def __init__(self, board: Board, console: Console) -> None:
        self._reader, self._console = Reader(board), console

    def run(self, stop: Event) -> None:
        """Until told to stop."""
        with self._live(Screen(self._reader.read())) as live:
            while not stop.wait(EVERY_S):
                self._reader.await_slack(stop)
                live.update(Screen(self._reader.read()), refresh=True)

    def _live(self, first: Screen) -> Live:
        return Live(
            first, console=self._console, screen=True, auto_refresh=False, redirect_stdout=False,
            redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip
