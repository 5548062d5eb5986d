"""The noise of a picture against its plate, measured from what is left when the light is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .tones import SOFT, Pixels, Values, scaled

_LEAST = 100
"""Pairs of pixels, below which nothing is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Of the difference picture - plate."""

    read: Values
    """(3,) variance at level 0."""
    shot: Values
    """(3,) variance per level."""
    shake: float
    """Pixels by which edges of the plate are off."""
    misfit: float
    """Sigma of the light's own fit, tones."""

    def sigma(self, tone: Values, slope: Values) -> Values:
        """(h, w, 3) in tones, about the expected tones (h, w, 3), the plate's slope being (h, w)."""
        scale = np.asarray(cv2.exp(-tone), np.float32)
        variance = scaled(scale, self.read - self.shot * SOFT, self.shot)
        variance *= scale
        edges = np.square(np.float32(self.shake) * slope) + np.float32(self.misfit**2)
        variance += cv2.merge([edges, edges, edges])
        return np.sqrt(variance, out=variance)

    def blended(self, newer: Noise, share: float) -> Noise:
        """This noise with a share of a newer measurement."""
        pairs = [(getattr(self, name), getattr(newer, name)) for name in ("read", "shot", "shake", "misfit")]
        return Noise(*((1 - share) * old + share * new for old, new in pairs))


def measured(level: Values, rest: Values, slope: Values, fits: Pixels) -> Noise | None:
    """From levels and what the light leaves in tones, both (3, h, w), the plate's slope and where the plate fits.

    Neighbours are compared, so that a light that does not fit is not taken for noise.
    """
    both = fits[:, 1:] & fits[:, :-1]
    if np.count_nonzero(both) < _LEAST:
        return None
    level = 0.5 * (level[:, :, 1:] + level[:, :, :-1])[:, both]
    scale = level + np.float32(SOFT)
    step = np.square((rest[:, :, 1:] - rest[:, :, :-1])[:, both] * scale) / 2
    edge = np.square(0.5 * (slope[:, 1:] + slope[:, :-1])[both] * scale.mean(axis=0))
    plain = edge <= np.median(edge)
    read, shot = _line(level[:, plain], step[:, plain])
    busy = edge > np.quantile(edge, 0.85)
    shaken = np.minimum(step[:, busy], 20 * np.median(step[:, busy])).mean(axis=0) - (
        read[:, None] + shot[:, None] * level[:, busy]
    ).mean(axis=0)
    shake = np.clip(shaken.sum() / (edge[busy].sum() + 1.0), 0.0, 0.09)
    smooth = cv2.blur((rest.mean(axis=0) * fits).astype(np.float32), (5, 5))[fits]
    misfit = 1.4826 * float(np.median(np.abs(smooth)))
    return Noise(read, shot, float(np.sqrt(shake)), float(np.clip(misfit, 0.002, 0.1)))


def _line(level: Values, square: Values) -> tuple[Values, Values]:
    """Variance = read + shot x level of each channel, from squares of which a few are outliers."""
    # Squares of normal values have 0.455 of their mean as the median; what is cut at 9 means loses 0.4 %.
    square = np.minimum(square, 20 * np.median(square, axis=1, keepdims=True))
    mean, middle = square.mean(axis=1), level.mean(axis=1)
    away = level - middle[:, None]
    # Where all levels are alike the slope cannot be told, and is taken for none.
    slope = (away * square).mean(axis=1) / (np.square(away).mean(axis=1) + 50.0)
    shot = np.clip(slope, 0.0, mean / (middle + 1.0))
    return np.maximum(mean - shot * middle, 0.1).astype(np.float32), shot.astype(np.float32)
