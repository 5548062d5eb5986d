"""What a calibration expects of a picture not yet taken: which corners it would show, where, and what they tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import Vector
from ..adjust import Noise, Weighing, normal_equations
from ..lens import project
from ..model import CAMERA, POSE, Problem, Unknowns, linearised
from ..result import Calibration
from ..sightings import Mounting, Sighting
from .aspect import lens_of

STEEPEST = np.deg2rad(65.0)
"""Between a board's normal and the line of sight; beyond it corners are not found well."""
RIM_PX = 6.0
"""Corners nearer to the picture's rim are not found."""
LEAST_SIDE_PX = 14.0
"""Between neighbouring corners, for markers to be read."""
LEAST_SEEN = 0.3
"""Of the board's corners."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Where corners are expected, and how sure that is."""

    pixels: Vector
    """(n, 2)."""
    sigma_px: float
    """Of all of them moving together, in the direction that is least sure."""


def cameras_of(calibration: Calibration, mounting: Mounting) -> list[str]:
    """Those that look at the board of that mounting."""
    role = "fixed" if mounting == "held" else "wrist"
    return [name for name, camera in calibration.cameras.items() if camera.role == role]


def noise_of(calibration: Calibration) -> Noise:
    """What corners and robot poses were found to be off by."""
    quality = calibration.quality
    return Noise(quality.corner_sigma_px, float(np.deg2rad(quality.robot_sigma_deg)), 1e-3 * quality.robot_sigma_mm)


def visible(calibration: Calibration, points: Vector, mounting: Mounting, poses: RigidTransform) -> np.ndarray:
    """(cameras of that mounting, poses, corners) true where a camera would find the corner."""
    board = calibration.boards[mounting].pose
    out = []
    for name in cameras_of(calibration, mounting):
        camera = calibration.cameras[name]
        motion = camera.pose.inv() * (poses if mounting == "held" else poses.inv()) * board
        size = np.array(camera.size, float)
        out.append(_found(motion.as_matrix(), points, lens_of(name, camera.size, calibration), size))
    return np.array(out)


def _found(T_camera_board: Vector, points: Vector, lens: Vector, size: Vector) -> np.ndarray:
    """(poses, corners): inside the picture, in front, unfolded by the lens, large enough and not too steep."""
    R, t = T_camera_board[:, :3, :3], T_camera_board[:, :3, 3]
    local = points @ np.swapaxes(R, 1, 2) + t[:, None]
    pixels = project(local.reshape(-1, 3), lens)[0].reshape(*local.shape[:2], 2)
    inside = (local[..., 2] > 0) & ((pixels > RIM_PX) & (pixels < size - 1 - RIM_PX)).all(axis=2)
    r2 = (local[..., :2] ** 2).sum(axis=2) / np.maximum(local[..., 2], 1e-6) ** 2
    k1, k2, k3 = lens[[4, 5, 8]]
    inside &= 1 + r2 * (3 * k1 + r2 * (5 * k2 + r2 * 7 * k3)) > 0
    middle = local.mean(axis=1)
    facing = np.einsum("fi,fi->f", R[:, :, 2], middle) / np.linalg.norm(middle, axis=1)
    gap = np.linalg.norm(points[1:] - points[0], axis=1).min()
    large = lens[0] * gap * np.cos(STEEPEST / 2) / np.maximum(middle[:, 2], 1e-6) > LEAST_SIDE_PX
    inside &= ((facing > np.cos(STEEPEST)) & large)[:, None]
    return inside & (inside.mean(axis=1) >= LEAST_SEEN)[:, None]


def information(
    calibration: Calibration, points: Vector, mounting: Mounting, poses: RigidTransform, seen: np.ndarray
) -> Vector:
    """(poses, g, g): what a picture of each camera at each pose would add to the cameras, boards and the scale.

    The robot's pose there is known as well as any; it is eliminated. `seen` is as `visible` has it.
    """
    problem, unknowns = _planned(calibration, points, mounting, poses, seen)
    keep = np.ones(len(problem.pixels), bool)
    return normal_equations(problem, unknowns, Weighing(noise_of(calibration), keep)).reduced()


def predicted_corners(
    calibration: Calibration, points: Vector, sighting: Sighting, T_base_flange: RigidTransform
) -> Predicted:
    """Of the corners that a sighting has, from where the robot is."""
    cameras = cameras_of(calibration, sighting.mounting)
    seen = np.zeros((len(cameras), 1, len(points)), bool)
    seen[cameras.index(sighting.camera), 0, sighting.ids.astype(int)] = True
    poses = RigidTransform.concatenate([T_base_flange])
    problem, unknowns = _planned(calibration, points, sighting.mounting, poses, seen)
    pixels, slopes = linearised(problem, unknowns)
    mean = slopes.mean(axis=0)
    columns = shared_columns(calibration, sighting.mounting, [sighting.camera])
    shared = calibration.covariance[np.ix_(columns, columns)]
    spread = mean[:, : len(columns)] @ shared @ mean[:, : len(columns)].T
    spread += mean[:, -POSE:] * noise_of(calibration).frame_sigmas() ** 2 @ mean[:, -POSE:].T
    order = np.argsort(np.argsort(sighting.ids))
    return Predicted(pixels[order], float(np.sqrt(np.linalg.eigvalsh(spread)[-1])))


def _planned(
    calibration: Calibration, points: Vector, mounting: Mounting, poses: RigidTransform, seen: np.ndarray
) -> tuple[Problem, Unknowns]:
    """The solver's tables of pictures not yet taken; pixels are zero, so residuals are where corners would be."""
    names, boards = list(calibration.cameras), list(calibration.boards)
    mine = [names.index(name) for name in cameras_of(calibration, mounting)]
    camera, frame = np.nonzero(seen.any(axis=2))
    views = np.column_stack([np.array(mine)[camera], np.full(len(camera), boards.index(mounting)), frame])
    view, ids = np.nonzero(seen[camera, frame])
    problem = Problem(
        tuple(names),
        tuple(boards),
        points,
        poses,
        tuple((mounting, number) for number in range(len(poses))),
        views,
        view,
        ids,
        np.zeros((len(ids), 2)),
        calibration.board_scale_std > 0,
    )
    return problem, _unknowns(calibration, poses)


def _unknowns(calibration: Calibration, poses: RigidTransform) -> Unknowns:
    cameras = calibration.cameras
    return Unknowns(
        np.array([lens_of(name, camera.size, calibration) for name, camera in cameras.items()]),
        RigidTransform.concatenate([camera.pose for camera in cameras.values()]),
        RigidTransform.concatenate([board.pose for board in calibration.boards.values()]),
        poses,
        calibration.board_scale,
    )


def shared_columns(
    calibration: Calibration, mounting: Mounting, cameras: Sequence[str] | None = None, *, planned: bool = False
) -> np.ndarray:
    """Where cameras and the board of a mounting, and the scale, stand in the covariance; or in tables of planned views.

    They differ where a board slipped: the covariance has one board more.
    """
    names, boards = list(calibration.cameras), list(calibration.boards)
    mine = cameras_of(calibration, mounting) if cameras is None else cameras
    starts = [CAMERA * names.index(name) for name in mine]
    first = CAMERA * len(names)
    board = first + POSE * boards.index(mounting) if planned else calibration.boards[mounting].column
    ends = [placed.column + POSE for placed in calibration.boards.values()]
    scale = first + POSE * len(boards) if planned else max(ends)
    columns = [column for start in starts for column in range(start, start + CAMERA)]
    columns += range(board, board + POSE)
    return np.array(columns + [scale] * (calibration.board_scale_std > 0))
