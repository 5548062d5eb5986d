"""What the pixels of a part of a picture say for the empty scene, lit or shaded, and for anything else."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...rig.nouns import Image
from .background import UNKNOWN, Background
from .shade import shades_of
from .tones import Box, Pixels, Values, opponent, part, scaled, tones

_SHADED = 0.2
"""How often the empty scene is in another than the smooth light, where nothing tells."""
_TAIL = 0.03, 3.0
"""Share of pixels with more noise than measured, and how many times more."""
_ANY_COLOUR = 0.3
"""Density where the plate does not show the scene: that of a grey thing nobody knows."""
_NEAR = 0.12
"""Difference in tones that the light may be off by where the background is looked at closely."""
_ENOUGH, _EVERY = 30, 2
"""Pixels that such a look takes at least, and which it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """A part of a picture against the empty scene; every `step`-th pixel of a box, all (h, w, 3)."""

    box: Box
    step: int
    image: Image
    expected: Values
    """Tones of the empty scene."""
    rise: Values
    """Tones by which the picture is above it."""
    sigma: Values
    """Of the rise, where the empty scene is seen."""


def difference(scene: Background, image: Image, box: Box, *, step: int = 1) -> Difference:
    """Of a box that lies in the picture."""
    rows, columns = part(box)
    crop = np.ascontiguousarray(image[rows, columns][::step, ::step])
    expected, sigma = scene.tones_within(box, step)
    return Difference(box, step, crop, expected, tones(crop) - expected, sigma)


def of_scene(scene: Background, seen: Difference, free: Pixels | None = None) -> Values:
    """(h, w): density, per tone cubed, of what is seen if it is the empty scene, lit or shaded.

    `free` (h, w) are pixels likely to show it, for a closer look at light and shadows.
    """
    shades, rise, shaded = scene.light.shades, seen.rise, _SHADED
    some = None if free is None else free[::_EVERY, ::_EVERY]
    if some is not None and np.count_nonzero(some) > _ENOUGH:
        near = np.ascontiguousarray(rise[::_EVERY, ::_EVERY][some].T)
        offset = _offset(near)
        rise = scaled(rise, np.ones(3), -offset)
        red, green, blue = near - offset[:, None]
        bright = (red + green + blue) / 3
        shades = shades.mixed(shades_of(bright, red - green, blue - green, known=shades), 0.5)
        unlit = np.abs(bright) > 3 * seen.sigma[::_EVERY, ::_EVERY, 1][some]
        shaded = 0.5 * _SHADED + 0.5 * float(np.mean(unlit))
    bright, red, blue = (np.asarray(values, np.float32) for values in cv2.split(opponent(rise)))
    density = shaded * shades.likelihood(bright, red, blue, seen.sigma[..., 0])
    density += (1 - shaded) * _lit(rise, seen.sigma)
    if scene.partly_covered:
        density[seen.sigma[..., 0] >= UNKNOWN] = _ANY_COLOUR
    return density


def colours(scene: Background, seen: Difference) -> Values:
    """(h, w, 3): opponent tones in the light of the plate."""
    light = scene.light.shift_within(seen.box, seen.step)
    return opponent(seen.rise + seen.expected - light)


def _offset(near: Values) -> Values:
    """(3,) by how much the light is off near by, from pixels (3, n) of which many show the lit background."""
    middle: Values = np.zeros(3, np.float32)
    for reach in (_NEAR, 0.5 * _NEAR):
        away = np.abs(near - middle[:, None]) < reach
        fits = away[0] & away[1] & away[2]
        count = np.count_nonzero(fits)
        if count < 0.2 * len(fits):
            return np.zeros(3, np.float32)
        middle = near[:, fits].mean(axis=1)
    return middle


def _lit(rise: Values, sigma: Values) -> Values:
    """Density of differences that are noise and nothing else, (h, w)."""
    z = rise / sigma
    r, g, b = cv2.split(z * z)
    square = r + g + b
    share, times = _TAIL
    density = np.exp(-0.5 * square) * np.float32(1 - share)
    density += np.exp(square * np.float32(-0.5 / times**2)) * np.float32(share / times**3)
    r, g, b = cv2.split(sigma)
    return np.asarray(density / (r * g * b * np.float32((2 * np.pi) ** 1.5)), np.float32)
