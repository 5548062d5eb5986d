"""The outline of an object in one view, as points with normals: exact at any pose, without rendering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from .looks import Look
from .viewpoints import ViewpointModel, normal_of


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Points (n) on the outline, in the order of their direction from its middle."""

    pixels: Vector
    """(n, 2)."""
    normals: Vector
    """(n, 2) outwards."""
    slopes: Vector
    """(n, 6): how far the point moves along its normal, px, as the object moves, m, and turns about its origin, rad."""
    half: Vector
    """(n,) half of the thickness of the silhouette behind the point, px."""
    spacing: float
    """Length of outline that each point stands for, px."""


def outline(model: ViewpointModel, look: Look, place: Vector, turn: Vector, most: int = 64) -> Outline | None:
    """The outline at T_base_object = (place, turn); None where the object is not in front of the camera."""
    eye = (look.eye - place) @ turn
    view = model.views[model.nearest(eye)]
    pieces = model.pieces
    sides = pieces.sides[view.pieces]
    facing = np.einsum("ijk,k->ij", model.normals[sides], eye) > model.offsets[sides]
    chosen = facing[:, 0] != facing[:, 1]
    numbers, thick = view.pieces[chosen], view.thickness[chosen]
    turned = pieces.middle[numbers] @ turn.T
    local = look.local(turned + place)
    if len(numbers) < 6 or local[:, 2].min() < 0.05:
        return None
    slopes = look.slopes(local)
    to_camera = look.turn @ turn
    across = np.einsum("ijk,ik->ij", slopes, pieces.along[numbers] @ to_camera.T)
    away = np.einsum("ijk,ik->ij", slopes, pieces.outward[numbers] @ to_camera.T)
    pixels, length = look.pixels(local), np.linalg.norm(across, axis=1)
    keep, spacing = _spread(pixels, length, most)
    normals = normal_of(away[keep], across[keep])
    # A point p moves with the camera's axes by turn @ (shift + rotation x p).
    pull = np.einsum("ij,ijk->ik", normals, slopes[keep]) @ look.turn
    levers = np.cross(turned[keep], pull)
    half = 0.5 * thick[keep] * look.camera.K[0, 0] / local[keep, 2]
    return Outline(pixels[keep], normals, np.hstack([pull, levers]), half, spacing)


def _spread(pixels: Vector, length: Vector, most: int) -> tuple[np.ndarray, float]:
    """Indices of at most so many points at even distances along the outline, in order; and that distance."""
    middle = (pixels * length[:, None]).sum(axis=0) / length.sum()
    off = pixels - middle
    order = np.argsort(np.arctan2(off[:, 1], off[:, 0]))
    along = np.cumsum(length[order])
    count = int(min(most, max(12.0, along[-1] / 1.5)))
    at = (np.arange(count) + 0.5) * along[-1] / count
    return order[np.searchsorted(along, at).clip(0, len(order) - 1)], float(along[-1] / count)
