"""The first flange poses, while nothing is known: around one from which a camera sees the board.

`allowed` is the caller's say on reach, collisions and the safety box; what it refuses is never proposed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ..handeye import turning

Allowed = Callable[[RigidTransform], bool]
Poses = list[RigidTransform]

LEAST_SECOND_TURN = np.deg2rad(8.0)
"""RMS turn about a second axis that the first poses have, at least."""
CHOICE, DRAWS = 10, 40
"""Allowed poses for each one asked for, and poses drawn for it at most before the choice must do with fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """How far the first poses go from where the board is shown."""

    pivot: Vector
    """(3,) in the flange frame [m]: the point that stays in its place while the flange turns. The middle of a held
    board; or the point that a wrist camera looks at."""
    turn_rad: float = float(np.deg2rad(35.0))
    box_m: tuple[float, float, float] = (0.08, 0.08, 0.08)
    """The pivot's shift to either side, along the base's axes."""


def first_poses(start: RigidTransform, around: Around, allowed: Allowed, count: int, rng: np.random.Generator) -> Poses:
    """The pose given, and others around it, each as unlike those before it as can be."""
    poses = RigidTransform.concatenate([start, *_drawn(start, around, allowed, count, rng)])
    picked = _farthest(_places(poses, start, around), count)
    found = poses[picked]
    second = float(turning(found)[1]) if len(picked) > 2 else 0.0
    if second < LEAST_SECOND_TURN:
        raise DynacollectError(
            f"From this pose the arm can hardly turn about two axes ({np.rad2deg(second):.0f} deg about the second):"
            " show the board at a place with more room for the arm."
        )
    return [found[row] for row in range(len(picked))]


def _near(start: RigidTransform, around: Around, rng: np.random.Generator) -> RigidTransform:
    """Turned about any axis, evenly over the ball of rotation vectors, and shifted."""
    axis = rng.normal(size=3)
    turn = Rotation.from_rotvec(around.turn_rad * np.cbrt(rng.random()) * axis / np.linalg.norm(axis))
    moved = start.apply(around.pivot) + rng.uniform(-1, 1, 3) * around.box_m
    rotation = turn * start.rotation
    return RigidTransform.from_components(moved - rotation.apply(around.pivot), rotation)


def _places(poses: RigidTransform, start: RigidTransform, around: Around) -> Vector:
    """(n, 6): turns and shifts of the pivot in units of how far they may go; turns weigh twice."""
    turns = (poses.rotation * start.rotation.inv()).as_rotvec() / around.turn_rad
    shifts = (poses.apply(around.pivot) - start.apply(around.pivot)) / (2 * np.sqrt(3) * np.array(around.box_m))
    return np.column_stack([turns, shifts])


def _farthest(places: Vector, count: int) -> list[int]:
    """The first, then always the one that is farthest from all picked."""
    picked, apart = [0], np.linalg.norm(places - places[0], axis=1)
    while len(picked) < min(count, len(places)):
        picked.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.linalg.norm(places - places[picked[-1]], axis=1))
    return picked


def _drawn(start: RigidTransform, around: Around, allowed: Allowed, count: int, rng: np.random.Generator) -> Poses:
    out: Poses = []
    for _ in range(DRAWS * count):
        if len(out) == CHOICE * count:
            break
        pose = _near(start, around, rng)
        if allowed(pose):
            out.append(pose)
    return out
