"""Calibrations drawn at random, with every part that a file can hold."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.boards import AprilGrid, Board, Charuco
from dynacollect.calibration.file import CalibrationFile
from dynacollect.calibration.lens import LENS_NAMES
from dynacollect.calibration.result import (
    Calibration,
    ClockOffset,
    Corners,
    HeldOut,
    PlacedBoard,
    PoseStd,
    Quality,
    Role,
    SolvedCamera,
    ViewReport,
    Workspace,
)
from dynacollect.calibration.sightings import Mounting
from dynacollect.calibration.solved_file import calibration_of

SIZE = (480, 360)
ROLES: dict[str, Role] = {"opst_cam": "fixed", "side_cam": "fixed", "wrist_cam": "wrist"}
SERIALS = {"opst_cam": "CELL-OPST", "side_cam": "CELL-SIDE", "wrist_cam": "CELL-WRIST"}
CREATED = "2026-01-31T12:00:00Z"
CHARUCO = Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
APRIL = AprilGrid(tags_x=6, tags_y=4, tag_m=0.032, spacing=0.3)


def sigma(rng: np.random.Generator, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def pose(rng: np.random.Generator) -> RigidTransform:
    return RigidTransform.from_components(rng.uniform(-1.5, 1.5, 3), Rotation.random(rng=rng))


def pose_std(rng: np.random.Generator) -> PoseStd:
    return PoseStd(
        np.array([sigma(rng, 1e-4, 0.5) for _ in range(3)]), np.array([sigma(rng, 1e-3, 5) for _ in range(3)])
    )


def camera(rng: np.random.Generator, name: str, role: Role) -> SolvedCamera:
    K = np.array([[rng.uniform(200, 900), 0, rng.uniform(200, 280)], [0, rng.uniform(200, 900), 180], [0, 0, 1]])
    stds = {key: sigma(rng, 1e-3, 2) if key in LENS_NAMES[:4] else sigma(rng, 1e-6, 0.1) for key in LENS_NAMES}
    clock = ClockOffset(rng.normal(), sigma(rng, 1e-5, 1e-2)) if rng.random() < 0.5 else None
    distortion = rng.normal(size=5) * [0.2, 0.1, 1e-3, 1e-3, 0.05]
    return SolvedCamera(name, role, SIZE, K, distortion, pose(rng), stds, pose_std(rng), 0.05, clock)


def calibration(seed: int) -> Calibration:
    """Nothing in it fits anything else; only its numbers matter."""
    rng = np.random.default_rng(seed)
    cameras = {name: camera(rng, name, role) for name, role in ROLES.items()}
    boards: dict[Mounting, PlacedBoard] = {
        "held": PlacedBoard(pose(rng), pose_std(rng), 45),
        "table": PlacedBoard(pose(rng), pose_std(rng), 51),
    }
    space = Workspace(np.array([0.3, -0.2, 0.0]), np.array([0.7, 0.2, 0.2]), np.zeros((9, 3)), rng.uniform(0.1, 1, 9))
    quality = Quality(
        sigma(rng, 0.01, 0.2),
        sigma(rng, 0.01, 0.2),
        sigma(rng, 0.1, 2),
        {name: HeldOut(5, 0.3, sigma(rng, 0.1, 2)) for name in cameras},
        space if rng.random() < 0.7 else None,
        ("Take more.", "side_cam: #1, 'near' and: far — by 30°.") if rng.random() < 0.5 else (),
    )
    views = tuple(
        ViewReport(name, "table" if role == "wrist" else "held", frame, 24, 24, 0.05, "why" if frame == 3 else None)
        for name, role in ROLES.items()
        for frame in range(9)
    )
    none = np.zeros((0, 2))
    corners = Corners(np.zeros(0), np.zeros(0), none, none, np.zeros(0, bool))
    scale_std = sigma(rng, 1e-5, 1e-3) if rng.random() < 0.5 else 0.0
    scale = 1 + 3 * scale_std
    return Calibration(cameras, boards, scale, scale_std, {}, views, corners, quality, np.zeros((0, 0)))


def file(seed: int) -> CalibrationFile:
    board: Board = APRIL if seed % 2 else CHARUCO
    return calibration_of(calibration(seed), board, created=CREATED, rig="bench-2", arm="franka-panda", serials=SERIALS)
