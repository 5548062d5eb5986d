"""Which of the poses that look alike a measurement means, and what of its turn it cannot know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from ...rig.objects import Symmetry
from .spin_math import back, matrix_of, times, vector_of

UNSEEN = 0.5
"""A turn about the axis of symmetry that is less certain than this (rad, one sigma) was not seen."""
NOTHING = 100.0
"""Variance of what a measurement does not know, rad2."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """The symmetry of an object, ready for turns in many: those that look like no turn at all, and the axis."""

    turns: Vector
    """(s, 4), the identity first."""
    axis: Vector | None
    """(3,) in the object frame, for what looks the same turned about it."""
    sphere: bool

    @classmethod
    def of(cls, symmetry: Symmetry) -> Alike:
        turns = [np.array([0.0, 0.0, 0.0, 1.0]), *(turn.as_quat() for turn in symmetry.rotations)]
        if symmetry.kind != "axis" or symmetry.axis is None:
            return cls(np.array(turns), None, symmetry.kind == "sphere")
        axis = np.asarray(symmetry.axis, dtype=float)
        if symmetry.flip:
            across = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
            turns.append(np.append(across / np.linalg.norm(across), 0.0))
        return cls(np.array(turns), axis, False)

    @property
    def all_round(self) -> bool:
        """Whether some turns cannot be seen at all."""
        return self.sphere or self.axis is not None

    def off(self, measured: Vector, noise: Vector, foreseen: Vector) -> tuple[Vector, Vector, int]:
        """How far (p, 3) a measured turn (4,), in the sense that is nearest, is from those foreseen (p, 4).

        With it the variance, (3, 3) or (p, 3, 3), and in how many directions it was seen at all.
        """
        if self.sphere and np.trace(noise) > 3 * UNSEEN**2:
            return np.zeros((len(foreseen), 3)), noise + NOTHING * np.eye(3), 0
        between = times(back(foreseen)[:, None], times(measured, self.turns))
        if self.axis is None:
            return self._nearest(between, foreseen), noise, 3
        axis = matrix_of(measured) @ self.axis
        if axis @ noise @ axis < UNSEEN**2:
            return self._nearest(between, foreseen), noise, 3
        off = self._nearest(_untwisted(between, self.axis), foreseen)
        across = np.eye(3) - axis[:, None] * axis
        about = matrix_of(foreseen) @ self.axis
        return off, across @ noise @ across + NOTHING * about[:, :, None] * about[:, None, :], 2

    def _nearest(self, between: Vector, foreseen: Vector) -> Vector:
        """(p, 3) in the base frame, the smallest of turns (p, s, 4) in the object's."""
        best = np.argmax(np.abs(between[..., 3]), axis=1)
        nearest = vector_of(between[np.arange(len(foreseen)), best])
        return (matrix_of(foreseen) @ nearest[..., None])[..., 0]


def _untwisted(between: Vector, axis: Vector) -> Vector:
    """Turns (..., 4) without their last part about the axis."""
    half = np.arctan2(-(between[..., :3] @ axis), between[..., 3])
    twist = np.concatenate([np.sin(half)[..., None] * axis, np.cos(half)[..., None]], axis=-1)
    return times(between, twist)
