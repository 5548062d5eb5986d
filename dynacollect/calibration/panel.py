"""A board as a plate that somebody holds up: what is printed on it, and how large it is."""

from __future__ import annotations

import numpy as np

from ..rig.nouns import Vector
from ..rig.stage import Panel
from .boards import Board

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
        left, across = _covered(MARGIN_M + patch.x, patch.width, columns / width)
        top, down = _covered(MARGIN_M + patch.y, patch.height, rows / height)
        ink[top : top + len(down), left : left + len(across)] += np.outer(down, across)
    return Panel(np.rint(255 * (1 - ink)).astype(np.uint8), width, height)


def _covered(start: float, length: float, per_m: float) -> tuple[int, Vector]:
    """The first pixel of a stretch, and how much of it and of each after it is covered."""
    first, last = int(start * per_m), int(np.ceil((start + length) * per_m))
    edges = np.clip(np.arange(first, last + 1.0), start * per_m, (start + length) * per_m)
    return first, np.diff(edges)
