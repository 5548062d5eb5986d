"""What the machine knows of the space around: reach, heights, the container's zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from ..rig.nouns import ArmState, ObjectState, Vector
from .closing import heights
from .grasp import yaw_between
from .machine import Observation, Scene

FOLD = 0.33
"""Nearer to the base than this share of its reach, an arm cannot point its hand down."""
FAR = {"piper": 0.86}
"""Share of the reach at which the hand still points well enough down; others: 0.93."""
UNKNOWN_HEIGHT = 0.06
ROOMY_M = 0.10
"""So far from others an object has room enough in a container."""
BRAKING_M, BRAKING_SPEED = 0.04, 0.3
"""So far inside the box a hand of this speed or more stays, so that it can stop before the walls, m and m/s."""
EDGE_M = 0.01
"""So far inside the box every hand stays."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the hand may and can work, pointing down: the box, less room to brake, and the arm's reach."""

    arm: ArmModel
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]

    def holds(self, places: Vector, speed: float = np.inf) -> NDArray[np.bool_]:
        """For places (n, 3), and a hand that has this speed there."""
        radius = np.hypot(places[:, 0], places[:, 1])
        near, far = FOLD * self.arm.reach, FAR.get(self.arm.name, 0.93) * self.arm.reach
        braking = EDGE_M + (BRAKING_M - EDGE_M) * min(1.0, speed / BRAKING_SPEED)
        low, high = np.array(self.lower[:2]) + braking, np.array(self.upper[:2]) - braking
        inside = np.all((places[:, :2] >= low) & (places[:, :2] <= high), axis=1)
        return inside & (near <= radius) & (radius <= far) & (places[:, 2] < 0.35)

    def inside(self, place: Vector) -> Vector:
        """The place in the box next to another, at the same height."""
        low, high = np.array(self.lower[:2]) + EDGE_M, np.array(self.upper[:2]) - EDGE_M
        return np.array([*np.clip(np.asarray(place)[:2], low, high), place[2]])

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
    return heights(model, state)[1]


def bottom(scene: Scene, key: str, state: ObjectState) -> float:
    """Height of an object's lowest point, m."""
    model = scene.model(key)
    if model is None:
        return float(state.position[2]) - UNKNOWN_HEIGHT / 2
    return heights(model, state)[0]


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
    place = np.array([*(_free_spot(scene, seen, key) - shift), height])
    return RigidTransform.from_components(place, rotation)


def _free_spot(scene: Scene, seen: Observation, key: str) -> Vector:
    """Where in the container an object goes, (2,): its middle, or as far as can be from what lies there already.

    The first of several leaves one end free, where the middle is not room enough.
    """
    container = seen.objects[seen.container or ""]
    zone, T = scene.zone(seen.container or ""), container.T_base_object
    inside = [T.inv().apply(seen.objects[other].position)[:2] for other in _contained(scene, seen, key)]
    if zone is None or not (inside or scene.task.gathers):
        return np.asarray(container.position[:2])
    half = np.array(zone.half if zone.half is not None else (zone.radius, zone.radius)) - 0.5 * _breadth(scene, key)
    across, along = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 7))
    spots = np.stack([across.ravel(), along.ravel()], axis=1)
    spots = (spots[np.hypot(*spots.T) <= 1.0] if zone.half is None else spots) * np.maximum(half, 0.0)
    taken = np.array(inside or [np.where(half == half.max(), half, 0.0)])
    nearest = np.min(np.linalg.norm(spots[:, None] - taken[None], axis=2), axis=1)
    best = spots[int(np.argmax(np.minimum(nearest, ROOMY_M) - 0.2 * np.linalg.norm(spots, axis=1)))]
    return np.asarray(T.apply([*best, 0.0]))[:2]


def _contained(scene: Scene, seen: Observation, key: str) -> list[str]:
    """What else lies in the container."""
    others = [name for name in seen.objects if name not in (key, seen.container)]
    return [name for name in others if in_container(scene, seen, name)]


def _breadth(scene: Scene, key: str) -> float:
    """Second largest extent of an object, m."""
    model = scene.model(key)
    return UNKNOWN_HEIGHT if model is None else float(np.sort(model.extent)[1])


def tool_velocity(arm: ArmModel, state: ArmState) -> Vector:
    """Linear velocity of the tool, m/s (3,)."""
    return (kinematics.jacobian(arm, state.joints) @ state.joint_velocity)[:3]


def yaw_error(T_base_tool: RigidTransform, yaw: float) -> float:
    """Angle between the closing axis and where it should be, rad."""
    y = T_base_tool.rotation.as_matrix()[:, 1]
    return yaw_between(float(np.arctan2(y[1], y[0])), yaw)
