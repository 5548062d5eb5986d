"""Where episodes start, and how much of what the arm visits that is: elsewhere a policy has never begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .rows import Numbers, Rows

CELL_M = 0.05
"""Side of the cells in which starts and visits are counted."""
ANGLES = ("roll", "pitch", "yaw")
FEW = 20
"""Starts that say little about anywhere else."""
NARROW = 0.05
"""Share of the visited cells or of the range, below which starts are alike."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One number of the state."""

    name: str
    mean: float
    deviation: float
    """Of the starts."""
    start: float
    """Range of the starts, without the outer 5 % at each end where there are many."""
    visited: float
    """Range of all states, likewise."""

    @property
    def share(self) -> float:
        return min(self.start / self.visited, 1.0) if self.visited > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one data set."""

    episodes: int
    share: float
    """Of the cells that the tool visits, those in which an episode starts; of other robots' states, of their range."""
    spread_m: float | None
    """Mean distance of the starts from their middle, of tools."""
    dimensions: tuple[Dimension, ...]
    warnings: tuple[str, ...]


def coverage_of(rows: Rows, names: Sequence[str]) -> Coverage:
    """Of the starts of all episodes."""
    labels = names if len(names) == rows.state.shape[1] else [f"state {n}" for n in range(rows.state.shape[1])]
    starts = rows.state[rows.begins]
    dimensions = tuple(_dimension(name, starts[:, place], rows.state[:, place]) for place, name in enumerate(labels))
    tool = tuple(labels[:3]) == ("x", "y", "z")
    share = _cells(starts) / _cells(rows.state) if tool else float(np.median([each.share for each in dimensions]))
    spread = float(np.linalg.norm(starts[:, :3] - starts[:, :3].mean(0), axis=1).mean()) if tool else None
    return Coverage(len(starts), share, spread, dimensions, _warnings(len(starts), share, spread))


def _dimension(name: str, starts: Numbers, every: Numbers) -> Dimension:
    if name in ANGLES:
        middle = float(np.angle(np.exp(1j * starts).mean()))
        starts, every = _around(starts, middle), _around(every, middle)
    return Dimension(name, float(starts.mean()), float(starts.std()), _range(starts), _range(every))


def _around(angles: Numbers, middle: float) -> Numbers:
    """The same directions, within half a turn of the middle."""
    return middle + np.mod(angles - middle + np.pi, 2 * np.pi) - np.pi


def _range(values: Numbers) -> float:
    low, high = np.quantile(values, (0.05, 0.95)) if len(values) >= FEW else (values.min(), values.max())
    return float(high - low)


def _cells(states: Numbers) -> int:
    return len(np.unique(np.floor(states[:, :3] / CELL_M), axis=0))


def _warnings(episodes: int, share: float, spread: float | None) -> tuple[str, ...]:
    found = []
    if episodes < FEW:
        found.append(f"There are {episodes} episodes only; a policy will know little but these.")
    if share < NARROW:
        where = "" if spread is None else f", {1000 * spread:.0f} mm from their middle on average"
        found.append(
            f"Episodes start in {share:.1%} of where the arm gets{where}: started elsewhere, the policy is on unknown "
            "ground. Begin its rollouts there, or collect from other starts, too."
        )
    return tuple(found)
