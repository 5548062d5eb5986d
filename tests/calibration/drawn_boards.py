"""Pictures of boards with known truth, drawn by a path of their own: bits, a pinhole, blur and noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dynacollect.calibration.boards import AprilGrid, Board, Charuco

PER_METRE = 6000.0
K = np.array([[430.0, 0, 241.0], [0, 428.0, 178.5], [0, 0, 1]])
SIZE = (480, 360)


@dataclass(frozen=True)
class Shot:
    """One picture and where its corners are."""

    image: NDArray[np.uint8]
    pixels: NDArray[np.float64]


def bits(name: str, number: int) -> NDArray[np.uint8]:
    """1 is white; from the dictionary's bytes."""
    book = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, name))
    cells = cv2.aruco.Dictionary.getBitsFromByteList(book.bytesList[number : number + 1], book.markerSize)
    return np.asarray(cells, dtype=np.uint8)


def fill(sheet: NDArray[np.uint8], x: float, y: float, side: float, value: int) -> None:
    a, b, c, d = (round(PER_METRE * edge) for edge in (x, y, x + side, y + side))
    sheet[b:d, a:c] = value


def tag(sheet: NDArray[np.uint8], x: float, y: float, side: float, cells: NDArray[np.uint8], border: int) -> None:
    fill(sheet, x, y, side, 0)
    cell = side / (len(cells) + 2 * border)
    for row, column in np.argwhere(cells == 1).tolist():
        fill(sheet, x + (column + border) * cell, y + (row + border) * cell, cell, 255)


def sheet_of(board: Board, white: float) -> NDArray[np.uint8]:
    """The board seen from the front with a white margin in metres."""
    wide, high = board.size_m
    sheet = np.full([round(PER_METRE * (side + 2 * white)) for side in (high, wide)], 255, np.uint8)
    if isinstance(board, Charuco):
        draw_charuco(sheet, board, white)
    else:
        draw_grid(sheet, board, white)
    return sheet


def draw_charuco(sheet: NDArray[np.uint8], board: Charuco, white: float) -> None:
    square, inset, number = board.square_m, (board.square_m - board.marker_m) / 2, 0
    odd = board.legacy and board.squares_y % 2 == 0
    for y in range(board.squares_y):
        for x in range(board.squares_x):
            left, top = white + x * square, white + y * square
            if (x + y + odd) % 2 == 0:
                fill(sheet, left, top, square, 0)
            else:
                tag(sheet, left + inset, top + inset, board.marker_m, bits(board.dictionary, number), 1)
                number += 1


def draw_grid(sheet: NDArray[np.uint8], board: AprilGrid, white: float) -> None:
    gap = board.spacing * board.tag_m
    pitch = board.tag_m + gap
    for y in range(board.tags_y + 1):
        for x in range(board.tags_x + 1):
            fill(sheet, white + x * pitch, white + y * pitch, gap, 0)
            if x < board.tags_x and y < board.tags_y:
                number = board.first_id + (board.tags_y - 1 - y) * board.tags_x + x
                cells = np.ascontiguousarray(bits("DICT_APRILTAG_36H11", number)[::-1, ::-1])
                left, top = white + x * pitch + gap, white + y * pitch + gap
                tag(sheet, left, top, board.tag_m, cells, board.border_bits)


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
