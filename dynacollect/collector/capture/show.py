"""What a capture looks like in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .progress import Progress

BAR = 10


class Show:
    """A live view on standard error; nothing when `quiet`, plain lines where there is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._last = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[Console]:
        """Standard error for something else, a question even where all else is quiet."""
        self._live.stop()
        yield Console(stderr=True, highlight=False)
        if self._console.is_terminal:
            self._live.start()

    def update(self, progress: Progress) -> None:
        """Show how far it is."""
        if self._console.is_terminal:
            self._live.update(view(progress))
            return
        line = f"{progress.mounting}: {_counts(progress)}; {progress.doing}"
        if line != self._last:
            self._console.print(Text(line))
            self._last = line


def view(progress: Progress) -> RenderableType:
    """One picture of a session."""
    where = "in the hand" if progress.mounting == "held" else "on the table"
    table = Table("camera", "views", "area", "tilt", "distance", "turn", "missing most", title=f"Board {where}")
    for name, views in progress.views.items():
        seen = progress.coverage.cameras.get(name) if progress.coverage else None
        if seen is None:
            table.add_row(name, str(views))
            continue
        tilt = min(seen.tilt_x, seen.tilt_y)
        bars = [bar(share) for share in (seen.area, tilt, seen.distance, seen.roll)]
        table.add_row(name, str(views), *bars, Text(seen.missing.split(": ", 1)[-1]))
    lines: list[RenderableType] = [table]
    robot = progress.coverage.robots.get(progress.mounting) if progress.coverage else None
    if robot is not None:
        lines.append(Text.assemble("turns of the hand  ", bar(robot.second_axis), " ", bar(robot.third_axis)))
    if progress.uncertainty is not None:
        lines.append(Text(f"so far: {progress.uncertainty.words()}"))
    lines.append(Text(f"now: {progress.doing}"))
    lines += [Text(f"left out: {reason}", style="yellow") for reason in progress.refused]
    return Group(*lines)


def bar(share: float) -> Text:
    """A share of what is wanted."""
    full = round(BAR * min(max(share, 0.0), 1.0))
    return Text("█" * full, style="green" if share >= 1 else "cyan") + Text("░" * (BAR - full), style="dim")


def _counts(progress: Progress) -> str:
    return ", ".join(f"{name} {views}" for name, views in progress.views.items())
