"""What each pixel of a reference picture shows: the arm, the table, or something in the room, and how far away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.arms.mjcf import ArmHandle, add_arm, set_physics
from ...rig.arms.model import ArmModel
from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector

UNFIT, ROOM, TABLE = -3, -2, -1
"""What is not the arm; the arm's parts are numbered by link, base first. What is unfit has no say."""
DEPTH_SHARE = 0.4
"""One sigma of the nearness of what is in the room, of itself."""
ROOM_DISTANCE_M = 3.0
"""Of what is neither arm nor table and not seen through the table's plane; about as near as a wall may be."""
LOOKS_ONLY = np.array([0, 0, 1, 0, 0, 0], np.uint8)
"""Geom groups of the arm that a camera sees."""


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What a rig stands on: the arm, and the part of the table's plane that surely is table."""

    arm: ArmModel
    lower: Vector
    """(2,) x and y, base frame [m]."""
    upper: Vector
    table_z: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """What some pixels show."""

    part: np.ndarray
    """(n,): ROOM, TABLE, or the number of the arm's link."""
    nearness: Vector
    """(n,): one over the depth along the optical axis [1/m]; a guess in the room."""


def surfaces(
    bench: Bench, joints: Vector, camera: CameraModel, T_base_camera: RigidTransform, pixels: Vector
) -> Surfaces:
    """Casts the pixels' rays onto the arm with these joints and onto the table."""
    centre, rays = camera.rays(pixels, T_base_camera)
    ahead = rays @ T_base_camera.rotation.as_matrix()[:, 2]
    part, distance = _table(bench, centre, rays)
    link, arm_distance = _arm(bench.arm, joints, centre, rays)
    hit = (link >= 0) & (arm_distance < np.where(part == TABLE, distance, np.inf))
    part[hit], distance[hit] = link[hit], arm_distance[hit]
    return Surfaces(part, 1.0 / (distance * ahead))


def _table(bench: Bench, centre: Vector, rays: Vector) -> tuple[np.ndarray, Vector]:
    down = bench.table_z - centre[2]
    with np.errstate(divide="ignore"):
        distance = np.where(rays[:, 2] * down > 0, down / rays[:, 2], np.inf)
    distance = np.minimum(distance, 1e3)
    place = centre[:2] + distance[:, None] * rays[:, :2]
    inside = ((place >= bench.lower) & (place <= bench.upper)).all(axis=1)
    return np.where(inside, TABLE, ROOM), np.minimum(distance, ROOM_DISTANCE_M)


def _arm(arm: ArmModel, joints: Vector, centre: Vector, rays: Vector) -> tuple[np.ndarray, Vector]:
    """The link that each ray hits first, -1 for none, and how far away."""
    model, handle, link_of_body = _model(arm)
    data = mujoco.MjData(model)
    for name, angle in zip(handle.joints, joints, strict=True):
        data.joint(name).qpos[0] = angle
    for name in handle.fingers:
        data.joint(name).qpos[0] = 0.5 * arm.gripper.max_width
    mujoco.mj_kinematics(model, data)
    geom, distance = np.full(len(rays), -1, np.int32), np.full(len(rays), -1.0)
    mujoco.mj_multiRay(
        model, data, centre, rays.ravel(), LOOKS_ONLY, True, -1, geom, distance, None, len(rays), mujoco.mjMAXVAL
    )
    return np.where(geom >= 0, link_of_body[model.geom_bodyid[geom]], -1), distance


@lru_cache(maxsize=4)
def _model(arm: ArmModel) -> tuple[mujoco.MjModel, ArmHandle, np.ndarray]:
    """The arm alone, and the link that each of its bodies moves with."""
    spec = mujoco.MjSpec()
    set_physics(spec)
    handle = add_arm(spec, arm)
    model = spec.compile()
    link = np.full(model.nbody, arm.joints)
    link[: model.body(handle.base).id + 1] = 0
    for number, joint in enumerate(handle.joints, start=1):
        link[model.joint(joint).bodyid[0]] = number
    return model, handle, link
