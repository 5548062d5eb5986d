"""Where cameras are to register objects: masks of those that are lost, of which like objects get one each."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector
from ...rig.pose import turn_of
from ..seeing.areas import Region
from ..seeing.segment import Candidates
from .agreement import Surface
from .client import Pixels
from .look import DepthLook

ROOM = 1.5
"""How far around an object it is looked for, in its radii."""
ANOTHERS = 0.5
"""Share of a mask that is another object's, from which on all of it is."""


def first_free(
    candidates: Candidates, looks: Mapping[str, DepthLook], taken: Mapping[str, Pixels]
) -> dict[str, dict[str, Pixels]]:
    """By object and camera, the best candidate that is nobody else's. `taken` are pixels of other objects."""
    masks: dict[str, dict[str, Pixels]] = {}
    for view, look in looks.items():
        gone = taken[view].copy()
        for name, found in candidates.get(view, {}).items():
            straight = (look.straight(one.pixels) for one in found)
            mask = next(
                (one for one in straight if np.count_nonzero(one & gone) < ANOTHERS * np.count_nonzero(one)), None
            )
            if mask is not None:
                masks.setdefault(name, {})[view] = mask
                gone |= mask
    return masks


def silhouette(surface: Surface, look: DepthLook, pose: RigidTransform) -> Pixels:
    """Roughly the pixels of an object at T_base_object: the hull of its points."""
    points = (surface.points @ turn_of(pose).T + pose.translation) @ look.turn.T + look.shift
    pixels = np.zeros(look.shot.depth.shape, np.uint8)
    if (points[:, 2] > 0).all():
        spots = np.round((points / points[:, 2:]) @ look.shot.K[:2].T).astype(np.int32)
        cv2.fillConvexPoly(pixels, cv2.convexHull(spots), 1)
    return pixels > 0


def region_of(camera: CameraModel, place: Vector, radius: float) -> Region | None:
    """Around a place in the base frame; None where the camera cannot see it."""
    depth = float(camera.T_base_camera().inv().apply(place)[2])
    (u, v) = camera.project(place[None])[0]
    if depth <= 0 or not np.isfinite([u, v]).all():
        return None
    half = ROOM * radius * camera.K[0, 0] / depth
    x0, y0, x1, y1 = np.round([u - half, v - half, u + half, v + half]).astype(int).tolist()
    return Region((x0, y0, x1, y1))
