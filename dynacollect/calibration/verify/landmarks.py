"""The patches of one reference picture, and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.nouns import Image, Vector
from .patches import Patches, grid
from .surfaces import ROOM, TABLE, UNFIT, Bench, Surfaces, surfaces

EDGE_OF_ARM = 0.6
"""A patch of which this share is arm belongs to the arm, for its strongest edge is the arm's outline."""
RAYS = 4
"""Along each side of a patch."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The patches of one reference picture at one level."""

    camera: CameraModel
    look: int
    patches: Patches
    surfaces: Surfaces
    """Of each patch."""
    corner_rays: Vector
    """(n, 4, 3), at depth 1 in the camera."""
    middle_rays: Vector
    """(n, 3)."""

    def only_arm(self, arm: bool) -> Landmarks:
        """With a say for the arm alone; or for all that does not move with the base, which on the wrist is all."""
        return self if self.camera.on_wrist else self.without((self.surfaces.part >= 0) != arm)

    def without(self, unfit: np.ndarray) -> Landmarks:
        """With these patches (n,) having no say."""
        part = np.where(unfit, UNFIT, self.surfaces.part)
        return replace(self, surfaces=replace(self.surfaces, part=part))


def landmarks(
    bench: Bench,
    joints: Vector,
    camera: CameraModel,
    T_base_camera: RigidTransform,
    picture: Image,
    look: int,
    level: int,
) -> Landmarks:
    """Cut up the picture that was taken with the arm at these joints."""
    patches = grid(picture, level)
    count, corners = len(patches.centres), patches.corners()
    share = np.linspace(0.0, 1.0, RAYS)
    right, down = (part.reshape(1, -1, 1) for part in np.meshgrid(share, share))
    inside = corners[:, :1] + right * (corners[:, 1:2] - corners[:, :1]) + down * (corners[:, 3:] - corners[:, :1])
    pixels = surfaces(bench, joints, camera, T_base_camera, inside.reshape(-1, 2))
    shown = _of_patches(pixels.part.reshape(count, -1), pixels.nearness.reshape(count, -1))
    rays = camera.unproject(np.concatenate([corners.reshape(-1, 2), patches.centres]))
    return Landmarks(camera, look, patches, shown, rays[: 4 * count].reshape(count, 4, 3), rays[4 * count :])


def _of_patches(part: np.ndarray, nearness: Vector) -> Surfaces:
    """One part and one distance for each patch: the arm's where it shows enough of it."""
    arm = part >= 0
    is_arm = arm.mean(axis=1) >= EDGE_OF_ARM
    is_table = (part == TABLE).mean(axis=1) > 0.5
    mixed = arm.any(axis=1) & ~is_arm
    link = part[np.arange(len(part)), np.where(arm, nearness, -1.0).argmax(axis=1)]
    counted = np.where(is_arm[:, None] & ~arm, np.nan, nearness)
    return Surfaces(
        np.where(is_arm, link, np.where(mixed, UNFIT, np.where(is_table, TABLE, ROOM))), np.nanmedian(counted, axis=1)
    )
