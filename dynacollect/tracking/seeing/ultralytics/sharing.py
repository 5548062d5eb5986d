"""Which detection is which object, where several could be; and whose a pixel is that several claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from ....rig.nouns import Mask
from ..areas import Region
from ..tones import Box, Pixels, clipped, part
from .naming import Called
from .network import Detection

LEAST = 0.05
"""Overlap with where an object is expected, below which a detection is something else."""
LEFT = 0.5
"""Share of a detection that must be left when likelier ones have taken their pixels."""
BESIDE = 0.2
"""What it counts to be in an object's box, but nowhere where its silhouette is expected."""


def assigned(found: Sequence[Detection], wanted: Mapping[str, Region], called: Called) -> dict[str, Detection]:
    """At most one detection for each object, so that all lie as near as can be to where they are expected."""
    names = list(wanted)
    if not names or not found:
        return {}
    worth = np.array([[_worth(one, wanted[name], called[name]) for one in found] for name in names])
    rows, columns = linear_sum_assignment(-worth)
    return {names[row]: found[column] for row, column in zip(rows, columns, strict=True) if worth[row, column] >= LEAST}


def disjoint(claims: Iterable[tuple[str, Pixels, float]], hidden: Pixels | None) -> dict[str, Mask]:
    """Masks of (object, pixels, score): a pixel goes to the likeliest, and none that is hidden to anybody."""
    masks: dict[str, Mask] = {}
    taken: Pixels | None = None
    for name, pixels, score in sorted(claims, key=lambda claim: -claim[2]):
        seen = pixels if hidden is None else pixels & ~hidden
        own = seen if taken is None else seen & ~taken
        if np.count_nonzero(own) <= LEFT * np.count_nonzero(seen):
            continue
        taken = own if taken is None else taken | own
        masks[name] = Mask(own, score)
    return masks


def box_around(one: Detection, shape: tuple[int, ...], room: int = 0) -> Box:
    """The whole pixels that a detection's box touches, and some around it, in a picture of this shape."""
    x0, y0, x1, y1 = one.box
    return clipped((int(x0) - room, int(y0) - room, int(np.ceil(x1)) + room, int(np.ceil(y1)) + room), shape)


def overlap(one: Pixels, other: Pixels) -> float:
    """Intersection over union."""
    return np.count_nonzero(one & other) / max(np.count_nonzero(one | other), 1)


def region_of(mask: Pixels) -> Region:
    """A mask as an expectation, with a third of its size around it."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    room = 4 + max(width, height) // 3
    inside = np.pad(mask[y : y + height, x : x + width], room)
    return Region((x - room, y - room, x + width + room, y + height + room), inside)


def agreement(pixels: Pixels, region: Region) -> float:
    """0 to 1: how well a mask lies where its object is expected."""
    x0, y0, _, _ = region.box
    box = clipped(region.box, pixels.shape)
    size, inside = max(np.count_nonzero(pixels), 1), np.count_nonzero(pixels[part(box)])
    if region.silhouette is None or not region.silhouette.any():
        return inside / size
    expected = region.silhouette[part((box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0))]
    common = np.count_nonzero(pixels[part(box)] & expected)
    return max(common / (size + np.count_nonzero(expected) - common), BESIDE * inside / size)


def _worth(one: Detection, region: Region, labels: frozenset[int]) -> float:
    """0 to 1: how well a detection is what is expected there."""
    if one.label not in labels:
        return 0.0
    return _box_overlap(one.box, region.box) if one.pixels is None else agreement(one.pixels, region)


def _box_overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes."""
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / max(sum(areas) - common, 1.0)
