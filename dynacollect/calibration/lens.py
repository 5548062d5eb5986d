"""Pinhole with Brown-Conrady distortion, with its derivatives, for many corners at once."""

from __future__ import annotations

import numpy as np

from ..rig.nouns import Vector

LENS_NAMES = ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3")
NEAREST_M = 1e-3


def project(points: Vector, lens: Vector) -> tuple[Vector, Vector, Vector]:
    """Pixels (n, 2) of camera-frame points (n, 3), with their derivatives by point (n, 2, 3) and by lens (n, 2, 9).

    `lens` holds fx, fy, cx, cy, k1, k2, p1, p2, k3, one row per point or one for all. Points behind the camera are
    taken as barely in front of it, which lands them far outside the picture.
    """
    fx, fy, cx, cy, k1, k2, p1, p2, k3 = np.moveaxis(np.broadcast_to(lens, (len(points), 9)), 1, 0)
    depth = np.maximum(points[:, 2], NEAREST_M)
    x, y = points[:, 0] / depth, points[:, 1] / depth
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = k1 + r2 * (2 * k2 + 3 * k3 * r2)
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y

    xx = fx * (radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x)
    mixed = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    yy = fy * (radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x)
    xy, yx = fx * mixed, fy * mixed
    by_point = np.empty((len(points), 2, 3))
    by_point[:, 0] = np.column_stack([xx, xy, -(xx * x + xy * y)]) / depth[:, None]
    by_point[:, 1] = np.column_stack([yx, yy, -(yx * x + yy * y)]) / depth[:, None]

    by_lens = np.zeros((len(points), 2, 9))
    by_lens[:, 0, 0], by_lens[:, 1, 1] = bent_x, bent_y
    by_lens[:, 0, 2] = by_lens[:, 1, 3] = 1
    radii = np.column_stack([r2, r2**2, r2**3])
    by_lens[:, 0][:, [4, 5, 8]] = (fx * x)[:, None] * radii
    by_lens[:, 1][:, [4, 5, 8]] = (fy * y)[:, None] * radii
    by_lens[:, 0, 6], by_lens[:, 0, 7] = fx * 2 * x * y, fx * (r2 + 2 * x * x)
    by_lens[:, 1, 6], by_lens[:, 1, 7] = fy * (r2 + 2 * y * y), fy * 2 * x * y
    return np.column_stack([fx * bent_x + cx, fy * bent_y + cy]), by_point, by_lens


def pinhole(lens: Vector) -> Vector:
    """The (3, 3) matrix of the first four lens numbers."""
    fx, fy, cx, cy = lens[:4]
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
