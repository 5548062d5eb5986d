"""The usual way, to compare with: OpenCV solves each lens, then each camera's place, one stage after another."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...calibration.sightings import CalibrationData, Sighting
from ...rig.nouns import Vector
from .boards.camera import PlacedCamera


def staged(data: CalibrationData, *, robot_world: bool) -> dict[str, PlacedCamera]:
    """`calibrateCamera` per camera, then `calibrateHandEye` (PARK) or `calibrateRobotWorldHandEye` (SHAH)."""
    flanges = {(pose.mounting, pose.frame): pose.T_base_flange for pose in data.poses}
    out = {}
    for name in sorted(data.sizes):
        views = [view for view in data.sightings if view.camera == name]
        wrist = views[0].mounting == "table"
        lens, boards = _lens(data, views, data.sizes[name])
        motions = [flanges[view.mounting, view.frame] for view in views]
        motions = motions if wrist else [motion.inv() for motion in motions]
        place = _robot_world(motions, boards) if robot_world else _hand_eye(motions, boards)
        out[name] = PlacedCamera(name, data.sizes[name], lens, place, wrist)
    return out


def _lens(data: CalibrationData, views: list[Sighting], size: tuple[int, int]) -> tuple[Vector, list[RigidTransform]]:
    """The lens, and T_camera_board of every view."""
    points = [data.points[view.ids.astype(int)].astype(np.float32) for view in views]
    pixels = [view.pixels.astype(np.float32) for view in views]
    _, K, bent, turns, shifts = cv2.calibrateCamera(points, pixels, size, np.eye(3), np.zeros(5))
    boards = [_pose(cv2.Rodrigues(turn)[0], shift) for turn, shift in zip(turns, shifts, strict=True)]
    return np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2], *np.ravel(bent)[:5]]), boards


def _hand_eye(motions: list[RigidTransform], boards: list[RigidTransform]) -> RigidTransform:
    R, t = cv2.calibrateHandEye(*_split(motions), *_split(boards), method=cv2.CALIB_HAND_EYE_PARK)
    return _pose(R, t)


def _robot_world(motions: list[RigidTransform], boards: list[RigidTransform]) -> RigidTransform:
    """OpenCV hands back T_gripper_base's counterpart first and T_camera_gripper last."""
    inverse = [motion.inv() for motion in motions]
    _, _, R, t = cv2.calibrateRobotWorldHandEye(
        *_split(boards), *_split(inverse), method=cv2.CALIB_ROBOT_WORLD_HAND_EYE_SHAH
    )
    return _pose(R, t).inv()


def _split(poses: list[RigidTransform]) -> tuple[list[Vector], list[Vector]]:
    return [pose.rotation.as_matrix() for pose in poses], [pose.translation[:, None] for pose in poses]


def _pose(R: np.ndarray, t: np.ndarray) -> RigidTransform:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = R, np.ravel(t)
    return RigidTransform.from_matrix(matrix)
