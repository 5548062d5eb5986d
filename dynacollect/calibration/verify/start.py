"""Where to start looking for a camera that was bumped far: the turn that its whole picture seems to have made."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector
from .looks import Looks
from .motions import Motions
from .patches import contrast
from .reference import Reference

LEVEL = 2
EDGE = 0.22
"""Share of the picture's width and height that its content may have moved."""
NEAR_PX = 3.0
"""A shift this small, at that level, is left to the fit."""


def rough_start(reference: Reference, now: Looks) -> Motions:
    """Nothing moved, but for cameras whose picture shifted by more than a few pixels: those turned in place."""
    mounts = dict(reference.still.mounts)
    for name, model in reference.models.items():
        pairs = zip(reference.looks.pictures[name], now.pictures[name], strict=True)
        shift = np.median(
            [picture_shift(contrast(before, LEVEL), contrast(after, LEVEL)) for before, after in pairs], axis=0
        )
        mounts[name] = mounts[name] * RigidTransform.from_rotation(turn_seen(model, shift))
    return Motions(mounts, reference.still.base)


def turn_seen(model: CameraModel, shift: Vector) -> Rotation:
    """By which a camera turned, about its own axes, if its picture shifted so far at LEVEL; none if that is little."""
    if np.hypot(*shift) <= NEAR_PX:
        return Rotation.identity()
    middle = 0.5 * np.array([model.width - 1, model.height - 1])
    old, new = model.unproject(np.array([middle, middle + shift * 2**LEVEL]))
    return Rotation.align_vectors(old[None], new[None])[0]


def picture_shift(before: np.ndarray, after: np.ndarray) -> Vector:
    """How far the middle of `before` is from there in `after` (x, y), to the pixel."""
    height, width = before.shape
    top, left = int(EDGE * height), int(EDGE * width)
    match = cv2.matchTemplate(after, before[top : height - top, left : width - left], cv2.TM_CCOEFF_NORMED)
    _, _, _, best = cv2.minMaxLoc(match)
    return np.array([best[0] - left, best[1] - top], float)
