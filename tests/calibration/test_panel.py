"""A board on a plate: its own picture has every corner where the board says."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.calibration.boards import AprilGrid, Board, Charuco
from dynacollect.calibration.detect import detect
from dynacollect.calibration.panel import LARGEST_PX, MARGIN_M, panel_of
from dynacollect.rig.nouns import Vector

BOARDS = (
    Charuco(squares_x=7, squares_y=5, square_m=0.036, marker_m=0.027, dictionary="DICT_4X4_50"),
    Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50"),
    Charuco(squares_x=6, squares_y=8, square_m=0.0313, marker_m=0.0237, dictionary="DICT_5X5_100", legacy=True),
    AprilGrid(tags_x=6, tags_y=4, tag_m=0.032, spacing=0.3),
    AprilGrid(tags_x=5, tags_y=7, tag_m=0.0413, spacing=0.27, border_bits=1, first_id=3),
)
PRINTED = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.describe())


def per_metre(board: Board) -> Vector:
    """Pixels, across and down."""
    panel = panel_of(board)
    rows, columns = panel.image.shape[:2]
    return np.array([columns / panel.width_m, rows / panel.height_m])


@PRINTED
def test_every_corner_is_printed_where_the_board_says(board: Board) -> None:
    seen = detect(board, panel_of(board).image)
    assert seen.reason == ""
    assert sorted(seen.ids) == list(range(len(board.points)))
    wanted = (board.points[seen.ids, :2] + MARGIN_M) * per_metre(board) - 0.5
    assert np.abs(seen.pixels - wanted).max() < 0.1


@PRINTED
def test_a_pixel_is_square_and_the_picture_no_larger_than_it_may_be(board: Board) -> None:
    """To within the half pixel by which a side is rounded."""
    panel, (across, down) = panel_of(board), per_metre(board)
    assert max(panel.image.shape) <= LARGEST_PX
    assert across / down == pytest.approx(1.0, abs=1.0 / min(panel.image.shape))
    assert (panel.width_m, panel.height_m) == pytest.approx(np.add(board.size_m, 2 * MARGIN_M))


@PRINTED
def test_as_much_is_black_as_the_board_has_black(board: Board) -> None:
    panel = panel_of(board)
    ink = float((1 - panel.image / 255.0).mean()) * panel.width_m * panel.height_m
    assert ink == pytest.approx(sum(patch.width * patch.height for patch in board.black()), rel=2e-3)


@PRINTED
def test_the_margin_is_white(board: Board) -> None:
    panel = panel_of(board)
    edge = int(MARGIN_M * per_metre(board).min())
    inner = panel.image[edge:-edge, edge:-edge]
    assert int(panel.image.sum()) - int(inner.sum()) == 255 * (panel.image.size - inner.size)
    assert inner.min() == 0
