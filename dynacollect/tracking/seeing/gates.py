"""Whether a mask can be what it is taken for; each gate says what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector
from .tones import Pixels

_AREA = 0.5, 1.8
"""Area against what is expected, least and most."""
_OVERLAP = 0.45
"""Least intersection over union with the expected silhouette, both about the same middle."""
_RAYS = 0.35
"""Largest distance of two rays to the same object, as a share of its size."""
_MARGIN = 0.15
"""Log density per pixel by which another object must fit better to contradict."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One judgement."""

    name: str
    passed: bool
    value: float
    """What was compared: 1 is perfect for area and shape, 0 for rays, more is better for identity."""
    reason: str


def area(pixels: Pixels, expected: Pixels, hidden: Pixels | None = None) -> Gate:
    """Whether a mask is as large as the visible part of the silhouette that the pose predicts (all full size)."""
    seen, wanted = np.count_nonzero(pixels), np.count_nonzero(_visible(expected, hidden))
    ratio = seen / max(wanted, 1)
    return Gate("area", _AREA[0] <= ratio <= _AREA[1], ratio, f"{seen} px where {wanted} px are expected")


def shape(pixels: Pixels, expected: Pixels, hidden: Pixels | None = None) -> Gate:
    """Whether a mask has the form of the visible part of the expected silhouette, wherever it lies."""
    own, wanted = np.argwhere(pixels), np.argwhere(_visible(expected, hidden))
    if not len(own) or not len(wanted):
        return Gate("shape", False, 0.0, "nothing is seen" if not len(own) else "nothing is expected to be seen")
    shift = np.round(own.mean(axis=0) - wanted.mean(axis=0)).astype(int)
    low = np.minimum(own.min(axis=0), (wanted + shift).min(axis=0))
    size = np.maximum(own.max(axis=0), (wanted + shift).max(axis=0)) - low + 1
    both = [np.zeros(size, bool), np.zeros(size, bool)]
    for grid, places in zip(both, (own, wanted + shift), strict=True):
        grid[tuple((places - low).T)] = True
    overlap = np.count_nonzero(both[0] & both[1]) / np.count_nonzero(both[0] | both[1])
    return Gate(
        "shape", overlap >= _OVERLAP, overlap, f"its form agrees to {100 * overlap:.0f} % with the expected one"
    )


def epipolar(cameras: Sequence[CameraModel], middles: Sequence[Vector], size: float, slack: float = 0.0) -> Gate:
    """Whether the middles of two views' masks, px, can be one object of this size, m.

    `slack` is how far it may have moved between the two pictures, m.
    """
    gap = ray_distance(cameras, middles)
    most = _RAYS * size + slack
    return Gate(
        "epipolar",
        gap <= most,
        gap / size,
        f"the views' rays pass {1e3 * gap:.0f} mm apart, at most {1e3 * most:.0f} mm fit",
    )


def ray_distance(cameras: Sequence[CameraModel], middles: Sequence[Vector]) -> float:
    """Least distance of the rays through one pixel (2,) of each of two cameras, in front of both, m."""
    (first, along), (second, across) = (
        camera.rays(np.reshape(middle, (1, 2))) for camera, middle in zip(cameras, middles, strict=True)
    )
    ways = np.column_stack([along[0], -across[0]])
    lengths, *_ = np.linalg.lstsq(ways, second - first, rcond=None)
    lengths = np.maximum(lengths, 0.0)
    return float(np.linalg.norm(first + lengths[0] * along[0] - second - lengths[1] * across[0]))


def identity(name: str, fits: Mapping[str, float]) -> Gate:
    """Whether no other object fits a mask's colours clearly better; `fits` are mean log densities of all objects."""
    others = {other: fit for other, fit in fits.items() if other != name}
    if not others:
        return Gate("identity", True, 0.0, "there is no other object")
    best = max(others, key=lambda other: others[other])
    lead = fits[name] - others[best]
    how = "better" if lead >= 0 else "worse"
    return Gate("identity", lead >= -_MARGIN, lead, f"its colours fit {name} {how} than {best} by {abs(lead):.2f}")


def _visible(expected: Pixels, hidden: Pixels | None) -> Pixels:
    return expected if hidden is None else expected & ~hidden
