"""How to close on an object: along which axis, how wide it is there, how far to open before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.arms.model import ArmModel
from ..rig.nouns import ObjectState, Vector
from ..rig.objects.model import ObjectModel
from ..rig.objects.symmetry import surface_points
from ..rig.pose import pose_of, turn_of
from .grasp import finger_length, yaw_between

ANGLES: Vector = np.pi * (np.arange(36, dtype=np.float64) / 36 - 0.5)
AXES: Vector = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
ACROSS: Vector = np.stack([-AXES[:, 1], AXES[:, 0]], axis=1)
POINTS = 900
ABOUT_CENTRE = 0.008
"""The fingers close this far under the object's centre, m."""
LEAST_HEIGHT = 0.008
"""The tool point stays this far above the table, m."""
TIP_CLEARANCE = 0.005
PALM_CLEARANCE = 0.006
BREADTH = 0.013
"""Half of what the fingers cover across the closing axis, m."""
MOVING = 0.05
"""Faster than this, the way matters for the closing axis, m/s."""
FREE_PLAY = 0.018
"""Opening beyond the object's width while going down, m."""
MOST_TURNED = 0.35
"""Angle that the closing axis may differ from straight across the way, where an object runs in, rad."""
LEAST_PLAY = 0.012
HURRY = 0.25
"""What a second of turning the hand costs, in the same measure as an angle across the way, rad."""
MOST_AWAY = 1.9
"""Angle between the closing axis and that of a hand that reaches straight out, at most, rad."""
UNKNOWN_WIDTH = 0.05
UNFIT = 10.0


@dataclass(frozen=True, slots=True)
class Closing:
    """A closing axis: its angle in the base frame (modulo pi), the object's width along it, and its middle."""

    yaw: float
    width: float
    offset: float
    """Of the width's middle from the object's origin, along the axis, m."""


def down(place: Vector, yaw: float) -> RigidTransform:
    """The tool at a place, pointing straight down, its closing axis at the angle `yaw` in the base frame.

    The same hand as `grasp.hand_down` a quarter turn on, but for rounding, on which recorded runs depend.
    """
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return pose_of(place, np.array([[-sine, cosine, 0.0], [cosine, sine, 0.0], [0.0, 0.0, -1.0]]))


def heights(model: ObjectModel, state: ObjectState) -> tuple[float, float]:
    """Of an object's lowest and highest point, m."""
    rise = model.vertices @ turn_of(state.T_base_object)[2]
    return float(state.position[2] + rise.min()), float(state.position[2] + rise.max())


def grasp_height(arm: ArmModel, model: ObjectModel | None, state: ObjectState) -> float:
    """Height of the tool point over the table, m: under the object's centre, tips off the ground, palm off it."""
    tips = arm.gripper.pad_offset + arm.gripper.pad[2] + TIP_CLEARANCE
    centre = float(state.position[2])
    if model is None:
        return max(centre - ABOUT_CENTRE, LEAST_HEIGHT, tips)
    low, high = heights(model, state)
    ground = max(0.0, low)
    palm = high - finger_length(arm) + PALM_CLEARANCE
    return max(centre - ABOUT_CENTRE, ground + LEAST_HEIGHT, ground + tips, palm)


def opening_for(arm: ArmModel, width: float) -> float:
    """How far to open for an object of this width, m."""
    return min(arm.gripper.max_width, width + FREE_PLAY)


def choose(arm: ArmModel, model: ObjectModel | None, state: ObjectState, hand: float, present: float | None) -> Closing:
    """The axis to close along: one that fits, narrow, across the way of a moving object, and soon reached.

    `hand` is the closing axis now, `present` the one chosen before.
    """
    speed = float(np.hypot(state.velocity[0], state.velocity[1]))
    natural = natural_yaw(state.position)
    if model is None:
        across = float(np.arctan2(state.velocity[1], state.velocity[0])) + np.pi / 2
        return Closing(nearest(across if speed > MOVING else natural, natural), UNKNOWN_WIDTH, 0.0)
    yaws = yaws_from(hand, natural)
    widths, offsets = widths_at(arm, model, state)
    cost = 6.0 * widths + np.where(widths > arm.gripper.max_width - 0.006, UNFIT, 0.0) + 3.0 * np.abs(offsets)
    cost += HURRY * turning_time(arm, np.abs(yaws - hand))
    if speed > MOVING:
        cost += 0.25 * _across(state)
    if present is not None:
        cost += 0.12 * yaw_between(ANGLES, present)
    best = int(np.argmin(cost))
    return Closing(float(yaws[best]), float(widths[best]), float(offsets[best]) * _sense(yaws[best], ANGLES[best]))


