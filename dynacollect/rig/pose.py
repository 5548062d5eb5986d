"""Poses made cheaply: a RigidTransform of parts that are known to be sound, in a fifth of the time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import RigidTransform


def pose_of(place: ArrayLike, turn: NDArray[np.float64]) -> RigidTransform:
    """At a place (3,), turned as a rotation matrix (3, 3) says; the matrix is taken as it is."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, place
    return RigidTransform(matrix, normalize=False)


def turn_of(pose: RigidTransform) -> NDArray[np.float64]:
    """The rotation matrix (3, 3) of a pose."""
    return pose.as_matrix()[:3, :3]
