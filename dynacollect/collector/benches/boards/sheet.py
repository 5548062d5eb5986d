"""A board as it lies flat, drawn from the dictionary's bits: pixels of white, black and the margin."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ....calibration.boards import AprilGrid, Board, Charuco

PER_METRE = 6000.0


def sheet_of(board: Board, white: float) -> NDArray[np.uint8]:
    """The board seen from the front with a white margin in metres; 0 is black, 255 white."""
    wide, high = board.size_m
    sheet = np.full([round(PER_METRE * (side + 2 * white)) for side in (high, wide)], 255, np.uint8)
    if isinstance(board, Charuco):
        _charuco(sheet, board, white)
    else:
        _grid(sheet, board, white)
    return sheet


def _bits(name: str, number: int) -> NDArray[np.uint8]:
    """1 is white; from the dictionary's bytes."""
    book = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, name))
    cells = cv2.aruco.Dictionary.getBitsFromByteList(book.bytesList[number : number + 1], book.markerSize)
    return np.asarray(cells, dtype=np.uint8)


def _fill(sheet: NDArray[np.uint8], x: float, y: float, side: float, value: int) -> None:
    a, b, c, d = (round(PER_METRE * edge) for edge in (x, y, x + side, y + side))
    sheet[b:d, a:c] = value


def _tag(sheet: NDArray[np.uint8], x: float, y: float, side: float, cells: NDArray[np.uint8], border: int) -> None:
    _fill(sheet, x, y, side, 0)
    cell = side / (len(cells) + 2 * border)
    for row, column in np.argwhere(cells == 1).tolist():
        _fill(sheet, x + (column + border) * cell, y + (row + border) * cell, cell, 255)


def _charuco(sheet: NDArray[np.uint8], board: Charuco, white: float) -> None:
    square, inset, number = board.square_m, (board.square_m - board.marker_m) / 2, 0
    odd = board.legacy and board.squares_y % 2 == 0
    for y in range(board.squares_y):
        for x in range(board.squares_x):
            left, top = white + x * square, white + y * square
            if (x + y + odd) % 2 == 0:
                _fill(sheet, left, top, square, 0)
            else:
                _tag(sheet, left + inset, top + inset, board.marker_m, _bits(board.dictionary, number), 1)
                number += 1


def _grid(sheet: NDArray[np.uint8], board: AprilGrid, white: float) -> None:
    gap = board.spacing * board.tag_m
    pitch = board.tag_m + gap
    for y in range(board.tags_y + 1):
        for x in range(board.tags_x + 1):
            _fill(sheet, white + x * pitch, white + y * pitch, gap, 0)
            if x < board.tags_x and y < board.tags_y:
                number = board.first_id + (board.tags_y - 1 - y) * board.tags_x + x
                cells = np.ascontiguousarray(_bits("DICT_APRILTAG_36H11", number)[::-1, ::-1])
                left, top = white + x * pitch + gap, white + y * pitch + gap
                _tag(sheet, left, top, board.tag_m, cells, board.border_bits)
