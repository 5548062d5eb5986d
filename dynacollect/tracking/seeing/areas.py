"""Where in a picture an object is looked for, and how likely it is at each pixel there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .tones import Box, Pixels, Values, clipped, part

ANYWHERE = 0.3
"""How likely a pixel shows the object where nothing says where it is in the box."""
STRAY, THERE = 0.02, 0.9
"""The same far from where it is expected, and there."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where an object is looked for in one view."""

    box: Box
    silhouette: Pixels | None = None
    """(h, w) of the box: where it is expected. None: anywhere in the box. The room between the two says how far off
    the expectation may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A region that lies in the picture, with how likely each pixel shows the object before it is looked at."""

    box: Box
    prior: Values
    expects: bool

    def prior_in(self, box: Box) -> Values:
        """In another box; nothing outside its own."""
        prior = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
        x0, y0, x1, y1 = common(self.box, box)
        rows, columns = part((x0 - box[0], y0 - box[1], x1 - box[0], y1 - box[1]))
        own_rows, own_columns = part((x0 - self.box[0], y0 - self.box[1], x1 - self.box[0], y1 - self.box[1]))
        prior[rows, columns] = self.prior[own_rows, own_columns]
        return prior


def area_of(region: Region, shape: tuple[int, ...]) -> Area | None:
    box = clipped(region.box, shape)
    x0, y0, x1, y1 = box
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    if region.silhouette is None or not region.silhouette.any():
        return Area(box, np.full((y1 - y0, x1 - x0), ANYWHERE, np.float32), False)
    there = region.silhouette.astype(np.float32)
    x, y, width, height = cv2.boundingRect(region.silhouette.astype(np.uint8))
    room = min(x, y, there.shape[1] - x - width, there.shape[0] - y - height)
    there = cv2.GaussianBlur(there, (0, 0), min(max(room / 3, 1.0), 8.0), borderType=cv2.BORDER_REPLICATE)
    rows, columns = part((x0 - region.box[0], y0 - region.box[1], x1 - region.box[0], y1 - region.box[1]))
    return Area(box, STRAY + (THERE - STRAY) * there[rows, columns], True)


def common(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def meet(one: Box, other: Box) -> bool:
    x0, y0, x1, y1 = common(one, other)
    return x0 < x1 and y0 < y1
