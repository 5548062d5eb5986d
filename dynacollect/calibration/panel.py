"""A board as a plate that somebody holds up: what is printed on it, and how large it is."""

from __future__ import annotations

import numpy as np

from ..rig.stage import Panel
from .boards import Board
from .drawing import covered

MARGIN_M = 0.008
"""White all around."""
PX_PER_M = 8000.0
LARGEST_PX = 2400


def panel_of(board: Board) -> Panel:
    """The board in the middle of a plate with a white margin; pixels that an edge crosses are grey."""
    width, height = (side + 2 * MARGIN_M for side in board.size_m)
    scale = min(PX_PER_M, LARGEST_PX / max(width, height))
    columns, rows = round(width * scale), round(height * scale)
    ink = np.zeros((rows, columns))
    for patch in board.black():
        wide, across = covered((MARGIN_M + patch.x) * columns / width, patch.width * columns / width)
        high, down = covered((MARGIN_M + patch.y) * rows / height, patch.height * rows / height)
        ink[high, wide] += np.outer(down, across)
    return Panel(np.rint(255 * (1 - ink)).astype(np.uint8), width, height)
