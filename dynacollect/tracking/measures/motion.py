"""How an object truly moved, from its true poses: velocity that does not smear over sudden changes, and those changes.

The velocity at an instant is the slope of a parabola through the positions nearby. Of several windows around the
instant the one that the parabola fits best counts: one that spans a bounce fits badly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...rig.nouns import Vector
from ..sequences.trajectory import Trajectory

WINDOW_S = 0.125
SHIFTS = (0.5, 0.7, 0.3, 1.0, 0.0)
"""Which share of a window lies before the instant; where two fit alike, the earlier of this list counts."""
TELLING_M = 5e-5
"""By so much, rms, must a window fit better to be taken in place of one that is better centred."""
GRID_S = 0.02
SUDDEN = 1.0
"""m/s2; what changes slower is no event."""
LEAST_CHANGE = 0.06
"""m/s."""
RESTING = 0.03
"""m/s."""
BESIDE = 2
"""So many instants beside a change, the velocity is taken as that before or after it."""
JOIN_S = 0.06
"""Changes closer to each other are one."""

EventKind = Literal["start", "stop", "turn"]


@dataclass(frozen=True, slots=True)
class Event:
    """The velocity changes suddenly."""

    kind: EventKind
    """`turn` is a bounce, a push, or any other change into another motion; a shove that ends in rest is a `stop`."""
    begin: float
    end: float
    """When the change is over."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueMotion:
    """Velocity at any time within the recording, and its events in order."""

    velocity: Callable[[float], Vector]
    events: tuple[Event, ...]

    def is_steady(self, time: float, before: float, after: float) -> bool:
        """Whether nothing changes suddenly from so long before a time until so long after."""
        return not any(event.begin < time + after and event.end > time - before for event in self.events)


def true_motion(truth: Trajectory) -> TrueMotion:
    """The motion of one object."""
    if len(truth.times) < 4:
        return TrueMotion(lambda _: np.zeros(3), ())
    grid = np.arange(truth.times[0], truth.times[-1] + 0.5 * GRID_S, GRID_S, dtype=np.float64)
    speeds = np.array([_velocity(truth, float(time)) for time in grid])

    def velocity(time: float) -> Vector:
        return _velocity(truth, time)

    return TrueMotion(velocity, _events(grid, speeds))


def _velocity(truth: Trajectory, time: float) -> Vector:
    best, least = np.zeros(3), np.inf
    for share in SHIFTS:
        first = time - share * WINDOW_S
        inside = (truth.times >= first - 1e-6) & (truth.times <= first + WINDOW_S + 1e-6)
        times = truth.times[inside] - time
        if inside.sum() < 3 or np.ptp(times) < 0.6 * WINDOW_S:
            continue
        places = truth.positions[inside]
        rows = np.vander(times, 3 if inside.sum() > 3 else 2)
        fit, *_ = np.linalg.lstsq(rows, places, rcond=None)
        misfit = float(np.sqrt(np.mean((rows @ fit - places) ** 2)))
        if misfit < least - TELLING_M:
            best, least = fit[-2], misfit
        if least < TELLING_M:
            break
    return best


def _events(grid: Vector, velocity: Vector) -> tuple[Event, ...]:
    change = np.linalg.norm(np.diff(velocity, axis=0), axis=1) / GRID_S
    runs = _runs(change > SUDDEN, round(JOIN_S / GRID_S))
    found = []
    for first, last in runs:
        before, after = velocity[max(first - BESIDE, 0)], velocity[min(last + 1 + BESIDE, len(velocity) - 1)]
        if np.linalg.norm(velocity[first : last + 2] - before, axis=1).max() < LEAST_CHANGE:
            continue
        was, goes = np.linalg.norm(before) > RESTING, np.linalg.norm(after) > RESTING
        kind: EventKind = "stop" if not goes else "turn" if was else "start"
        found.append(Event(kind, float(grid[first]), float(grid[min(last + 1, len(grid) - 1)])))
    return tuple(found)


def _runs(flags: np.ndarray, join: int) -> list[tuple[int, int]]:
    """First and last index of every run of flags; runs that are near each other are one."""
    found: list[tuple[int, int]] = []
    for index in np.flatnonzero(flags).tolist():
        if found and index - found[-1][1] <= join:
            found[-1] = found[-1][0], index
        else:
            found.append((index, index))
    return found
