"""How sharp a picture of a board is: the width in pixels of its edges between black and white."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..rig.nouns import Vector

STEP = 0.25
"""Pixels between samples across an edge."""


def edge_width(grey: NDArray[np.float32], starts: Vector, ends: Vector) -> float:
    """Pixels from black to white across the sides `starts[i]` to `ends[i]`, both (n, 2), in the blurrier direction.

    It is the contrast over the steepest slope: 1 to 2 for a sharp picture, 2.5 times the standard deviation of a blur.
    A motion blurs only the edges across it, so edges are judged in two directions and the wider counts.
    """
    along = ends - starts
    length = np.hypot(*along.T)
    widths = _widths(grey, 0.5 * (starts + ends), along, length)
    if not np.isfinite(widths).any():
        return float("nan")
    steep = np.abs(along[:, 1]) > np.abs(along[:, 0])
    medians = [np.nanmedian(widths[group]) for group in (steep, ~steep) if np.isfinite(widths[group]).any()]
    return float(max(medians))


def _widths(grey: NDArray[np.float32], middles: Vector, along: Vector, length: Vector) -> Vector:
    """(n,): contrast over slope; NaN where there is next to no contrast."""
    reach = 0.7 * np.median(length)
    offsets = np.arange(-reach, reach + STEP, STEP)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
    spots = (middles[:, None, :] + offsets[None, :, None] * across[:, None, :]).astype(np.float32)
    read = cv2.remap(grey, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profiles = np.asarray(read, dtype=np.float64)
    contrast = np.percentile(profiles, 95, axis=1) - np.percentile(profiles, 5, axis=1)
    lag = round(1.0 / STEP)
    near = np.abs(offsets[:-lag] + 0.5) <= max(1.0, 0.3 * reach)
    slope = np.abs(profiles[:, lag:] - profiles[:, :-lag])[:, near].max(axis=1)
    least = 0.1 * np.percentile(contrast, 90)
    good = (contrast > least) & (slope > 0)
    return np.where(good, contrast / np.where(good, slope, 1.0), np.nan)
