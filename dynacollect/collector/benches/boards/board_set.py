"""Whole calibration sets: three cameras, a robot that is a little off, and what is true of every picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ....calibration.boards import Charuco
from ....calibration.sightings import CalibrationData, Mounting, RobotPose, Sighting
from ....rig.camera_model import look_at
from ....rig.nouns import Vector
from .camera import PlacedCamera, moved

BOARD = Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
FRAMES: Mapping[Mounting, int] = {"held": 30, "table": 28}
TABLE = np.array([0.5, 0.0, 0.05])
WORKSPACE = np.array([0.3, -0.2, 0.0]), np.array([0.7, 0.2, 0.2])
"""Low and high corner of the volume over the table."""
ROBOT_NOISE = np.repeat([np.deg2rad(0.05), 0.0002], 3)
CORNER_SIGMA_PX = 0.04
LEAST_CORNERS = 6
RIM_PX = 5.0
STEEPEST = np.deg2rad(68)
OCCLUDED, SWUNG, CORRUPTED = 0.2, 0.15, 0.05
"""Shares of pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture's truth."""

    camera: str
    mounting: Mounting
    frame: int
    T_camera_board: RigidTransform
    ids: NDArray[np.int64]
    """(n,): the corners in sight."""
    pixels: Vector
    """(n, 2): exactly where they are."""
    blur_px: float
    swing: Vector
    """(3,): how far the board moves in the camera's frame while the shutter is open [m]."""
    cover: Vector
    """(3,): column, row and radius of what stands before the board [px]; no radius where nothing does."""
    torn: tuple[int, int] | None = None
    """A damaged picture: from this row on, it is shifted sideways by so many pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class BoardSet:
    """A set and what is true of it."""

    cameras: Mapping[str, PlacedCamera]
    boards: Mapping[Mounting, RigidTransform]
    """T_flange_board of the held board, T_base_board of the one on the table."""
    frames: Mapping[tuple[Mounting, int], RigidTransform]
    """T_base_flange."""
    poses: tuple[RobotPose, ...]
    """As the robot tells them."""
    views: tuple[View, ...]
    spoilt: frozenset[tuple[Mounting, int]]
    """Corrupted frames."""
    seed: int

    def data(self, sigma: float = CORNER_SIGMA_PX) -> CalibrationData:
        """Corners with noise, without pictures."""
        rng = np.random.default_rng([self.seed, 1])
        seen = [
            Sighting(
                view.camera,
                view.mounting,
                view.frame,
                view.ids.astype(np.float64),
                torn(view, view.pixels) + sigma * rng.normal(size=view.pixels.shape),
            )
            for view in self.views
        ]
        return CalibrationData(
            BOARD.points, tuple(seen), self.poses, {name: c.size for name, c in self.cameras.items()}
        )


def torn(view: View, pixels: Vector) -> Vector:
    """Where the damaged picture shows these pixels."""
    if view.torn is None:
        return pixels
    row, shift = view.torn
    return pixels + np.outer(pixels[:, 1] >= row, [shift, 0])


def camera_to_board(camera: PlacedCamera, flange: RigidTransform, board: RigidTransform) -> RigidTransform:
    """T_camera_board, for both mountings."""
    return camera.place.inv() * (flange.inv() if camera.wrist else flange) * board


def draw_set(
    seed: int, size: tuple[int, int] = (480, 360), *, times: int = 1, corrupt: bool = False, robot: float = 1.0
) -> BoardSet:
    """Another rig and other poses for every seed; so many times the usual frames; `robot` scales its poses' noise."""
    rng = np.random.default_rng([seed, 0])
    cameras = {camera.name: camera for camera in _cameras(rng, size)}
    centre = RigidTransform.from_translation(-BOARD.points.mean(axis=0))
    boards: dict[Mounting, RigidTransform] = {
        "held": _pose(np.array([0.01, -0.02, 0.08]), rng.normal(0, 3, 3)) * centre,
        "table": _pose(TABLE, np.array([180, 0, 40]) + rng.normal(0, [1, 1, 20])) * centre,
    }
    true, poses, views, spoilt = {}, list[RobotPose](), list[View](), set[tuple[Mounting, int]]()
    for mounting in boards:
        for frame in range(times * FRAMES[mounting]):
            flange = _held(rng) if mounting == "held" else _over(rng, cameras["wrist"])
            told = moved(flange, robot * ROBOT_NOISE * rng.normal(size=6))
            damage = rng.choice(["pose", "bump", "torn"]) if corrupt and rng.random() < CORRUPTED else ""
            if damage:
                spoilt.add((mounting, frame))
            if damage == "pose":
                told = moved(told, _jolt(rng))
            board = moved(boards[mounting], _jolt(rng)) if damage == "bump" else boards[mounting]
            true[mounting, frame] = flange
            poses.append(RobotPose(mounting, frame, told))
            for camera in cameras.values():
                if camera.wrist == (mounting == "table"):
                    view = _view(rng, camera, mounting, frame, camera_to_board(camera, flange, board))
                    if view is not None:
                        views.append(_damaged(rng, view, size) if damage == "torn" else view)
    return BoardSet(cameras, boards, true, tuple(poses), tuple(views), frozenset(spoilt), seed)


