"""The way of a thing given all measurements of its place.

Changes of motion are rare and sudden: how large each was is found together with the way (noise with heavy tails, by
expectation maximisation), and so is how far each measurement is to be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...rig.nouns import Vector
from .laws import BEND, FRESH, GOES, KNOCK, Law, sudden
from .rts import Seen, Smooth, Steps, fitted

SPACE = Law(axes=3, creep=0.0)
RARE = 0.05
"""At first any step may hold a change of this share of the usual variance."""
CALM = np.array([0.004, 0.1])
"""Changes of velocity (m/s) and acceleration (m/s2) in a step in which nothing happens, one sigma."""
TAIL = 1.0
"""Degrees of freedom of the changes: few are heavy tails."""
TOGETHER = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
"""Which axes a change has in common: it is in the level, or in the height."""
_SEES = np.eye(3, 9)


def smooth_places(times: Vector, seen: Sequence[Sequence[tuple[Vector, Vector]]]) -> Smooth:
    """Places, velocities and accelerations (n, 9) at increasing times, from places (3,) with variances at each time."""
    gaps = np.diff(times)
    F = np.array([SPACE.steps(dt)[GOES] for dt in gaps]).reshape(-1, 9, 9)
    calm = np.array([SPACE.spreads(dt)[GOES] for dt in gaps]).reshape(-1, 9, 9)
    change = np.array([[sudden(1, dt), sudden(2, dt)] for dt in gaps]).reshape(-1, 2, 3, 3)
    first = next(place for measured in seen for place, _ in measured)
    start = (np.concatenate([first, np.zeros(6)]), np.diag(np.repeat([1.0, *np.square(FRESH)], 3)))

    def spread(size: Vector) -> Vector:
        return np.einsum("koab,koi,ij->kaibj", change, size, np.eye(3)).reshape(-1, 9, 9)

    told = [[Seen(place, R, _SEES) for place, R in measured] for measured in seen]
    size = np.full((len(gaps), 2, 3), RARE) * np.square([[KNOCK], [BEND]])
    return fitted(Steps(start, F, calm, np.zeros((len(gaps), 9))), told, size, spread, _sizes)


def _sizes(noise: Vector) -> Vector:
    """(steps, 2, 3): variance of the changes of velocity and acceleration in each step, on each axis."""
    found = np.diagonal(noise, axis1=1, axis2=2)[:, 3:].reshape(-1, 2, 3) @ TOGETHER
    return (TAIL * np.square(CALM)[:, None] + found) / (TAIL + TOGETHER.sum(axis=0))
