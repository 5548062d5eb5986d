"""Shade: how much darker or brighter than in the smooth light a surface may be, from what the picture shows.

A lamp casts few depths of shadow. Those that many pixels show are likely anywhere; all others stay possible. Where the
plate itself had a shadow, as of the arm, the picture is brighter than the plate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .tones import Values

DEEPEST, HIGHEST, BIN = -1.8, 1.0, 0.05
"""Change of brightness, tones."""
_BINS = round((HIGHEST - DEEPEST) / BIN)
_MIDDLES = DEEPEST + BIN * (np.arange(_BINS) + 0.5)
_TINTED = 0.25, 0.05
"""A shadow's colour differs from the lit one's by at most this share of its depth, and this, tones."""
_TINT_OFF = 0.015, 0.06
"""Sigma of the tint, and of its share of the depth."""
_SHADOW, _GHOST = 0.01, 0.03
"""Share of the pixels that a shadow, or where one was in the plate, must have to be told from an object."""
_SURE = 40.0
"""Shaded pixels times their squared depth, from which on their own tint is believed rather than none."""


def _anything() -> Values:
    """(bins,) density: darker is usual, brighter is where the plate had a shadow."""
    density = np.where(_MIDDLES < 0.1, 0.98 / (0.1 - DEEPEST), 0.02 / (HIGHEST - 0.1))
    return density.astype(np.float32)


ANYTHING = _anything()


@dataclass(frozen=True, slots=True, eq=False)
class Shades:
    """Of one picture, or a part of it."""

    density: Values
    """(bins,) per tone of brightness."""
    tint: Values
    """(2,): red - green and blue - green per tone of brightness."""
    doubt: float = 0.1
    """How often shade is of a depth that no other pixels show."""

    def mixed(self, other: Shades, share: float) -> Shades:
        """With a share of another's depths; the tint stays."""
        return replace(self, density=(1 - share) * self.density + share * other.density)

    def likelihood(self, brightness: Values, red: Values, blue: Values, noise: Values) -> Values:
        """Density of differences from the plate in its light, all (n,), if they are shade; `noise` in tones."""
        index = np.clip((brightness - DEEPEST) * np.float32(1 / BIN), 0, _BINS - 1).astype(np.intp)
        depth = np.abs(brightness)
        # Darker pixels have more noise in tones; the difference of two channels has twice the variance of one.
        noise = noise * np.exp(np.float32(-0.7) * np.clip(brightness, DEEPEST, 0))
        variance = 2 * noise * noise + np.square(_TINT_OFF[0] + np.float32(_TINT_OFF[1]) * depth)
        away = np.square(red - self.tint[0] * brightness) + np.square(blue - self.tint[1] * brightness)
        return self.density[index] * np.exp(-0.5 * away / variance) / (variance * np.float32(2 * np.pi))


UNSEEN = Shades(ANYTHING, np.zeros(2, np.float32))


def shades_of(brightness: Values, red: Values, blue: Values, known: Shades = UNSEEN, tinted: bool = False) -> Shades:
    """From differences (n,) of pixels that mostly show the empty scene; what is coloured otherwise has no say.

    `tinted`: they also tell the tint, which otherwise is the known one.
    """
    depth = np.abs(brightness)
    limit = np.float32(_TINTED[0]) * depth + np.float32(_TINTED[1])
    fits = (np.abs(red) < limit) & (np.abs(blue) < limit) & (brightness > DEEPEST) & (brightness < HIGHEST)
    chosen = brightness[fits]
    index = ((chosen - DEEPEST) * np.float32(1 / BIN)).astype(np.intp)
    counts = np.bincount(index, minlength=_BINS)[:_BINS]
    # The lit ones are told apart by their noise, not by depth.
    counts[np.abs(_MIDDLES) < 0.05] = 0
    counts = np.convolve(counts, (0.15, 0.2, 0.3, 0.2, 0.15), mode="same")
    for side, enough in ((_MIDDLES < 0, _SHADOW), (_MIDDLES > 0, _GHOST)):
        found, needed = counts[side].sum(), enough * len(brightness)
        counts[side] *= found**2 / (found**2 + needed**2 + 1)
    few = _SHADOW * len(brightness) + 1
    density = (counts / BIN + few * ANYTHING) / (counts.sum() + few)
    density = ((1 - known.doubt) * density + known.doubt * ANYTHING).astype(np.float32)
    if not tinted:
        return replace(known, density=density)
    deep = fits & (depth > 0.2)
    weight = brightness[deep]
    sum_of = float(weight @ weight) + _SURE
    tint = np.array([weight @ red[deep], weight @ blue[deep]], np.float32) / np.float32(sum_of)
    return replace(known, density=density, tint=tint)
