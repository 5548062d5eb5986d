"""Masks as lines of a label file of YOLO-seg: a class and one polygon, whose corners are shares of the picture's size.

An object in several parts, or with holes, is one polygon too: its outlines are joined by bridges of no width where they
are nearest, along which it goes there and back. What lies inside an even number of times is outside, so a hole stays
one. Between parts, a bridge takes a line of pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ...rig.nouns import Vector

Pixels = NDArray[np.bool_]

LEAST_PX = 24
"""Visible pixels of an object, below which nobody could say what it is."""
SPECK_PX = 6
"""Pixels of an outline that is left out beside larger ones."""


def line_of(label: int, mask: Pixels) -> str | None:
    """The label of an object's visible pixels; `None` where there are too few."""
    if np.count_nonzero(mask) < LEAST_PX:
        return None
    height, width = mask.shape
    # The middle of the first pixel is half a pixel from the edge.
    corners = (polygon_of(mask) + 0.5) / [width, height]
    return f"{label} " + " ".join(f"{value:.6f}" for value in corners.ravel())


def mask_of(line: str, shape: tuple[int, int]) -> tuple[int, Pixels]:
    """The class and the pixels of a line, in a picture of (height, width)."""
    label, *numbers = line.split()
    corners = np.array(numbers, float).reshape(-1, 2) * shape[::-1]
    pixels = np.zeros(shape, np.uint8)
    cv2.fillPoly(pixels, [np.floor(corners).astype(np.int32)], 1)
    return int(label), pixels.astype(bool)


def polygon_of(mask: Pixels) -> Vector:
    """(n, 2) middles of pixels x, y, in order."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = [ring[:, 0].astype(float) for ring in found]
    large = [ring for ring in rings if len(ring) >= SPECK_PX] or rings
    joined, *rest = sorted(large, key=len, reverse=True)
    while rest:
        nearest = [_bridge(joined, ring) for ring in rest]
        index = int(np.argmin([gap for gap, _, _ in nearest]))
        _, here, there = nearest[index]
        ring = np.roll(rest.pop(index), -there, axis=0)
        joined = np.concatenate([joined[: here + 1], ring, ring[:1], joined[here:]])
    return joined


def _bridge(joined: Vector, ring: Vector) -> tuple[float, int, int]:
    """The least distance of two outlines, and the corners of each that have it."""
    found = KDTree(joined).query(ring)
    gaps, corners = np.asarray(found[0]), np.asarray(found[1])
    there = int(np.argmin(gaps))
    return float(gaps[there]), int(corners[there]), there
