"""How an object looks: which colours it shows, in the light of the plate."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ..shape import Shape
from .tones import BRIGHTEST, DARKEST, Values, opponent, scaled, tones

_STEP = (0.125, 0.08, 0.08)
"""Bins of brightness, red - green and blue - green, tones."""
_REACH = 2.0
"""Largest difference of two channels that has bins of its own."""
_SHAPE = (round((BRIGHTEST - DARKEST) / _STEP[0]) + 1, *(2 * round(_REACH / step) + 1 for step in _STEP[1:]))
_STEPS, _LOWEST = np.array(_STEP), np.array([DARKEST, -_REACH, -_REACH])
_BLUR = (0.15, 0.05)
"""Sigma by which the same surface differs from place to place: brightness, colour."""
_SHADED = (0.6, 0.25)
"""Sigma of brightness in shade and glare, and how often that is."""
_UNSURE = 0.02
"""Share of an object's pixels that look like anything."""
_WEAK = (0.8, 0.15)
"""Blur of brightness and colour where only a mesh says what the colours are."""

Index = np.ndarray
"""Flat numbers of bins."""


def index_of(colour: Values) -> Index:
    """The bins of opponent tones (..., 3)."""
    bins = scaled(colour.reshape(1, -1, 3), 1 / _STEPS, 0.5 - _LOWEST / _STEPS)
    bright, red, blue = (
        np.clip(values[0], 0, size - 1).astype(np.intp) for values, size in zip(cv2.split(bins), _SHAPE, strict=True)
    )
    return (bright * _SHAPE[1] + red) * _SHAPE[2] + blue


@cache
def anything() -> Values:
    """(bins,) density of the colours of things in general: greyish ones are commoner than strong ones."""
    middles = np.arange(_SHAPE[1]) * _STEP[1] - _REACH
    square = np.add.outer(middles**2, middles**2)
    colours = 0.7 * np.exp(-square / (2 * 0.35**2)) / 0.35**2 + 0.3 * np.exp(-square / (2 * 0.9**2)) / 0.9**2
    density = np.broadcast_to(colours, _SHAPE).reshape(-1)
    return (density / (density.sum() * np.prod(_STEP))).astype(np.float32)


class Appearance:
    """The colours of one object as a density over opponent tones; several thousand bins, blurred.

    `colour` (n, 3) are opponent tones of its pixels in the light of the plate; None stands for an object of which
    nothing is known. Pixels that are confirmed later are mixed in, so that a change of light is followed.
    """

    def __init__(self, colour: Values | None = None, *, weak: bool = False) -> None:
        self._weak = weak
        self._counts = np.zeros(_SHAPE, np.float32)
        if colour is not None and len(colour):
            self._counts = _counted(colour)
        self._known = bool(self._counts.any())
        self._remake()

    @staticmethod
    def of_mesh(shape: Shape) -> Appearance:
        """What the colours of a mesh tell, whose light is not that of the camera; nothing where it has none."""
        if shape.face_colours is None:
            return Appearance()
        corners = shape.vertices[shape.faces]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        total = areas.sum()
        chosen = np.searchsorted(np.cumsum(areas), (np.arange(2000) + 0.5) / 2000 * total)
        colours = shape.face_colours[np.minimum(chosen, len(areas) - 1)]
        return Appearance(opponent(tones(colours[None]))[0], weak=True)

    @property
    def known(self) -> bool:
        return self._known

    def density(self, index: Index) -> Values:
        """Of these bins, per tone cubed."""
        return self._density[index]

    def update(self, colour: Values, share: float = 0.1) -> None:
        """Mix in the pixels (n, 3) of a confirmed mask, opponent tones in the light of the plate."""
        if len(colour) < 10:
            return
        if not self._known or self._weak:
            share = max(share, 0.5)
        self._counts = (1 - share) * self._counts + share * _counted(colour)
        self._known, self._weak = True, False
        self._remake()

    def likeness(self, other: Appearance) -> float:
        """1 for the same colours, 0 for none in common; how bright they are counts little."""
        return float(np.sqrt(self._density * other._density).sum() * np.prod(_STEP))

    def fit(self, colour: Values) -> float:
        """Mean log density of pixels (n, 3): the higher, the likelier they are this object's."""
        return float(np.log(self.density(index_of(colour))).mean())

    def _remake(self) -> None:
        if not self._known:
            self._density = anything()
            return
        bright, colour = _WEAK if self._weak else _BLUR
        often = _SHADED[1]
        along = (1 - often) * _bell(_SHAPE[0], bright / _STEP[0]) + often * _bell(_SHAPE[0], _SHADED[0] / _STEP[0])
        across = _bell(_SHAPE[1], colour / _STEP[1])
        blurred = (along @ self._counts.reshape(_SHAPE[0], -1)).reshape(_SHAPE)
        blurred = across @ blurred @ across
        density = blurred.reshape(-1) * np.float32((1 - _UNSURE) / np.prod(_STEP))
        self._density = density + np.float32(_UNSURE) * anything()


def _counted(colour: Values) -> Values:
    """Share of the pixels in each bin."""
    counts = np.bincount(index_of(colour), minlength=int(np.prod(_SHAPE)))
    return (counts / counts.sum()).astype(np.float32).reshape(_SHAPE)


@cache
def _bell(size: int, sigma: float) -> Values:
    """(size, size) blur that loses nothing at the ends."""
    steps = np.arange(size)
    weights = np.exp(-0.5 * np.square((steps[:, None] - steps) / sigma))
    return (weights / weights.sum(axis=0)).astype(np.float32)
