"""A board as a plate that somebody holds up: what is printed on it, and how large it is."""

from __future__ import annotations

import numpy as np

from ..rig.stage import Panel
from .boards import Board

MARGIN_M = 0.008
"""White all around."""
PX_PER_M = 8000.0
LARGEST_PX = 2400


def panel_of(board: Board) -> Panel:
    """The board in the middle of a plate with a white margin; every edge lies on a pixel's to within 0.1 mm."""
    width, height = (side + 2 * MARGIN_M for side in board.size_m)
    scale = min(PX_PER_M, LARGEST_PX / max(width, height))
    image = np.full((round(height * scale), round(width * scale)), 255, np.uint8)
    rows, columns = image.shape
    for patch in board.black():
        left, right = ((MARGIN_M + edge) * columns / width for edge in (patch.x, patch.x + patch.width))
        top, bottom = ((MARGIN_M + edge) * rows / height for edge in (patch.y, patch.y + patch.height))
        image[round(top) : round(bottom), round(left) : round(right)] = 0
    return Panel(image, width, height)
