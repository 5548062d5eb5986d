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
from .grasp import finger_length, hand_down, yaw_between

ANGLES: Vector = np.pi * (np.arange(36, dtype=np.float64) / 36 - 0.5)
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
    """The tool at a place, pointing straight down, its closing axis at the angle `yaw` in the base frame."""
    return hand_down(place, yaw + np.pi / 2)


def grasp_height(arm: ArmModel, model: ObjectModel | None, state: ObjectState) -> float:
    """Height of the tool point over the table, m: under the object's centre, tips off the ground, palm off it."""
    tips = arm.gripper.pad_offset + arm.gripper.pad[2] + TIP_CLEARANCE
    centre = float(state.position[2])
    if model is None:
        return max(centre - ABOUT_CENTRE, LEAST_HEIGHT, tips)
    heights = centre + state.T_base_object.rotation.apply(model.vertices)[:, 2]
    ground = max(0.0, float(heights.min()))
    palm = float(heights.max()) - finger_length(arm) + PALM_CLEARANCE
    return max(centre - ABOUT_CENTRE, ground + LEAST_HEIGHT, ground + tips, palm)


def opening_for(arm: ArmModel, width: float) -> float:
    """How far to open for an object of this width, m."""
    return min(arm.gripper.max_width, width + FREE_PLAY)


def choose(arm: ArmModel, model: ObjectModel | None, state: ObjectState, present: float | None) -> Closing:
    """The axis to close along: one that fits, narrow, across the way of a moving object, near the present one."""
    speed = float(np.hypot(state.velocity[0], state.velocity[1]))
    natural = natural_yaw(state.position)
    across = float(np.arctan2(state.velocity[1], state.velocity[0])) + np.pi / 2
    if model is None:
        return Closing(nearest(across if speed > MOVING else natural, natural), UNKNOWN_WIDTH, 0.0)
    widths, offsets = widths_at(arm, model, state)
    cost = 6.0 * widths + np.where(widths > arm.gripper.max_width - 0.006, UNFIT, 0.0) + 3.0 * np.abs(offsets)
    if speed > MOVING:
        cost += 0.25 * yaw_between(ANGLES, across)
    cost += (0.10 if present is None else 0.22) * yaw_between(ANGLES, natural if present is None else present)
    best = int(np.argmin(cost))
    return Closing(nearest(float(ANGLES[best]), natural), float(widths[best]), float(offsets[best]))


def choose_ahead(arm: ArmModel, model: ObjectModel | None, state: ObjectState) -> Closing | None:
    """The axis across its way that a moving object runs in along; None if it does not fit between the fingers so."""
    across = float(np.arctan2(state.velocity[1], state.velocity[0])) + np.pi / 2
    natural = natural_yaw(state.position)
    if model is None:
        return Closing(nearest(across, natural), UNKNOWN_WIDTH, 0.0)
    widths, offsets = widths_at(arm, model, state, breadth=np.inf)
    turned = yaw_between(ANGLES, across)
    fits = (turned < MOST_TURNED) & (widths < arm.gripper.max_width - LEAST_PLAY)
    if not fits.any():
        return None
    best = int(np.argmin(np.where(fits, 6.0 * widths + 0.25 * turned, np.inf)))
    return Closing(nearest(float(ANGLES[best]), natural), float(widths[best]), float(offsets[best]))


def natural_yaw(place: Vector) -> float:
    """The closing axis of a hand that reaches straight out to a place."""
    return float(np.arctan2(place[1], place[0])) - np.pi / 2


def nearest(yaw: float, to: float) -> float:
    """The angle, modulo pi, next to another."""
    return to + (yaw - to + np.pi / 2) % np.pi - np.pi / 2


def widths_at(arm: ArmModel, model: ObjectModel, state: ObjectState, breadth: float = BREADTH) -> tuple[Vector, Vector]:
    """Width and middle along each of `ANGLES`, of what the fingers pass within `breadth` of the object's origin."""
    points = state.T_base_object.rotation.apply(_surface(model))
    low = grasp_height(arm, model, state) - float(state.position[2]) - 0.01
    high = points[points[:, 2] > low]
    points = high if len(high) else points
    axes = np.stack([np.cos(ANGLES), np.sin(ANGLES)])
    along, across = points[:, :2] @ axes, points[:, :2] @ np.stack([-axes[1], axes[0]])
    inside = np.abs(across) < breadth
    high = np.where(inside, along, -np.inf).max(axis=0)
    least = np.where(inside, along, np.inf).min(axis=0)
    empty = ~np.isfinite(high)
    high, least = np.where(empty, 0.5, high), np.where(empty, -0.5, least)
    return high - least, 0.5 * (high + least)


@lru_cache(maxsize=64)
def _surface(model: ObjectModel) -> Vector:
    return surface_points(model.vertices, model.faces, POINTS)