def choose_ahead(arm: ArmModel, model: ObjectModel | None, state: ObjectState, hand: float) -> Closing | None:
    """The axis across its way that a moving object runs in along; None if it does not fit between the fingers so."""
    natural = natural_yaw(state.position)
    if model is None:
        across = float(np.arctan2(state.velocity[1], state.velocity[0])) + np.pi / 2
        return Closing(nearest(across, natural), UNKNOWN_WIDTH, 0.0)
    widths, offsets = widths_at(arm, model, state, breadth=np.inf)
    turned, yaws = _across(state), yaws_from(hand, natural)
    fits = (turned < MOST_TURNED) & (widths < arm.gripper.max_width - LEAST_PLAY)
    if not fits.any():
        return None
    cost = 6.0 * widths + 0.25 * turned + HURRY * turning_time(arm, np.abs(yaws - hand))
    best = int(np.argmin(np.where(fits, cost, np.inf)))
    return Closing(float(yaws[best]), float(widths[best]), float(offsets[best]) * _sense(yaws[best], ANGLES[best]))


def hand_yaw(T_base_tool: RigidTransform, place: Vector) -> float:
    """The closing axis that a tool brings over a place if only the arm's base turns."""
    y = T_base_tool.rotation.as_matrix()[:, 1]
    yaw = float(np.arctan2(y[1], y[0])) + natural_yaw(place) - natural_yaw(T_base_tool.translation)
    return nearest_turn(yaw, natural_yaw(place))


def yaws_from(hand: float, natural: float) -> Vector:
    """`ANGLES`, each half-turned to where a hand gets soonest without leading its last joint to the end."""
    yaws = hand + (ANGLES - hand + np.pi / 2) % np.pi - np.pi / 2
    away = yaws - natural
    return np.where(away > MOST_AWAY, yaws - np.pi, np.where(away < -MOST_AWAY, yaws + np.pi, yaws))


def turning_time(arm: ArmModel, angles: Vector) -> Vector:
    """Seconds that the last joint takes to turn by these."""
    top, push = float(arm.max_velocity[-1]), float(arm.max_acceleration[-1])
    return np.where(angles < top**2 / push, 2.0 * np.sqrt(angles / push), angles / top + top / push)


def nearest_turn(angle: float, to: float) -> float:
    """The angle, modulo whole turns, next to another."""
    return to + (angle - to + np.pi) % (2 * np.pi) - np.pi


def _across(state: ObjectState) -> Vector:
    """How far each of `ANGLES` is from straight across the way."""
    return np.asarray(yaw_between(ANGLES, float(np.arctan2(state.velocity[1], state.velocity[0])) + np.pi / 2))


def _sense(yaw: float, angle: float) -> float:
    """-1 where a yaw is the other end of an axis: offsets count along the yaw."""
    return 1.0 if np.cos(yaw - angle) > 0.0 else -1.0


def natural_yaw(place: Vector) -> float:
    """The closing axis of a hand that reaches straight out to a place."""
    return float(np.arctan2(place[1], place[0])) - np.pi / 2


def nearest(yaw: float, to: float) -> float:
    """The angle, modulo pi, next to another."""
    return to + (yaw - to + np.pi / 2) % np.pi - np.pi / 2


def widths_at(arm: ArmModel, model: ObjectModel, state: ObjectState, breadth: float = BREADTH) -> tuple[Vector, Vector]:
    """Width and middle along each of `ANGLES`, of what the fingers pass within `breadth` of the object's origin."""
    points = surface(model) @ turn_of(state.T_base_object).T
    low = grasp_height(arm, model, state) - float(state.position[2]) - 0.01
    high = points[points[:, 2] > low]
    points = high if len(high) else points
    level = np.ascontiguousarray(points[:, :2].T)
    along = AXES @ level
    if np.isfinite(breadth):
        inside = np.abs(ACROSS @ level) < breadth
        high = np.where(inside, along, -np.inf).max(axis=1)
        least = np.where(inside, along, np.inf).min(axis=1)
    else:
        high, least = along.max(axis=1), along.min(axis=1)
    empty = ~np.isfinite(high)
    high, least = np.where(empty, 0.5, high), np.where(empty, -0.5, least)
    return high - least, 0.5 * (high + least)


@lru_cache(maxsize=64)
def surface(model: ObjectModel) -> Vector:
    """Points on the object, in its frame; the first call for a model takes some time."""
    return surface_points(model.vertices, model.faces, POINTS)
