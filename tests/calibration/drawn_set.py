"""A folder in the plain layout with pictures drawn from a scene with known truth: distorted lenses, blur and noise."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.boards import board_of, board_text
from dynacollect.calibration.sightings import Sighting
from dynacollect.rig.nouns import Vector

from .drawn_boards import PER_METRE, sheet_of, spoil
from .projector import CENTRE, SIZE, SQUARE, Scene, TrueCamera, pose, scene

BOARD = board_of(
    {
        "type": "charuco", "squares_x": 7, "squares_y": 5, "square_m": SQUARE, "marker_m": 0.75 * SQUARE,
        "dictionary": "DICT_4X4_50",
    },
    "here",
)  # fmt: skip
WHITE = 0.03
COARSER = 3
"""Sheet pixels that go into one, so that a far board does not alias."""
MANY = 2
"""Samples a pixel and direction."""
OVER = pose(CENTRE, Rotation.from_rotvec([np.pi, 0, 0])) * pose(-CENTRE, Rotation.identity())
"""The scene's held board shows its back, which corners do not mind and pictures do."""

Grey = NDArray[np.uint8]
Spoil = Callable[[Grey], Grey]


@dataclass(frozen=True)
class DrawnSet:
    """A folder and what is true of it."""

    folder: Path
    scene: Scene


def write_set(
    folder: Path,
    seed: int = 0,
    *,
    frames: int = 25,
    robot: float = 1.0,
    names: dict[str, str] | None = None,
    spoilt: dict[str, Spoil] | None = None,
    wrong_poses: frozenset[int] = frozenset(),
) -> DrawnSet:
    """`spoilt` changes pictures by their path; the held board's robot poses of frames `wrong_poses` are 3 cm off."""
    made = scene(seed, frames=frames, pixel=0.0, robot=0.0)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "board.json").write_text(board_text(BOARD))
    true = {(row.mounting, row.frame): row.T_base_flange for row in made.data.poses}
    rng = np.random.default_rng([seed, 1])
    for mounting in ("held", "table"):
        rows = []
        for frame in range(frames):
            here, noise = true[mounting, frame], robot * rng.normal(size=6)
            noisy = here.translation + 0.0002 * noise[3:] + 0.03 * (mounting == "held" and frame in wrong_poses)
            turned = here.rotation * Rotation.from_rotvec(np.deg2rad(0.05) * noise[:3])
            rows.append({"frame": frame, "T_base_flange": pose(noisy, turned).as_matrix().tolist()})
        (folder / f"robot_{mounting}.json").write_text(json.dumps(rows))
    for number, sighting in enumerate(made.data.sightings):
        camera = made.cameras[sighting.camera]
        name = (names or {}).get(sighting.camera, sighting.camera)
        path = f"{sighting.mounting}/{name}/{sighting.frame:03d}.png"
        image = picture(camera, T_camera_board(made, sighting, true), seed=number)
        change = (spoilt or {}).get(path)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / path), change(image) if change else image)
    return DrawnSet(folder, made)


def T_camera_board(made: Scene, sighting: Sighting, true: dict[tuple[str, int], RigidTransform]) -> RigidTransform:
    camera, here = made.cameras[sighting.camera], true[sighting.mounting, sighting.frame]
    motion, board = (here.inv(), made.T_base_board) if camera.wrist else (here, made.T_flange_board * OVER)
    return camera.place.inv() * motion * board


@cache
def sheet() -> Grey:
    fine = sheet_of(BOARD, WHITE)
    return np.asarray(cv2.resize(fine, None, fx=1 / COARSER, fy=1 / COARSER, interpolation=cv2.INTER_AREA), np.uint8)


@cache
def rays(lens: tuple[float, ...]) -> Vector:
    """(h, w, 2): x / z and y / z of every sample; the lens is undone by a fixed-point search."""
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = lens
    u, v = np.meshgrid(*((np.arange(MANY * side) + 0.5) / MANY - 0.5 for side in SIZE))
    a, b = (u - cx) / fx, (v - cy) / fy
    x, y = a.copy(), b.copy()
    for _ in range(30):
        r2 = x**2 + y**2
        d = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
        x, y = (
            (a - 2 * p1 * x * y - p2 * (r2 + 2 * x**2)) / d,
            (b - p1 * (r2 + 2 * y**2) - 2 * p2 * x * y) / d,
        )
    return np.stack([x, y], axis=-1)


def picture(camera: TrueCamera, board: RigidTransform, blur: float = 0.6, seed: int = 0) -> Grey:
    """What the camera sees of the board at `board` (T_camera_board): grey all round."""
    through = rays(camera.lens)
    directions = np.concatenate([through, np.ones((*through.shape[:2], 1))], axis=-1)
    R, t = board.rotation.as_matrix(), board.translation
    depth = (R[:, 2] @ t) / (directions @ R[:, 2])
    on_board = (directions * depth[..., None] - t) @ R[:, :2]
    at = ((on_board + WHITE) * PER_METRE / COARSER - 0.5).astype(np.float32)
    at[depth <= 0] = -1e4
    large = cv2.remap(sheet(), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=118)
    return spoil(cv2.resize(large, SIZE, interpolation=cv2.INTER_AREA).astype(np.float64), blur, seed=seed)


def smeared(image: Grey) -> Grey:
    """Moved while the shutter was open."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigmaX=7.0, sigmaY=1.0), np.uint8)


def hidden(image: Grey) -> Grey:
    """Somebody stands before it."""
    return np.full_like(image, 70)


def stretched(image: Grey) -> Grey:
    """A picture of something else's lens: sharp, and nothing fits."""
    return np.asarray(cv2.resize(image[30:-40, 20:-60], SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
