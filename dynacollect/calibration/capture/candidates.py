"""Flange poses all over the workspace from which cameras would see the board, once they are roughly calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.nouns import Vector
from ..result import Calibration, SolvedCamera
from ..sightings import Mounting
from .expected import cameras_of, visible
from .first_poses import Allowed, Poses

BATCH, BATCHES = 4, 6
"""Poses drawn at once for each one asked for, and how often before fewer must do."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which poses of a board before a camera are worth trying."""

    box: tuple[Vector, Vector] | None = None
    """Low and high corner that the middle of a held board keeps to, base frame [m]; without, what a camera sees."""
    steepest_rad: float = float(np.deg2rad(55.0))
    roll_rad: float = float(np.pi)
    """To either side."""
    shares: tuple[float, float] = (0.25, 1.2)
    """Of the picture's width that the board fills: far and near; for a board that has no box."""
    apart_rad: float = float(np.deg2rad(6.0))
    apart_m: float = 0.03
    """Nearer than both to a pose that was tried, a pose is not tried again."""


def candidates(
    calibration: Calibration,
    points: Vector,
    mounting: Mounting,
    reach: Reach,
    allowed: Allowed,
    count: int,
    rng: np.random.Generator,
    tried: Sequence[RigidTransform] = (),
) -> Poses:
    """Up to `count` allowed poses from which some camera would see the board, away from those `tried` before."""
    out: Poses = []
    for _ in range(BATCHES):
        poses = _drawn(calibration, points, mounting, reach, BATCH * count, rng)
        shown = visible(calibration, points, mounting, poses).any(axis=(0, 2)) & _apart(poses, tried, reach)
        for row in rng.permutation(np.flatnonzero(shown)).tolist():
            if allowed(poses[row]):
                out.append(poses[row])
            if len(out) == count:
                return out
    return out


def _drawn(
    calibration: Calibration, points: Vector, mounting: Mounting, reach: Reach, count: int, rng: np.random.Generator
) -> RigidTransform:
    """Flange poses that show the board to each camera in turn."""
    board, names = calibration.boards[mounting].pose, cameras_of(calibration, mounting)
    out = []
    for name in names:
        camera = calibration.cameras[name]
        boxed = reach.box if mounting == "held" else None
        middles = _middles(camera, points, reach, boxed, -(-count // len(names)), rng)
        T_camera_board = _facing(middles, points, reach, rng)
        if mounting == "held":
            out.append(camera.pose * T_camera_board * board.inv())
        else:
            out.append(board * T_camera_board.inv() * camera.pose.inv())
    return RigidTransform.concatenate(out)


def _middles(
    camera: SolvedCamera,
    points: Vector,
    reach: Reach,
    box: tuple[Vector, Vector] | None,
    count: int,
    rng: np.random.Generator,
) -> Vector:
    """(n, 3) in the camera's frame: anywhere in the box, or anywhere in the picture, near and far."""
    if box is not None:
        return camera.pose.inv().apply(rng.uniform(box[0], box[1], (count, 3)))
    rays = camera.model().unproject(rng.uniform(0, 1, (count, 2)) * camera.size)
    wide = float(np.ptp(points, axis=0).max())
    shares = np.exp(rng.uniform(np.log(reach.shares[0]), np.log(reach.shares[1]), (count, 1)))
    return rays * camera.K[0, 0] * wide / (camera.size[0] * shares)


def _facing(middles: Vector, points: Vector, reach: Reach, rng: np.random.Generator) -> RigidTransform:
    """T_camera_board: facing the camera, then leaning any way and turned as it may be."""
    count = len(middles)
    across = np.hypot(middles[:, 0], middles[:, 1])
    axes = np.column_stack([-middles[:, 1], middles[:, 0], np.zeros(count)]) / np.maximum(across, 1e-9)[:, None]
    ahead = Rotation.from_rotvec(axes * np.arctan2(across, middles[:, 2])[:, None])
    way, leaning = rng.uniform(-np.pi, np.pi, count), reach.steepest_rad * np.sqrt(rng.random(count))
    lean = Rotation.from_rotvec(leaning[:, None] * np.column_stack([np.cos(way), np.sin(way), np.zeros(count)]))
    rolls = rng.uniform(-reach.roll_rad, reach.roll_rad, count)
    turned = ahead * lean * Rotation.from_rotvec(rolls[:, None] * [0, 0, 1.0])
    return RigidTransform.from_components(middles - turned.apply(points.mean(axis=0)), turned)


def _apart(poses: RigidTransform, tried: Sequence[RigidTransform], reach: Reach) -> np.ndarray:
    """(n,) true where no pose tried is near."""
    out = np.ones(len(poses), bool)
    for other in tried:
        apart = other.inv() * poses
        near = np.linalg.norm(apart.translation, axis=1) < reach.apart_m
        out &= ~(near & (apart.rotation.magnitude() < reach.apart_rad))
    return out
