"""What a tracker believes, as a table that is kept up to date in the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.table import Table

from ...rig.nouns import ObjectState
from ...tracking.tracked import HEALTHY, Tracked

MOVES = 0.03
"""Slower objects have no direction, m/s."""


class LiveTable:
    """On standard error; nothing when `quiet` or where there is no terminal."""

    def __init__(self, names: tuple[str, ...], *, quiet: bool) -> None:
        self._names = names
        console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._shown = console.is_terminal and not quiet

    def __enter__(self) -> Self:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, tracked: Tracked, left_s: float) -> None:
        if self._shown:
            self._live.update(table_of(self._names, tracked, left_s))


def table_of(names: tuple[str, ...], tracked: Tracked, left_s: float) -> Table:
    """Every object with what is believed of it; lost ones have no more than their name."""
    stages = "  ".join(f"{stage} {1e3 * seconds:.1f}" for stage, seconds in tracked.seconds.items())
    title = f"{left_s:.1f} s left; ms: {stages}"
    table = Table("object", "x, y, z mm", "speed mm/s", "towards deg", "health", "sigma mm", title=title)
    for name in names:
        state = tracked.states.get(name)
        table.add_row(name, *(_cells(state) if state is not None else ("", "", "", "lost", "")))
    return table


def _cells(state: ObjectState) -> tuple[str, str, str, str, str]:
    place = ", ".join(f"{1e3 * each:.0f}" for each in state.position)
    speed = float(np.linalg.norm(state.velocity))
    towards = f"{np.degrees(np.arctan2(state.velocity[1], state.velocity[0])):.0f}" if speed > MOVES else "-"
    sigma = 1e3 * float(np.sqrt(np.linalg.eigvalsh(state.covariance[:3, :3])[-1]))
    colour = "green" if state.health >= HEALTHY else "yellow"
    return place, f"{1e3 * speed:.0f}", towards, f"[{colour}]{state.health:.2f}[/]", f"{sigma:.1f}"
