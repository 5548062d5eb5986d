"""Outlines as area, middle and spread: those of masks, and those that solids would have.

Area and moments of a mask are sums over all of its pixels, so a tenth of a pixel counts, however small it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector
from ..pose.looks import Look
from ..seeing.tones import Box, Pixels, clipped, part
from .form import Form

NEAREST_M = 0.05
_PIXEL = np.array([0.0, 0.0, 0.0, 1 / 12, 0.0, 1 / 12])
"""What the breadth of a pixel adds to the spread of their middles."""

Moments = Vector
"""(6,): area px2, middle x and y, spread xx, xy and yy, px and px2."""


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A form somewhere, upright."""

    form: Form
    place: Vector
    yaw: float

    def corners(self, drift: Vector) -> Vector:
        """(n, 3) in the base frame, with a shift (3,)."""
        points = self.form.corners
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        turned = np.column_stack(
            [c * points[:, 0] - s * points[:, 1], s * points[:, 0] + c * points[:, 1], points[:, 2]]
        )
        return turned + (self.place + drift)


def outline(look: Look, corners: Vector) -> NDArray[np.float32] | None:
    """(k, 2) the outline in a picture of the hull of points (n, 3); None where they are not in front of the camera."""
    local = look.local(corners)
    if local[:, 2].min() < NEAREST_M:
        return None
    return np.asarray(cv2.convexHull(look.pixels(local).astype(np.float32))[:, 0], np.float32)


def box_around(polygon: NDArray[np.float32], room: int, shape: tuple[int, ...]) -> Box:
    """The part of a picture that holds it with some room."""
    low, high = np.floor(polygon.min(axis=0)).astype(int) - room, np.ceil(polygon.max(axis=0)).astype(int) + room + 1
    low, high = np.clip(low, -9999, 9999), np.clip(high, -9999, 9999)
    return clipped((int(low[0]), int(low[1]), int(high[0]), int(high[1])), shape)


def filled(polygon: NDArray[np.float32], box: Box) -> Pixels:
    """(h, w) of the box, the pixels whose middles lie inside: OpenCV would fill those on the edge as well."""
    x0, y0, x1, y1 = box
    way = np.roll(polygon, -1, axis=0) - polygon
    (x, y), (dx, dy) = (polygon - (x0, y0)).T, way.T
    turn = 1.0 if float(np.sum(x * dy - y * dx)) > 0.0 else -1.0
    # Half planes: (k, columns) and (k, rows).
    across, down = -turn * np.outer(dy, np.arange(x1 - x0)), turn * np.outer(dx, np.arange(y1 - y0))
    at_least = turn * (dx * y - dy * x)
    return (across[:, None, :] + down[:, :, None] >= at_least[:, None, None]).all(axis=0)


def moments_of(pixels: Pixels, box: Box) -> Moments | None:
    """Of pixels of a box; None where there are none."""
    m = cv2.moments(pixels.view(np.uint8), binaryImage=True)
    return None if m["m00"] < 1.0 else _moments(m, np.array(box[:2], float)) + _PIXEL


def moments_within(polygon: NDArray[np.float32]) -> Moments:
    """Of the area in an outline."""
    origin = polygon.mean(axis=0)
    return _moments(cv2.moments(polygon - origin), origin)


def parted(mask: Pixels, box: Box) -> Pixels:
    """The part of a mask of the whole picture that lies in a box."""
    return np.ascontiguousarray(mask[part(box)])


def _moments(m: dict[str, float], origin: Vector) -> Moments:
    area = max(m["m00"], 1e-6)
    middle = origin + np.array([m["m10"], m["m01"]]) / area
    return np.array([area, *middle, m["mu20"] / area, m["mu11"] / area, m["mu02"] / area])
