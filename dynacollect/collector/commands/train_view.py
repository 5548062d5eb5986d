"""What `dynacollect train` shows while it works, and how it hears that it shall end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ...training.finetune.coverage import Coverage
    from ...training.finetune.run import Summary, Training
    from ...training.finetune.settings import Settings

Row = Mapping[str, Any]


class Bars:
    """One for the data set while it is built, then one for the steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._building: Any = None

    def building(self, done: int, total: int) -> None:
        if self._building is None:
            self._building = self._progress.add_task("building the data set", total=total, said="")
        self._progress.update(self._building, completed=done, total=total)

    def say(self, text: str) -> None:
        if not self._progress.disable:
            self._progress.console.print(text)

    def training(self, settings: Settings) -> Callable[[Sequence[Row]], None]:
        """Told the rows of the record."""
        task = self._progress.add_task("starting", total=settings.steps, said="")

        def tell(rows: Sequence[Row]) -> None:
            step = max((row["step"] for row in rows if row["event"] in ("start", "train")), default=0)
            begun = any(row["event"] == "start" for row in rows)
            self._progress.update(
                task, completed=step, description="training" if begun else "starting", said=_said(rows)
            )

        return tell


@contextmanager
def showing(*, quiet: bool) -> Iterator[Bars]:
    """On standard error, while it lasts."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, disable=quiet, transient=True, speed_estimate_period=120) as progress:
        yield Bars(progress)


@contextmanager
def heeding(training: Training) -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C or SIGTERM asks for a checkpoint and an end, a second one ends it at once."""
    heard: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        if heard:
            training.kill()
        else:
            training.stop()
        heard.append(number)

    before: dict[int, Any] = {}
    # Only the main thread hears signals.
    with suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, hear)
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def starts(coverage: Coverage) -> str:
    """Where episodes start."""
    spread = "" if coverage.spread_m is None else f", {1000 * coverage.spread_m:.0f} mm from their middle"
    first = f"{coverage.episodes} episodes start in {coverage.share:.1%} of where the arm gets{spread}."
    return "\n".join([first, *(f"[yellow]{line}[/]" for line in coverage.warnings)])


def view(found: Summary) -> str:
    """What a person wants to know in the end."""
    lines = [f"{found.out}: {found.steps} steps{'' if found.finished else '; the same line goes on'}."]
    first, last = found.loss["first"], found.loss["last"]
    if first is not None and last is not None:
        lines.append(f"Loss {first:.4g} at first, {last:.4g} at last.")
    if found.validation["best"] is not None:
        lines.append(f"Validation loss {found.validation['best']:.4g} at best, at step {found.validation['at']}.")
    if found.samples_per_s:
        lines.append(f"{found.samples_per_s:.1f} samples a second.")
    if found.checkpoint is not None:
        lines.append(f"The policy is in {found.checkpoint}.")
    return "\n".join(lines)


def _said(rows: Sequence[Row]) -> str:
    """The newest figures."""
    train = next((row for row in reversed(rows) if row["event"] == "train"), None)
    if train is None:
        return ""
    checked = next((row for row in reversed(rows) if row["event"] == "validation"), None)
    validation = f"  validation {checked['loss']:.4g}" if checked else ""
    return f"loss {train['loss']:.4g}{validation}  {train.get('samples_per_s') or 0:.1f}/s"
