"""The silhouette of an object in one view, from the viewpoint model: turned, scaled and put in place, not rendered."""

from __future__ import annotations

import cv2
import numpy as np

from ...rig.nouns import Vector
from ..seeing.tones import Box, Pixels, clipped
from .looks import Look
from .viewpoints import RASTER, ViewpointModel

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def facing(direction: Vector) -> Vector:
    """(3, 3) the least turn of a camera that brings a direction (3,) of its frame onto its axis."""
    z = direction / np.linalg.norm(direction)
    x = np.array([1.0, 0.0, 0.0]) - z[0] * z
    x /= np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z])


def flat_slopes(look: Look, middle: Vector, turn: Vector) -> Vector:
    """(2, 2) pixels per m across the line of sight, at a point of the camera's frame; `turn` as `facing` gives it."""
    return look.slopes(middle[None])[0] @ turn.T[:, :2]


def placed(model: ViewpointModel, look: Look, place: Vector, turn: Vector) -> tuple[Vector, int] | None:
    """Affine map (2, 3) from a silhouette's pixels to the picture's, and the viewpoint."""
    middle = look.local((turn @ model.middle + place)[None])[0]
    if middle[2] < 0.05:
        return None
    view = model.nearest((look.eye - place) @ turn)
    toward = facing(middle)
    roll = toward @ look.turn @ turn @ model.cameras[view].T
    flat = flat_slopes(look, middle, toward) @ roll[:2, :2] * model.scale
    pixel = look.pixels(middle[None])[0]
    return np.column_stack([flat, pixel - flat @ np.full(2, 0.5 * (RASTER - 1))]), view


def silhouette(
    model: ViewpointModel, look: Look, place: Vector, turn: Vector, room: int = 0
) -> tuple[Box, Pixels] | None:
    """The box around the object with some room, as far as it is in the picture, and the silhouette in it."""
    found = placed(model, look, place, turn)
    if found is None:
        return None
    affine, view = found
    corners = affine[:, :2] @ (np.array([[0, 0, 1, 1], [0, 1, 0, 1]]) * RASTER) + affine[:, 2:]
    low, high = np.floor(corners.min(axis=1)).astype(int) - room, np.ceil(corners.max(axis=1)).astype(int) + room + 1
    box = clipped((int(low[0]), int(low[1]), int(high[0]), int(high[1])), look.frame.image.shape)
    if box[2] - box[0] < 2 or box[3] - box[1] < 2:
        return None
    affine[:, 2] -= box[:2]
    size = (box[2] - box[0], box[3] - box[1])
    # A silhouette shrinks to a fraction of its size: averaged, or thin things would vanish between samples.
    shrink = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    raster = model.silhouettes[view]
    if shrink < 0.7:
        raster = cv2.blur(raster, (round(1 / shrink),) * 2)
    return box, cv2.warpAffine(raster, affine, size, flags=cv2.INTER_LINEAR) > 127


def overlap(box: Box, inside: Pixels, mask: Pixels, free: Pixels | None) -> float:
    """How much of a silhouette in a box and a mask of the whole picture is shared, where nothing hides it.

    Intersection over union, but a pixel next to the other's edge is nobody's fault: thin things are all edge.
    """
    x0, y0, x1, y1 = box
    part = mask[y0:y1, x0:x1]
    beyond = int(np.count_nonzero(mask)) - int(np.count_nonzero(part))
    own, other = inside.astype(np.uint8), part.astype(np.uint8)
    lacking, too_much = inside & (cv2.dilate(other, _CROSS) == 0), part & (cv2.dilate(own, _CROSS) == 0)
    both = inside & part
    if free is not None:
        lacking, too_much, both = (pixels & free[y0:y1, x0:x1] for pixels in (lacking, too_much, both))
    shared = int(np.count_nonzero(both))
    total = shared + int(np.count_nonzero(lacking)) + int(np.count_nonzero(too_much)) + beyond
    return shared / total if total else 0.0
