"""The table top: its size, and what fits on it."""

from __future__ import annotations

import numpy as np

from ..nouns import Vector

TABLE_X = (-0.30, 1.05)
TABLE_Y = (-0.70, 0.70)
MARGIN = 0.07
"""How far from the table's edge things are put, m."""
BELT_M = 1.3
"""Length of the conveyor's belt, at most."""


def on_table(point: Vector, margin: float = MARGIN) -> bool:
    inside_x = TABLE_X[0] + margin <= point[0] <= TABLE_X[1] - margin
    return bool(inside_x and TABLE_Y[0] + margin <= point[1] <= TABLE_Y[1] - margin and np.hypot(*point[:2]) > 0.24)


def belt_length(start: Vector, way: Vector) -> float:
    """From a little behind the start to where the strip would leave the table."""
    for length in np.arange(BELT_M, 0.3, -0.02):
        end = start + way * (length - 0.09)
        if TABLE_X[0] + 0.09 < end[0] < TABLE_X[1] - 0.09 and abs(end[1]) < TABLE_Y[1] - 0.09 and _off_foot(start, end):
            return float(length)
    return 0.3


def _off_foot(start: Vector, end: Vector) -> bool:
    along = start[:2] + np.linspace(0, 1, 30)[:, None] * (end - start)[:2]
    return bool(np.min(np.hypot(*along.T)) > 0.22)
