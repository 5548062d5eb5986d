"""How a thing turned given all measurements of its orientation, and what rolling on its way would mean.

It is linear about orientations that are known roughly. Changes of spin have heavy tails, and so has the difference
from rolling: what slides is not made to roll.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from .alike import Alike
from .rts import Seen, Smooth, Steps, fitted
from .smooth_place import RARE
from .spin_math import back, matrix_of, times, turn_by, vector_of
from .turning import CREEP, FRESH, JOLT, SLIP

PASSES = 2
CALM = 0.1
"""Change of the spin in a step in which nothing happens, rad/s, one sigma."""
TAIL = 3.0
"""Degrees of freedom of the changes."""
ROLLS_TO = 0.5
"""How well even slow rolling is known, rad/s."""
_TURN, _SPIN = np.eye(3, 6), np.eye(3, 6, 3)
_THREE = np.arange(3)


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Orientations (n, 4), spins (n, 3) and the covariances (n, 6, 6) of both."""

    turn: Vector
    spin: Vector
    covariance: Vector


def smooth_turns(
    gaps: Vector, rough: Vector, seen: Sequence[Sequence[tuple[Vector, Vector]]], alike: Alike, rolling: Vector | None
) -> Turns:
    """From rough orientations (n, 4), measured ones with variances at each time, and spins (n, 3) if it rolls."""
    found = _smooth_about(gaps, rough, seen, alike, rolling)
    for _ in range(PASSES - 1):
        rough = times(turn_by(found.mean[:, :3]), rough)
        found = _smooth_about(gaps, rough, seen, alike, rolling)
    return Turns(times(turn_by(found.mean[:, :3]), rough), found.mean[:, 3:], found.covariance)


def _smooth_about(
    gaps: Vector, rough: Vector, seen: Sequence[Sequence[tuple[Vector, Vector]]], alike: Alike, rolling: Vector | None
) -> Smooth:
    """Rotation vectors from the rough orientations to the true ones, and spins."""
    steps = _steps(gaps, vector_of(times(rough[1:], back(rough[:-1]))))
    off = [[alike.off(turn, R, at[None])[:2] for turn, R in measured] for measured, at in zip(seen, rough, strict=True)]
    told = [[Seen(z[0], R.reshape(-1, 3, 3)[0], _TURN) for z, R in measured] for measured in off]
    if rolling is not None:
        for measured, spin in zip(told, rolling, strict=True):
            measured.append(Seen(spin, (SLIP**2 * float(spin @ spin) + ROLLS_TO**2) * np.eye(3), _SPIN))
    change = np.array([[[dt * dt / 3, dt / 2], [dt / 2, 1.0]] for dt in gaps]).reshape(-1, 2, 2)

    def spread(size: Vector) -> Vector:
        return np.einsum("kab,k,ij->kaibj", change, size, np.eye(3)).reshape(-1, 6, 6)

    return fitted(steps, told, np.full(len(gaps), RARE * JOLT**2), spread, _sizes)


def _sizes(noise: Vector) -> Vector:
    """(steps,): variance of the changes of spin."""
    return (TAIL * CALM**2 + np.trace(noise[:, 3:, 3:], axis1=1, axis2=2)) / (TAIL + 3.0)


def _steps(gaps: Vector, by: Vector) -> Steps:
    """What becomes of an error of orientation, and of the spin, while the rough orientation turns `by` (n - 1, 3)."""
    E = matrix_of(turn_by(by))
    F = np.zeros((len(gaps), 6, 6))
    F[:, :3, :3], F[:, 3:, 3:] = E, np.eye(3)
    F[:, :3, 3:] = 0.5 * gaps[:, None, None] * (E + np.eye(3))
    calm = np.zeros((len(gaps), 6, 6))
    calm[:, _THREE, _THREE] = CREEP**2 * gaps[:, None]
    start = (np.zeros(6), np.diag(np.repeat([np.pi**2, FRESH**2], 3)))
    return Steps(start, F, calm, np.hstack([-by, np.zeros_like(by)]))
