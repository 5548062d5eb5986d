"""Starts the viewers that are wanted, keeps their trouble from the session, and ends them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Literal, Protocol, TextIO

from rich.console import Console
from rich.text import Text

from ..session.board import Board, Summary
from .live import LiveView
from .page import Address, StatusPage
from .plain import PlainLines
from .worded import clean, duration

Mode = Literal["live", "plain", "headless", "none"]
"""live: the whole terminal; plain: lines; headless: lines and the status page; none: nothing."""
LEAVES_S = 3.0
"""A viewer that has not ended so long after it was told to is left behind; its thread cannot keep the process."""


class Viewer(Protocol):
    """Runs in its own thread until told to stop."""

    name: str

    def run(self, stop: Event) -> None: ...


@contextmanager
def watching(
    board: Board, mode: Mode = "live", *, page: Address | None = None, console: Console | None = None
) -> Iterator[str]:
    """Show the board as long as it lasts, on standard error; gives the page's address, or nothing.

    `page` adds the status page to any mode. Where there is no terminal, `live` becomes `plain`.
    """
    console = console or Console(stderr=True, highlight=False)
    viewers = _viewers(board, mode, page, console)
    pages = [viewer for viewer in viewers if isinstance(viewer, StatusPage)]
    url = pages[0].url if pages else ""
    if url:
        console.print(Text(f"status page: {url}"), soft_wrap=True)
    stop = Event()
    threads = [Thread(target=_guarded, args=(viewer, stop), name=viewer.name, daemon=True) for viewer in viewers]
    for thread in threads:
        thread.start()
    try:
        yield url
    finally:
        stop.set()
        for thread in threads:
            thread.join(LEAVES_S)
        # A thread that is stuck in a terminal which takes nothing holds the console.
        if mode != "none" and not any(thread.is_alive() for thread in threads):
            console.print(Text(last_words(board.summary)), soft_wrap=True)


def last_words(summary: Summary) -> str:
    """What came of it, in a few lines."""
    tried = summary.kept + summary.failures + summary.doubtful
    share = f" ({100 * summary.kept / tried:.0f} % of {tried} verdicts)" if tried else ""
    pace = f", {summary.per_hour:.0f} per hour" if math.isfinite(summary.per_hour) else ""
    calls = (
        f"; called a person {summary.human_calls} time{'s' * (summary.human_calls > 1)}" if summary.human_calls else ""
    )
    lines = [
        f"kept {summary.kept} of {summary.wanted}{share}",
        f"failed {summary.failures}, doubtful {summary.doubtful}, discarded {summary.discarded}",
        f"{duration(summary.seconds)}{pace}{calls}",
    ]
    return "\n".join([*lines, f"report: {clean(summary.report)}"] if summary.report else lines)


def _viewers(board: Board, mode: Mode, page: Address | None, console: Console) -> list[Viewer]:
    viewers: list[Viewer] = []
    if page is not None or mode == "headless":
        viewers.append(StatusPage(board, page or Address()))
    if mode == "live" and console.is_terminal and not console.is_dumb_terminal:
        viewers.append(LiveView(board, console))
    elif mode != "none":
        viewers.append(PlainLines(board, console))
    return viewers


def _guarded(viewer: Viewer, stop: Event) -> None:
    try:
        viewer.run(stop)
    except Exception as error:  # noqa: BLE001 # because no viewer may ever end a session
        _say(sys.stderr, f"{viewer.name} ended: {type(error).__name__}: {clean(str(error))}; the session goes on")


def _say(stream: TextIO, line: str) -> None:
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError):
        return
