"""What the machine knows of the space around: reach, heights, the container's zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from ..rig.nouns import ArmState, ObjectState, Vector
from .grasp import yaw_between
from .machine import Observation, Scene

FOLD = 0.33
"""Nearer to the base than this share of its reach, an arm cannot point its hand down."""
FAR = {"piper": 0.86}
"""Share of the reach at which the hand still points well enough down; others: 0.93."""
UNKNOWN_HEIGHT = 0.06
BRAKING_M = 0.04
"""Inside the box, so that a moving hand can stop before its walls."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the hand may and can work, pointing down: the box, less room to brake, and the arm's reach."""

    arm: ArmModel
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]

    def holds(self, places: Vector) -> NDArray[np.bool_]:
        """For places (n, 3)."""
        radius = np.hypot(places[:, 0], places[:, 1])
        near, far = FOLD * self.arm.reach, FAR.get(self.arm.name, 0.93) * self.arm.reach
        low, high = np.array(self.lower[:2]) + BRAKING_M, np.array(self.upper[:2]) - BRAKING_M
        inside = np.all((places[:, :2] >= low) & (places[:, :2] <= high), axis=1)
        return inside & (near <= radius) & (radius <= far) & (places[:, 2] < 0.35)

    def nearest(self, place: Vector) -> Vector:
        """The workable place next to another, at the same height."""
        radius = max(1e-6, float(np.hypot(place[0], place[1])))
        far = FAR.get(self.arm.name, 0.93) - 0.08
        wanted = np.clip(radius, (FOLD + 0.08) * self.arm.reach, far * self.arm.reach)
        low, high = np.array(self.lower[:2]) + BRAKING_M, np.array(self.upper[:2]) - BRAKING_M
        return np.array([*np.clip(np.asarray(place[:2]) * wanted / radius, low, high), place[2]])


def top(scene: Scene, key: str, state: ObjectState) -> float:
    """Height of an object's highest point, m."""
    model = scene.model(key)
    if model is None:
        return float(state.position[2]) + UNKNOWN_HEIGHT / 2
    return float(state.position[2] + state.T_base_object.rotation.apply(model.vertices)[:, 2].max())


def bottom(scene: Scene, key: str, state: ObjectState) -> float:
    """Height of an object's lowest point, m."""
    model = scene.model(key)
    if model is None:
        return float(state.position[2]) - UNKNOWN_HEIGHT / 2
    return float(state.position[2] + state.T_base_object.rotation.apply(model.vertices)[:, 2].min())


def size(scene: Scene, key: str) -> float:
    """Largest extent of an object, m."""
    model = scene.model(key)
    return UNKNOWN_HEIGHT if model is None else float(np.max(model.extent))


def in_container(scene: Scene, seen: Observation, key: str) -> bool:
    """Whether an object lies in the container's zone."""
    if seen.container is None or key not in seen.objects or seen.container not in seen.objects:
        return False
    zone = scene.zone(seen.container)
    local = seen.objects[seen.container].T_base_object.inv().apply(seen.objects[key].position)
    return zone is not None and zone.contains(local)


def release_pose(scene: Scene, seen: Observation, key: str, rotation: Rotation, above: float) -> RigidTransform | None:
    """The tool pose that puts the held object on the container's floor, or `above` over its rim; None without one."""
    if seen.container is None or seen.container not in seen.objects or key not in seen.objects:
        return None
    container, held, tool = seen.objects[seen.container], seen.objects[key], seen.arm.T_base_tool.translation
    hangs = float(tool[2]) - bottom(scene, key, held)
    rim = top(scene, seen.container, container)
    floor = bottom(scene, seen.container, container) + 0.012
    height = (rim + above if above else floor) + hangs
    shift = np.clip(np.asarray(held.position - tool)[:2], -0.05, 0.05)
    place = np.array([*(container.position[:2] - shift), height])
    return RigidTransform.from_components(place, rotation)


def tool_velocity(arm: ArmModel, state: ArmState) -> Vector:
    """Linear velocity of the tool, m/s (3,)."""
    return (kinematics.jacobian(arm, state.joints) @ state.joint_velocity)[:3]


def yaw_error(T_base_tool: RigidTransform, yaw: float) -> float:
    """Angle between the closing axis and where it should be, rad."""
    y = T_base_tool.rotation.as_matrix()[:, 1]
    return yaw_between(float(np.arctan2(y[1], y[0])), yaw)
