"""Several cameras' poses of one object made into one, by their covariances.

Each camera may have settled on another of the poses that look alike, and may be wrong altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...rig.nouns import PoseEstimate, Vector
from ...rig.objects.model import Symmetry
from ...rig.pose import pose_of, turn_of
from ..kalman.alike import Alike
from ..kalman.spin_math import matrix_of, times, turn_by
from ..kalman.spin_math import turn_of as quaternion_of

FAR = 22.5
"""Squared sigmas between two poses, of six degrees of freedom, beyond which both cannot be right (1 in 1000)."""
ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """One pose of several."""

    estimate: PoseEstimate
    used: tuple[int, ...]
    """Which of them it was made of."""


def fuse(estimates: Sequence[PoseEstimate], symmetry: Symmetry) -> Fused:
    """Of one object at one time. The first is believed: another that contradicts it is left out."""
    alike, first = Alike.of(symmetry), estimates[0]
    place, turn = _parts(first)
    used = (0, *(k for k, one in enumerate(estimates[1:], 1) if _distance(first, one, alike) <= FAR))
    information, misfit = np.eye(6), 0.0
    for _ in range(ROUNDS):
        information, sums, misfit = np.zeros((6, 6)), np.zeros(6), 0.0
        for index in used:
            off, covariance = _off(estimates[index], place, turn, alike)
            weight = np.linalg.inv(covariance)
            information, sums = information + weight, sums + weight @ off
            misfit += float(off @ weight @ off)
        step: Vector = np.asarray(np.linalg.solve(information, sums), float)
        place, turn = place + step[:3], times(turn_by(step[3:]), turn)
    # What cameras differ by more than they should is as uncertain in the mean.
    scale = max(1.0, misfit / (6 * (len(used) - 1))) if len(used) > 1 else 1.0
    covariance = scale * np.asarray(np.linalg.inv(information), float)
    health = max(estimates[index].health for index in used)
    pose = pose_of(place, matrix_of(turn / np.linalg.norm(turn)))
    return Fused(replace(first, T_base_object=pose, covariance=covariance, health=health), used)


def _distance(first: PoseEstimate, other: PoseEstimate, alike: Alike) -> float:
    """Squared sigmas."""
    off, covariance = _off(other, *_parts(first), alike)
    return float(off @ np.linalg.solve(covariance + first.covariance, off))


def _off(estimate: PoseEstimate, place: Vector, turn: Vector, alike: Alike) -> tuple[Vector, Vector]:
    """How far (6,) an estimate is from a pose, in the sense that is nearest, and its covariance (6, 6)."""
    noise = np.asarray(estimate.covariance)
    there, measured = _parts(estimate)
    turned, turn_noise, _ = alike.off(measured, noise[3:, 3:], turn[None])
    covariance = noise.copy()
    covariance[3:, 3:] = np.reshape(turn_noise, (3, 3))
    return np.concatenate([there - place, turned[0]]), covariance


def _parts(estimate: PoseEstimate) -> tuple[Vector, Vector]:
    """Place (3,), and turn (4,) as a quaternion."""
    return np.array(estimate.T_base_object.translation, float), quaternion_of(turn_of(estimate.T_base_object))
