"""What may have moved, and where a picture's patches are expected when it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.arms.kinematics import forward, link_poses
from ...rig.arms.model import ArmModel
from ...rig.nouns import Vector
from ..lens import project
from ..model import crosses
from .landmarks import Landmarks
from .surfaces import DEPTH_SHARE, ROOM

PLANAR = 3
"""Unknowns of the base: along x, along y [m], about z [rad]; base frame."""
POSE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Motions:
    """A guess at what moved since the reference pictures were taken."""

    mounts: Mapping[str, RigidTransform]
    """By camera: T_base_camera if fixed (the base where it stood), T_flange_camera on the wrist."""
    base: RigidTransform
    """From where the base is now to where it stood; on the table's plane."""

    def of(self, names: tuple[str, ...]) -> Motions:
        """Of these cameras only."""
        return Motions({name: self.mounts[name] for name in names}, self.base)

    def moved(self, step: Vector) -> Motions:
        """After a step: for each camera the turn about its own axes and the shift along its parent's; then the base."""
        mounts = {}
        for (name, mount), own in zip(self.mounts.items(), step[:-PLANAR].reshape(-1, POSE), strict=True):
            rotation = mount.rotation * Rotation.from_rotvec(own[:3])
            mounts[name] = RigidTransform.from_components(mount.translation + own[3:], rotation)
        x, y, turn = step[-PLANAR:]
        planar = RigidTransform.from_components([x, y, 0.0], Rotation.from_rotvec([0.0, 0.0, turn]))
        return Motions(mounts, planar * self.base)

    def step_to(self, other: Motions) -> Vector:
        """The step after which `other` is reached."""
        steps = [pose_step(mount, other.mounts[name]) for name, mount in self.mounts.items()]
        base = other.base * self.base.inv()
        return np.concatenate([*steps, base.translation[:2], base.rotation.as_rotvec()[2:]])


def flange_pose(arm: ArmModel, joints: Vector) -> RigidTransform:
    """T_base_flange."""
    return forward(arm, joints) * arm.T_flange_tool.inv()


def pose_step(before: RigidTransform, after: RigidTransform) -> Vector:
    """(6,): the turn about its own axes, the shift along its parent's."""
    turn = (before.rotation.inv() * after.rotation).as_rotvec()
    return np.concatenate([turn, after.translation - before.translation])


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Where the patches of one reference picture are expected now."""

    corners: Vector
    """(n, 4, 2)."""
    doubt: Vector
    """(n,): one sigma of that because of what is not known of their depths [px]."""
    by_camera: Vector
    """(n, 2, 6): how their middles move with the camera's mount."""
    by_base: Vector
    """(n, 2, 3): and with the base."""


def expected(marks: Landmarks, motions: Motions, arm: ArmModel, before: Vector, now: Vector) -> Expected:
    """With the arm at joints `now`; the reference picture was taken at joints `before`."""
    camera, mount = marks.camera, motions.mounts[marks.camera.name]
    stood = camera.T_base_camera(flange_pose(arm, before))
    stands = motions.base * flange_pose(arm, now) * mount if camera.on_wrist else mount
    to_now = stands.inv()
    carried = motions.base * link_poses(arm, now) * link_poses(arm, before).inv()
    ways = np.concatenate([(to_now * stood).as_matrix()[None], (to_now * carried * stood).as_matrix()])
    on_arm = marks.surfaces.part >= 0
    way = ways[np.where(on_arm, marks.surfaces.part + 1, 0)]
    turn, shift = way[:, :3, :3], way[:, :3, 3] * marks.surfaces.nearness[:, None]
    lens = np.concatenate([camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], camera.distortion])
    corners = np.einsum("nij,ncj->nci", turn, marks.corner_rays) + shift[:, None]
    local = (np.einsum("nij,nj->ni", turn, marks.middle_rays) + shift) / marks.surfaces.nearness[:, None]
    pixels, by_local, _ = project(np.concatenate([corners.reshape(-1, 3), local]), lens)
    by_middle = by_local[4 * len(local) :]
    by_mount = np.concatenate([by_middle @ crosses(local), -by_middle @ mount.rotation.as_matrix().T], axis=2)
    from_base = by_middle @ stands.rotation.as_matrix().T @ _planar(stands.apply(local))
    carries = on_arm.astype(float) - float(camera.on_wrist)
    doubt = np.where(marks.surfaces.part == ROOM, DEPTH_SHARE * camera.K[0, 0] * np.linalg.norm(shift, axis=1), 0.0)
    return Expected(pixels[: 4 * len(local)].reshape(-1, 4, 2), doubt, by_mount, carries[:, None, None] * from_base)


def _planar(points: Vector) -> Vector:
    """(n, 3, 3): how points on the base move with it."""
    out = np.zeros((len(points), 3, PLANAR))
    out[:, 0, 0] = out[:, 1, 1] = 1.0
    out[:, 0, 2], out[:, 1, 2] = -points[:, 1], points[:, 0]
    return out
