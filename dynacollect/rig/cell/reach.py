"""Where on the table an arm can work, and which ways lead through there."""

from __future__ import annotations

import numpy as np

from ..arms.model import ArmModel
from ..nouns import Vector

CATCH_S = (1.4, 0.6)
"""An object leaves the reachable table no sooner after its start, and is on it no shorter, s."""


def reachable(arm: ArmModel, point: Vector) -> bool:
    """Whether the hand can work on this point of the table with room to spare."""
    radius = float(np.hypot(point[0], point[1]))
    return 0.45 * arm.reach <= radius <= 0.78 * arm.reach and point[0] > 0.28 * arm.reach


def catchable(arm: ArmModel, start: Vector, way: Vector, speed: float) -> bool:
    """Whether a person would have aimed so: the object is within the arm's reach for a while, and not at once gone."""
    times = np.arange(0.0, 4.0, 0.05)
    places = start + times[:, None] * speed * way
    radius = np.hypot(places[:, 0], places[:, 1])
    low, high = 0.40 * arm.reach, 0.88 * arm.reach
    near = (
        (radius > low) & (radius < high) & (places[:, 0] > 0.27 * arm.reach) & (np.abs(places[:, 1]) < 0.6 * arm.reach)
    )
    return bool(near.any()) and bool(times[near][-1] > CATCH_S[0]) and 0.05 * int(near.sum()) > CATCH_S[1]
