"""Where the hand goes to grasp an object: straight down, turned so that the fingers close the right way.

A hand that points down has one angle left, its yaw: the turn about the base's z, 0 where the fingers close along the
base's y as at home. Grasps a half turn apart are the same grasp. Poses are T_base_tool; the table is z = 0.

The released rule turns the closing axis along the velocity of a moving object, so that one finger runs ahead of it and
one behind, and the hand may be early or late by half its opening. Closing across the velocity lets the object run in
between the open fingers; it forgives errors of time along the whole track but none beside it. Callers choose.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, overload

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.spatial import ConvexHull
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel, Shape
from ..rig.nouns import ObjectState, Vector
from ..rig.objects.model import ObjectModel
from ..rig.objects.symmetry import surface_points

Closing = Literal["along", "across"]
"""The closing axis relative to the velocity."""

BELOW_CENTRE = 0.008
"""The tool point goes this far below the object's centre, m."""
LOWEST = 0.008
"""Of the tool point above the table, m."""
PAD_HALF = 0.01
"""Half the height of what a pad touches, m."""
PAD_ACROSS = 0.012
"""Half the width of what a pad touches, m."""
SURFACE_POINTS = 8000
JOINT_MARGIN = 0.1
"""The last joint keeps this far from its limits, rad."""
AS_SHORT = 1.05
"""Axes of the footprint up to this much longer than the shortest are as good."""
APART_DEG = 15
"""Short axes are at least so far apart, degrees."""
UPRIGHT = 0.98
"""Cosine from which an axis of symmetry counts as vertical."""
_ANGLES = np.deg2rad(np.arange(180.0))
_DIRECTIONS = np.array([np.cos(_ANGLES), np.sin(_ANGLES)])
_HALF_TURN = Rotation.from_euler("x", np.pi)


def hand_down(position: Vector, yaw: float) -> RigidTransform:
    """The tool pose that points straight down."""
    return RigidTransform.from_components(position, Rotation.from_euler("z", yaw) * _HALF_TURN)


def heading(T_base_tool: RigidTransform) -> float:
    """Yaw of a hand, in (-pi, pi]: where its closing axis points, seen from above."""
    closing = T_base_tool.rotation.apply([0.0, 1.0, 0.0])
    return float(np.arctan2(closing[0], -closing[1]))


@overload
def yaw_between(first: float, second: float) -> float: ...
@overload
def yaw_between(first: Vector, second: float) -> Vector: ...
def yaw_between(first: float | Vector, second: float) -> float | Vector:
    """Angle between two grasps, 0 to pi / 2: half turns do not count."""
    return abs((first - second + np.pi / 2) % np.pi - np.pi / 2)


@lru_cache(maxsize=16)
def finger_length(arm: ArmModel) -> float:
    """How far the tool point stands out of the hand, m."""
    return float(arm.T_flange_tool.translation[2]) - max(_lowest(shape) for shape in arm.gripper.hulls)


def _lowest(shape: Shape) -> float:
    """How far along the hand's z a shape reaches."""
    if shape.ends is not None:
        return max(end[2] for end in shape.ends) + shape.size[0]
    return shape.position[2] + (shape.size[2] if shape.kind == "box" else max(shape.size))


def grasp_pose(
    arm: ArmModel, model: ObjectModel | None, state: ObjectState, *, moving: bool, yaw: float,
    closing: Closing = "along", finger: float | None = None,
) -> RigidTransform:  # fmt: skip
    """T_base_tool that grasps an object as it is in `state`, turned from `yaw`, the hand's own, as little as may be.

    `moving` says whether the velocity or the shape decides. `finger` is the length of finger that may reach down
    beside the object; the arm's own when left out.
    """
    height = grasp_height(model, state, finger_length(arm) if finger is None else finger)
    position = np.array([state.position[0], state.position[1], height])
    if moving:
        turned = [_along(state) + (np.pi / 2 if closing == "along" else 0.0)]
    elif model is None or _looks_round(model, state.T_base_object.rotation):
        turned = [yaw]
    else:
        turned = [angle + np.pi / 2 for angle in short_axes(model, state.T_base_object.rotation)]
    near = [nearest_yaw(arm, position, angle, yaw) for angle in turned]
    return hand_down(position, min(near, key=lambda angle: abs(_wrapped(angle - yaw))))


def grasp_height(model: ObjectModel | None, state: ObjectState, finger: float) -> float:
    """Height of the tool point, m: a little below the centre, above the table, and the hand above the object's top."""
    centre = float(state.position[2])
    height = max(centre - BELOW_CENTRE, LOWEST)
    if model is None:
        return height
    top = centre + float((_hull(model) @ _axis(state.T_base_object.rotation, (0.0, 0.0, 1.0))).max())
    return max(height, top - finger)


