"""Pictures of boards with known truth, drawn by a path of their own: bits, a pinhole, blur and noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dynacollect.calibration.boards import Board
from dynacollect.collector.benches.boards.sheet import PER_METRE, sheet_of

K = np.array([[430.0, 0, 241.0], [0, 428.0, 178.5], [0, 0, 1]])
SIZE = (480, 360)


@dataclass(frozen=True)
class Shot:
    """One picture and where its corners are."""

    image: NDArray[np.uint8]
    pixels: NDArray[np.float64]


def shoot(board: Board, turn: tuple[float, float, float], place: tuple[float, float, float], blur: float = 0.7) -> Shot:
    """A pinhole's picture: `turn` in degrees about x, y, z; `place` of the board's middle in metres, camera axes."""
    white = round(0.09 * board.size_m[0] * PER_METRE) / PER_METRE
    R = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    middle = np.array([*board.size_m, 0.0]) / 2
    seen = (board.points - middle) @ R.T + place
    pixels = seen @ K.T
    T = np.column_stack([R[:, :2], np.array(place) - R @ middle])
    on_sheet = np.array(
        [[1 / PER_METRE, 0, -white + 0.5 / PER_METRE], [0, 1 / PER_METRE, -white + 0.5 / PER_METRE], [0, 0, 1]]
    )
    many = 6  # samples a pixel and direction
    finer = np.array([[many, 0, (many - 1) / 2], [0, many, (many - 1) / 2], [0, 0, 1.0]])
    large = (SIZE[0] * many, SIZE[1] * many)
    view = cv2.warpPerspective(
        sheet_of(board, white), finer @ K @ T @ on_sheet, large, borderValue=128, flags=cv2.INTER_AREA
    )
    exact = cv2.resize(view, SIZE, interpolation=cv2.INTER_AREA).astype(np.float64)
    return Shot(spoil(exact, blur), pixels[:, :2] / pixels[:, 2:])


def spoil(image: NDArray[np.float64], blur: float = 0.7, noise: float = 2.0, seed: int = 0) -> NDArray[np.uint8]:
    """Lower contrast, a shade from left to right, blur and noise."""
    shade = np.linspace(0.7, 0.9, image.shape[1])
    soft = cv2.GaussianBlur(15 + shade * image, (0, 0), blur)
    noisy = soft + np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
