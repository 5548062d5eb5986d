"""Tones: the logarithm of grey levels, in which light and shade add and colours do not change with brightness.

A tone is log(level + 8). The 8 keeps the noise of dark pixels small; a change of light by a factor adds nearly the same
to all three channels. `opponent` turns the three tones of a pixel into (brightness, red - green, blue - green): shade
moves the first alone. Densities keep their value under that turn.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Image

Values = NDArray[np.floating]
"""Single precision, for speed."""
Pixels = NDArray[np.bool_]
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels; the last column and row are outside."""

SOFT = 8.0
DARKEST, BRIGHTEST = float(np.log(SOFT)), float(np.log(255 + SOFT))
_TABLE = np.log(np.arange(256) + SOFT).astype(np.float32)
_TURN = np.array([[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [0, -1, 1]], np.float32)


def tones(image: Image) -> Values:
    """(h, w, 3) of a picture's RGB levels."""
    return np.asarray(cv2.LUT(np.ascontiguousarray(image), _TABLE), np.float32)


def levels(tone: Values) -> Values:
    """Grey levels 0 to 255 of tones, not rounded."""
    return np.clip(np.asarray(cv2.exp(tone), np.float32) - np.float32(SOFT), 0, 255)


def scaled(picture: Values, by: Values, plus: Values) -> Values:
    """Each channel of (h, w, 3) times `by` (3,) plus `plus` (3,)."""
    matrix = np.zeros((3, 4))
    matrix.flat[::5], matrix[:, 3] = by, plus
    return np.asarray(cv2.transform(picture, matrix), np.float32)


def opponent(tone: Values) -> Values:
    """(h, w, 3): brightness, red - green, blue - green."""
    return np.asarray(cv2.transform(tone, _TURN), np.float32)


def clipped(box: Box, shape: tuple[int, ...]) -> Box:
    """The part of a box that lies in a picture of this shape (height, width, ...)."""
    height, width = shape[:2]
    x0, y0, x1, y1 = box
    return min(max(x0, 0), width), min(max(y0, 0), height), max(min(x1, width), 0), max(min(y1, height), 0)


def part(box: Box) -> tuple[slice, slice]:
    """The rows and columns of a box."""
    x0, y0, x1, y1 = box
    return slice(y0, y1), slice(x0, x1)


def reaches_rim(pixels: Pixels) -> bool:
    """Whether a mask of the whole picture may go on outside of it."""
    return bool(pixels[0].any() or pixels[-1].any() or pixels[:, 0].any() or pixels[:, -1].any())
