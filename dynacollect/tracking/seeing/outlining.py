"""From what single pixels say to one mask: smooth, sharp at the edge, whole."""

from __future__ import annotations

import cv2
import numpy as np

from .evidence import Difference
from .tones import SOFT, Pixels, Values, levels

_AGREEMENT = 1.2
"""Half the log odds that the neighbours' united opinion adds."""
_TURNS = 2
SURE = 7.0
"""Largest log odds of a single pixel."""
_DOUBTFUL = 0.45
"""Away from even chances, at most, where a pixel is shared out between the two sides of an edge."""
_BY = (5, 5)
"""Where the colours of the two sides are gathered, px."""
_ROOM = 5
"""Around an object that belongs to its edge, px."""
_CONTRAST = 5.0
"""Least difference of the two sides, sigmas."""
_OFF = 0.25
"""Largest distance of a pixel's colour from the mixtures of the two, as a share of their difference."""
_SMALL = 0.15
"""Pieces smaller than this share of the largest are dropped."""
_GAP_PX = 4
"""Holes up to this size are closed whatever they show."""


def odds(wanted: Values, rest: Values) -> Values:
    """Log odds of two likelihoods, limited."""
    tiny = np.float32(1e-12)
    return np.clip(np.log((wanted + tiny) / (rest + tiny)), -SURE, SURE)


def smooth(pixel_odds: Values) -> Values:
    """Probabilities, with neighbours that tend to agree."""
    belief = np.tanh(0.5 * pixel_odds)
    for _ in range(_TURNS):
        around = cv2.blur(belief, (3, 3), borderType=cv2.BORDER_REPLICATE)
        belief = np.tanh(
            0.5 * pixel_odds + np.float32(_AGREEMENT * 4.5 / 2) * around - np.float32(_AGREEMENT / 4) * belief
        )
    return 0.5 + 0.5 * belief


def sharpened(chance: Values, seen: Difference, hidden: Pixels | None) -> Pixels:
    """More likely than not; a doubtful pixel of the edge belongs to the side that fills more than half of it."""
    mask = chance > 0.5
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    near = np.s_[max(y - _ROOM, 0) : y + h + _ROOM, max(x - _ROOM, 0) : x + w + _ROOM]
    mask[near] = _shared_out(mask[near], chance[near], seen, near, None if hidden is None else hidden[near])
    return mask


def _shared_out(
    mask: Pixels, chance: Values, seen: Difference, where: tuple[slice, slice], hidden: Pixels | None
) -> Pixels:
    small = mask.astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inner, outer = cv2.erode(small, cross), cv2.dilate(small, cross)
    inside, outside = inner.astype(np.float32), ((outer == 0) & (chance < 0.2)).astype(np.float32)
    if hidden is not None:
        inside[hidden] = outside[hidden] = 0
    near, far = cv2.blur(inside, _BY), cv2.blur(outside, _BY)
    band = (outer > inner) & (np.abs(chance - 0.5) < _DOUBTFUL) & (near > 0.02) & (far > 0.02)
    if not band.any():
        return mask
    image = seen.image[where].astype(np.float32)
    colour = image[band]
    of_object = cv2.blur(image * inside[..., None], _BY)[band] / near[band, None]
    shade = cv2.blur(seen.rise[where] * outside[..., None], _BY)[band] / far[band, None]
    of_scene = levels((seen.expected[where][band] + shade)[None])[0]
    between = of_object - of_scene
    square = (between * between).sum(axis=1) + np.float32(1e-3)
    share = ((colour - of_scene) * between).sum(axis=1) / square
    off = np.square(colour - of_scene - share[:, None] * between).sum(axis=1)
    noise = seen.sigma[where][band, 1] * (of_scene[:, 1] + np.float32(SOFT))
    clear = (square > np.square(_CONTRAST * noise)) & (off < np.square(_OFF) * square)
    mask[band] = np.where(clear, share > 0.5, mask[band])
    return mask


def whole(mask: Pixels, chance: Values, pixel_odds: Values, hidden: Pixels | None) -> Pixels:
    """Without specks, and without holes that do not clearly show the scene behind."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    if count > 2:
        weights = np.bincount(labels.ravel(), chance.ravel(), count)
        weights[0] = 0
        mask = (weights > _SMALL * weights.max())[labels]
    return _filled(mask, pixel_odds, hidden)


def _filled(mask: Pixels, pixel_odds: Values, hidden: Pixels | None) -> Pixels:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    if count < 3:
        return mask
    height, width = mask.shape
    x, y, w, h = stats[:, :4].T
    enclosed = (x > 0) & (y > 0) & (x + w < width) & (y + h < height)
    sums = np.bincount(labels.ravel(), pixel_odds.ravel(), count)
    area = stats[:, cv2.CC_STAT_AREA]
    fill = enclosed & ((area <= _GAP_PX) | (sums > -2.0 * area))
    fill[0] = False
    filled = mask | fill[labels]
    return filled & ~hidden if hidden is not None else filled