def _pose(position: Vector, degrees: Vector) -> RigidTransform:
    return RigidTransform.from_components(position, Rotation.from_euler("xyz", degrees, degrees=True))


def _cameras(rng: np.random.Generator, size: tuple[int, int]) -> list[PlacedCamera]:
    """Two that look at the table from the front and the side, one on the flange."""
    above = TABLE + np.array([0, 0, 0.1])
    front, side = (look_at(place + rng.normal(0, 0.03, 3), above) for place in ([1.35, 0.05, 0.55], [0.52, 0.9, 0.5]))
    wrist = _pose(np.array([0.06, 0.01, 0.05]), np.array([-12, 8, 91]) + rng.normal(0, 2, 3))
    return [
        PlacedCamera(name, size, _lens(rng, focal, size), place, name == "wrist")
        for name, focal, place in (("front", 402.0, front), ("side", 415.0, side), ("wrist", 388.0, wrist))
    ]


def _lens(rng: np.random.Generator, focal: float, size: tuple[int, int]) -> Vector:
    """The same field of view across for every size."""
    focal *= size[0] / 480 * rng.uniform(0.97, 1.03)
    middle = (np.array(size) - 1) / 2 + rng.uniform(-0.015, 0.015, 2) * size[0]
    k1 = rng.uniform(-0.26, -0.15)
    return np.array([focal, focal * rng.uniform(0.997, 1.003), *middle, k1, -0.3 * k1, *rng.normal(0, 5e-4, 2), -0.004])


def _jolt(rng: np.random.Generator) -> Vector:
    """A few degrees and a centimetre or two."""
    directions = rng.normal(size=(2, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([np.deg2rad(rng.uniform(2, 5)) * directions[0], rng.uniform(0.01, 0.03) * directions[1]])


def _held(rng: np.random.Generator) -> RigidTransform:
    """The board's face between the two cameras, tilted every way."""
    facing = Rotation.from_euler("yz", [-105, rng.uniform(30, 60)], degrees=True)
    tilts, about = Rotation.from_rotvec(rng.uniform(-0.45, 0.45, 3)), rng.uniform(-90, 90)
    place = TABLE + [0, 0, 0.1] + rng.uniform(-1, 1, 3) * [0.2, 0.2, 0.14]
    return RigidTransform.from_components(place, tilts * facing * Rotation.from_euler("z", about, degrees=True))


def _over(rng: np.random.Generator, wrist: PlacedCamera) -> RigidTransform:
    """The wrist camera over the board, looking near its middle."""
    above = TABLE + [1e-3, 0, 0.45] + rng.uniform(-1, 1, 3) * [0.25, 0.25, 0.12]
    seen = look_at(above, TABLE + rng.uniform(-1, 1, 3) * [0.06, 0.06, 0])
    return seen * _pose(np.zeros(3), np.array([0, 0, rng.uniform(-50, 50)])) * wrist.place.inv()


def _view(
    rng: np.random.Generator, camera: PlacedCamera, mounting: Mounting, frame: int, pose: RigidTransform
) -> View | None:
    """None where too little of the board is in sight."""
    local = pose.apply(BOARD.points)
    pixels, size = camera.pixels(local), np.array(camera.size)
    reach = float(np.ptp(pixels, axis=0).max())
    radius = rng.uniform(0.15, 0.35) * reach if rng.random() < OCCLUDED else 0.0
    cover = np.array([*rng.uniform(pixels.min(axis=0), pixels.max(axis=0)), radius])
    swings = rng.random() < SWUNG
    swing = np.append(rng.uniform(-1, 1, 2), 0) * 3.0 * float(local[:, 2].mean()) / 400.0 * swings
    blur = rng.uniform(0.5, 0.9)
    inside = (np.minimum(pixels, size - 1 - pixels) > RIM_PX).all(axis=1)
    inside &= np.linalg.norm(pixels - cover[:2], axis=1) > cover[2] + RIM_PX
    middle, normal = local.mean(axis=0), pose.rotation.apply([0, 0, 1.0])
    if normal @ middle < np.cos(STEEPEST) * np.linalg.norm(middle) or inside.sum() < LEAST_CORNERS:
        return None
    ids = np.flatnonzero(inside)
    return View(camera.name, mounting, frame, pose, ids, pixels[ids], blur, swing, cover)


def _damaged(rng: np.random.Generator, view: View, size: tuple[int, int]) -> View:
    row = round(float(np.percentile(view.pixels[:, 1], rng.uniform(20, 80))))
    return replace(view, torn=(row, int(rng.integers(4, 16)) * size[0] // 480))
