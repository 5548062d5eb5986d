"""How today's light differs from that of a plate: a smooth gain for each channel, from one picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...rig.nouns import Image
from .noise import Noise, measured
from .shade import UNSEEN, Shades, shades_of
from .tones import SOFT, Box, Pixels, Values, scaled, tones

_POINTS = 2700
"""Pixels looked at, about."""
_CELL = 5
"""Looked-at pixels to the side of a cell of the local field."""
_REACH = 1.5
"""Smoothing of the local field, cells: wider than an object, so that none vanishes in it."""
_SPREADS = (0.5, 0.25, 0.12, 0.08)
"""Differences in tones that count a quarter, step by step: of the surface, and of the local field."""
_LOCAL_SPREADS = (0.15, 0.08, 0.06)
_NOISE_SPREAD = 0.25
"""The same of pixels whose noise is measured: those on edges, which a shake of the camera moves, belong to them."""
_CONTRAST = 0.01
"""Variance of the plate's tones from which on a contrast can be told."""
_FULL = 250
"""Levels that may be clipped."""
_NOISE_EVERY = 8
"""Pictures from one measurement of the noise to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Tone of the picture = contrast x tone of the plate + field(x, y), with noise about it."""

    contrast: Values
    """(3,)."""
    field: Values
    """(rows, columns, 3) at the middles of square cells."""
    cell: float
    """Pixels to the side of a cell; the first begins at the picture's corner."""
    noise: Noise
    shades: Shades
    """Which the picture shows."""

    def shift_within(self, box: Box, step: int = 1) -> Values:
        """(h, w, 3) by how much a middling grey is brighter than in the plate's light, tones; pixels as below."""
        grey = np.log(100 + SOFT)
        return scaled(self.field_within(box, step), np.ones(3), (self.contrast - 1) * grey)

    def field_within(self, box: Box, step: int = 1) -> Values:
        """Of every `step`-th pixel of every `step`-th row of the box, from its first."""
        x0, y0, x1, y1 = box
        return self._field(x0, y0, step, (-(-(x1 - x0) // step), -(-(y1 - y0) // step)))

    def _field(self, x0: float, y0: float, step: float, size: tuple[int, int]) -> Values:
        share = step / self.cell
        x, y = (x0 + 0.5) / self.cell - 0.5, (y0 + 0.5) / self.cell - 0.5
        where = np.array([[share, 0.0, x], [0.0, share, y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        field = cv2.warpAffine(self.field, where, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(field, np.float32)


class LightFit:
    """Fits a `Light` to each picture; everything of the plate that it needs is made ready once.

    First a curved surface over the picture for each channel, with a contrast, then a local field on cells for what
    that leaves (walls and table take a moved lamp differently). Both are robust: what does not look like the plate in
    any smooth light is an object, an arm or a shadow and counts next to nothing. Arrays are (3, rows, columns).
    """

    def __init__(self, plate: Image, tone: Values, slope: Values, covered: Pixels) -> None:
        size = plate.shape[:2]
        step = max(1, round((size[0] * size[1] / _POINTS) ** 0.5))
        self._every = np.s_[step // 2 :: step, step // 2 :: step]
        self._plate = _planar(tone[self._every])
        self._middle = self._plate.mean(axis=(1, 2), keepdims=True)
        self._slope = slope[self._every]
        self._usable = ~covered[self._every] & (plate[self._every].max(axis=2) < _FULL)
        self._cell = float(step * _CELL)
        points = [np.arange(n) * step + step // 2 for n in self._plate.shape[1:]]
        cells = [(np.arange(np.ceil(n / self._cell)) + 0.5) * self._cell - 0.5 for n in size]
        self._down, across = (_bells(p, c, _REACH * self._cell) for p, c in zip(points, cells, strict=True))
        self._across = np.ascontiguousarray(across.T)
        down, across = (_hats(p, c, self._cell) for p, c in zip(points, cells, strict=True))
        self._between = down, np.ascontiguousarray(across.T)
        self._basis, self._cell_basis = (_surface(y, x, size) for y, x in (points, cells))
        self._looks = 0
        self._noise = Noise(np.full(3, 4.0, np.float32), np.full(3, 0.02, np.float32), 0.05, 0.01)
        none = np.zeros((len(cells[0]), len(cells[1]), 3), np.float32)
        self.still = Light(np.ones(3, np.float32), none, self._cell, self._noise, UNSEEN)

    def fit(self, image: Image, leave_out: Pixels | None = None) -> Light:
        looked = _planar(image[self._every])
        usable = self._usable & (np.maximum(np.maximum(looked[0], looked[1]), looked[2]) < _FULL)
        if leave_out is not None:
            usable &= ~leave_out[self._every]
        if np.count_nonzero(usable) < len(self._basis):
            return self.still
        rise = tones(looked) - self._plate
        weight = usable.astype(np.float32)
        contrast, surface = self._global(rise, weight)
        rise -= contrast * (self._plate - self._middle)
        rise -= (surface @ self._basis).reshape(rise.shape)
        local, rest = self._local(rise, weight)
        field = local + (surface @ self._cell_basis).reshape(local.shape) - contrast * self._middle
        if self._looks % _NOISE_EVERY == 0 or self._looks < 3:
            self._follow_noise(looked, rest, _weights(rest, _NOISE_SPREAD) * usable > 0.25)
        self._looks += 1
        field = np.ascontiguousarray(field.transpose(1, 2, 0))
        left = rest.reshape(3, -1)[:, usable.ravel()]
        shades = shades_of((left[0] + left[1] + left[2]) / 3, left[0] - left[1], left[2] - left[1], tinted=True)
        return Light(1 + contrast[:, 0, 0], field, self._cell, self._noise, shades)

    def _global(self, rise: Values, usable: Values) -> tuple[Values, Values]:
        """Contrast (3, 1, 1) about the plate's middle tone, and the surface's coefficients (3, 6)."""
        tone = (self._plate - self._middle).reshape(3, -1)
        wanted, usable, basis = rise.reshape(3, -1), usable.ravel(), self._basis
        start = np.median(wanted[:, usable > 0][:, ::3], axis=1)
        weights = _weights(wanted - start[:, None], _SPREADS[0]) * usable
        left, found = np.empty((3, 7, 7)), np.zeros((3, 7))
        for spread in _SPREADS[1:]:
            heavy = basis * weights
            cross = heavy @ tone.T
            left[:, :6, :6] = heavy @ basis.T
            left[:, :6, 6] = left[:, 6, :6] = cross.T
            left[:, 6, 6] = (tone * tone) @ weights + _CONTRAST * weights.sum()
            left[:, range(7), range(7)] += 1e-2
            right = np.column_stack([wanted @ heavy.T, (tone * wanted) @ weights])
            found = np.linalg.solve(left, right[..., None])[..., 0].astype(np.float32)
            weights = _weights(wanted - found[:, :6] @ basis - found[:, 6:] * tone, spread) * usable
        return found[:, 6:, None], found[:, :6]

    def _local(self, rest: Values, usable: Values) -> tuple[Values, Values]:
        """The field on cells for what the surface leaves, and what that leaves."""
        field, left = np.zeros(0, np.float32), rest
        for spread in _LOCAL_SPREADS:
            weight = _weights(left, spread) * usable
            total = self._down @ (rest * weight) @ self._across
            field = total / (self._down @ weight @ self._across + 0.5)
            left = rest - self._between[0] @ field @ self._between[1]
        return field, left

    def _follow_noise(self, looked: Values, rest: Values, fits: Pixels) -> None:
        newer = measured(looked.astype(np.float32), rest, self._slope, fits)
        if newer is not None:
            self._noise = newer if self._looks == 0 else self._noise.blended(newer, 0.3)


def _planar(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def _weights(rest: Values, spread: float) -> Values:
    """1 where the residuals (3, ...) are small against the spread, next to nothing where they are large."""
    square = rest * rest
    ratio = square[0] + square[1] + square[2]
    ratio *= np.float32(1 / (3 * spread**2))
    ratio += 1
    return 1 / (ratio * ratio)


def _surface(y: np.ndarray, x: np.ndarray, size: tuple[int, ...]) -> Values:
    """(6, len(y) * len(x)): a polynomial of second order over a picture of this size."""
    v, u = np.meshgrid(2 * y / size[0] - 1, 2 * x / size[1] - 1, indexing="ij")
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v]).reshape(6, -1).astype(np.float32)


def _bells(points: np.ndarray, cells: np.ndarray, reach: float) -> Values:
    """(cells, points): how much each point says about each cell."""
    return np.exp(-0.5 * np.square((cells[:, None] - points) / reach)).astype(np.float32)


def _hats(points: np.ndarray, cells: np.ndarray, cell: float) -> Values:
    """(points, cells): how points lie between cells, for linear interpolation."""
    where = np.clip(points, cells[0], cells[-1])[:, None]
    return np.maximum(1 - np.abs(where - cells) / cell, 0).astype(np.float32)
