"""A board as a picture should show it: drawn flat, and sampled where the rays of pixels meet it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..rig.nouns import Vector
from .boards import Board

Picture = NDArray[np.float32]
FINER, MANY = 2, 4
"""Samples a pixel and direction, as handed out and as taken."""
TEXELS = 2400
"""Of the finest sheet along its longer side."""
SHEETS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """White is 1 and black 0."""

    points: Vector
    """(m, 3): the board's corners."""
    sheets: list[Picture]
    """Each half as fine as the one before."""
    per_metre: float
    margin: float
    """White around the board [m]."""
    reach: float
    """Half the shortest distance between corners [m]: every point of the board belongs to one corner at most."""

    @classmethod
    def of(cls, board: Board) -> Drawing:
        points = board.points
        apart = np.abs(points[:, None] - points[None]).max(axis=2)
        shortest = float(apart[~np.eye(len(points), dtype=bool)].min())
        per_metre = TEXELS / (max(board.size_m) + 2 * shortest)
        wide, high = (int(np.ceil((side + 2 * shortest) * per_metre)) for side in board.size_m)
        sheets: list[Picture] = [np.ones((high, wide), np.float32)]
        for patch in board.black():
            columns, across = covered((patch.x + shortest) * per_metre, patch.width * per_metre)
            rows, down = covered((patch.y + shortest) * per_metre, patch.height * per_metre)
            sheets[0][rows, columns] -= np.outer(down, across)
        while len(sheets) < SHEETS:
            high, wide = (side // 2 for side in sheets[-1].shape)
            half = cv2.resize(sheets[-1][: 2 * high, : 2 * wide], (wide, high), interpolation=cv2.INTER_AREA)
            sheets.append(half.astype(np.float32))
        return cls(points, sheets, per_metre, shortest, shortest / 2)

    def seen(self, places: Vector) -> Picture:
        """At places (high, wide, 2) on the board [m], one a pixel; `FINER` times as large."""
        high, wide = places.shape[:2]
        middle = places[high // 2, wide // 2]
        slopes = np.stack([places[high // 2 + 1, wide // 2], places[high // 2, wide // 2 + 1]]) - middle
        step = float(np.linalg.svd(slopes, compute_uv=False)[0]) * self.per_metre / MANY
        level = int(np.clip(np.ceil(np.log2(max(step, 1e-9))), 0, SHEETS - 1))
        texels = ((places + self.margin) * (self.per_metre / 2**level) - 0.5).astype(np.float32)
        fine = cv2.resize(texels, (MANY * wide, MANY * high), interpolation=cv2.INTER_LINEAR)
        seen = cv2.remap(self.sheets[level], fine, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return cv2.resize(seen, (FINER * wide, FINER * high), interpolation=cv2.INTER_AREA).astype(np.float32)


def covered(start: float, length: float) -> tuple[slice, Vector]:
    """Which pixels a stretch (in pixels) touches, and how much of each it covers."""
    first, last = int(start), int(np.ceil(start + length))
    edges = np.clip(np.arange(first, last + 1.0), start, start + length)
    return slice(first, last), np.diff(edges)


def places_of(rays: Vector, pose: Vector) -> Vector:
    """Where rays (high, wide, 2), as x / z and y / z, meet the plane of a board at T_camera_board (4, 4): its x, y."""
    normal, origin = pose[:3, 2], pose[:3, 3]
    full = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=2)
    hits = full * ((normal @ origin) / (full @ normal))[..., None] - origin
    return hits @ pose[:3, :2]
