"""Poses as the numbers that policies learn: x, y, z and Euler angles."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from .options import Angles

TURN = 2.0 * np.pi
LOWEST = {"dom": np.array([0.0, -np.pi, 0.0]), "signed": np.array([0.0, -np.pi, -np.pi])}
"""Where the full turn of each angle begins; of the second only the half from -pi/2 to pi/2 is used."""
NAMES = ("x", "y", "z", "roll", "pitch", "yaw")


def six(poses: Vector, angles: Angles) -> Vector:
    """(n, 6) from (n, 7) x, y, z and quaternion x, y, z, w: rotations about the base's fixed x, then y, then z."""
    with warnings.catch_warnings():
        # Straight up or down, the first angle takes what the third would have been.
        warnings.filterwarnings("ignore", message="Gimbal lock")
        euler = Rotation.from_quat(poses[:, 3:]).as_euler("xyz")
    return np.hstack([poses[:, :3], within(euler, LOWEST[angles])])


def difference(goal: Vector, start: Vector) -> Vector:
    """(n, 6) of two such poses, each number for itself; angles from -pi to pi."""
    apart = goal - start
    return np.hstack([apart[:, :3], within(apart[:, 3:], -np.pi)])


def within(angles: Vector, lowest: Vector | float) -> Vector:
    """The same directions, within a full turn from the lowest."""
    return lowest + np.mod(angles - lowest, TURN)