def nearest_yaw(arm: ArmModel, position: Vector, yaw: float, current: float) -> float:
    """The grasp at `yaw` or half turns from it that is nearest to the current yaw and within the last joint's range."""
    low, high = _yaw_range(arm, position)
    middle = 0.5 * (low + high)
    now = middle + _wrapped(current - middle)
    first = middle + _wrapped(yaw - middle)
    options = [angle for angle in first + np.pi * np.arange(-2, 3) if low <= angle <= high]
    return float(min(options, key=lambda angle: abs(angle - now))) if options else float(np.clip(first, low, high))


def _yaw_range(arm: ArmModel, position: Vector) -> tuple[float, float]:
    """Lowest and highest yaw of a hand that points down there.

    Turning the base joint turns the hand along; the last joint, whose axis points down, turns it back.
    """
    home = _home(arm)
    turned = np.arctan2(position[1], position[0]) - np.arctan2(home.translation[1], home.translation[0])
    middle = heading(home) + float(turned) + float(arm.home[-1])
    return middle - float(arm.upper[-1]) + JOINT_MARGIN, middle - float(arm.lower[-1]) - JOINT_MARGIN


@lru_cache(maxsize=16)
def _home(arm: ArmModel) -> RigidTransform:
    return kinematics.forward(arm, arm.home)


def _wrapped(angle: float) -> float:
    """The same angle in [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def _along(state: ObjectState) -> float:
    """Direction of the velocity on the table."""
    return float(np.arctan2(state.velocity[1], state.velocity[0]))


def _looks_round(model: ObjectModel, rotation: Rotation) -> bool:
    """Whether any yaw is as good as any other."""
    axis = model.symmetry.axis
    if model.symmetry.kind == "axis" and axis is not None:
        return abs(float(rotation.apply(axis)[2])) > UPRIGHT
    return model.symmetry.kind == "sphere"


def short_axes(model: ObjectModel, rotation: Rotation) -> tuple[float, ...]:
    """Directions on the table, in [0, pi), along which the footprint is shortest; several where they are as good."""
    flat = rotation.apply(_hull(model))[:, :2]
    width = np.ptp(flat @ _DIRECTIONS, axis=0)
    least = minimum_filter1d(width, 2 * APART_DEG + 1, mode="wrap")
    short = (width <= least + 1e-9) & (width <= AS_SHORT * width.min())
    return tuple(float(angle) for angle in _ANGLES[short])


def grasp_width(model: ObjectModel, state: ObjectState, yaw: float, height: float) -> float:
    """What the fingers close on, m: the object's extent along the closing axis where the pads are; 0 beside it.

    The hand is over the object's centre, its tool point at `height` above the table.
    """
    return _span(model, state, yaw, height - PAD_HALF, height + PAD_HALF)


def opening_width(model: ObjectModel, state: ObjectState, yaw: float, height: float) -> float:
    """What the open fingers must clear on their way down, m: the widest of the object from the finger tips up."""
    return _span(model, state, yaw, height - PAD_HALF, np.inf)


def _span(model: ObjectModel, state: ObjectState, yaw: float, low: float, high: float) -> float:
    rotation = state.T_base_object.rotation
    up = _axis(rotation, (0.0, 0.0, 1.0))
    closing = _axis(rotation, (np.sin(yaw), -np.cos(yaw), 0.0))
    centre = float(state.position[2])
    # Coarse keys: a hundredth of a radian and a millimetre.
    return _coarse_span(
        model, tuple(up.round(2)), tuple(closing.round(2)), round(low - centre, 3), round(high - centre, 3)
    )


@lru_cache(maxsize=4096)
def _coarse_span(
    model: ObjectModel, up: tuple[float, ...], closing: tuple[float, ...], low: float, high: float
) -> float:
    """Extent along an axis of what is between two heights about the origin and as near as a pad is wide.

    Both axes are in the object frame.
    """
    height = _surface(model) @ np.array(up)
    near = np.abs(_surface(model) @ np.cross(up, closing)) <= PAD_ACROSS
    along = _surface(model)[near & (height >= low) & (height <= high)] @ np.array(closing)
    return float(np.ptp(along)) if len(along) else 0.0


def _axis(rotation: Rotation, axis: tuple[float, float, float]) -> Vector:
    """An axis of the base frame in the object frame."""
    return rotation.inv().apply(axis)


@lru_cache(maxsize=64)
def _hull(model: ObjectModel) -> Vector:
    return model.vertices[ConvexHull(model.vertices).vertices]


@lru_cache(maxsize=64)
def _surface(model: ObjectModel) -> Vector:
    """(n, 3) points about a millimetre and a half apart."""
    return np.concatenate([model.vertices, surface_points(model.vertices, model.faces, SURFACE_POINTS)])
