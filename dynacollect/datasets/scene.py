"""What was there when the motion began, from what the tracker said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from ..rig.objects import load
from .instructions import MOVING, Present
from .raw import Thing
from .raw.reader import Row, Signals

HEALTHY = 0.5
"""A state of less is not looked at."""
RUNNING = 3
"""Ticks in a row that count as motion."""
SETTLED = 5
"""Ticks over which the first motion is taken."""


def speeds(signals: Signals, key: str) -> Vector:
    """(n,) m/s over the table at each tick; NaN where the object is not known well."""
    return np.array([np.nan if (row := _state(rows, key)) is None else _speed(row) for rows in signals.objects])


def motion_start(signals: Signals, key: str) -> int:
    """The tick at which an object begins to move; the first, where it does not."""
    moving = speeds(signals, key) > MOVING
    running = np.convolve(moving, np.ones(RUNNING), "valid") == RUNNING
    return int(np.argmax(running)) if running.any() else 0


def scene_at_motion(things: Sequence[Thing], signals: Signals) -> tuple[Present, ...]:
    """All things of an episode when its first target began to move."""
    target = next((thing.key for thing in things if thing.role == "target"), None)
    start = 0 if target is None else motion_start(signals, target)
    window = signals.objects[start : start + SETTLED]
    return tuple(_present(thing, window) for thing in things)


def _present(thing: Thing, window: Sequence[Row]) -> Present:
    states = [state for rows in window if (state := _state(rows, thing.key)) is not None]
    position = np.array(states[0]["pose"][:3]) if states else None
    velocity = np.median([state["velocity"] for state in states], axis=0) if states else None
    words = thing.words or (thing.name.replace("_", " "),)
    return Present(thing.key, thing.role, words, thing.colour, _extent(thing), position, velocity)


def _extent(thing: Thing) -> Vector | None:
    """(3,) sides, m: what was recorded goes before the catalogue."""
    return extent_of(thing.name) if thing.extent is None else np.array(thing.extent)


@lru_cache(maxsize=256)
def extent_of(name: str) -> Vector | None:
    """(3,) sides of an object of the catalogue, m; `None` where the catalogue does not have it."""
    try:
        return load(name).extent
    except DynacollectError:
        return None


def _state(rows: Row, key: str) -> Row | None:
    state = rows.get(key)
    return state if state is not None and state["health"] >= HEALTHY else None


def _speed(state: Row) -> float:
    return float(np.hypot(*state["velocity"][:2]))
