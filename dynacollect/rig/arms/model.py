"""What an arm is, as data: kinematics, limits, links, gripper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..nouns import Vector


@dataclass(frozen=True, slots=True)
class DhRow:
    """One row of a modified (Craig) DH table: Rx(alpha) Tx(a) Rz(theta + offset) Tz(d)."""

    a: float
    alpha: float
    d: float
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """One primitive of a link's looks, in the link's DH frame; sizes as in MuJoCo (half lengths, radii)."""

    kind: Literal["box", "cylinder", "capsule", "sphere", "ellipsoid"]
    size: tuple[float, ...]
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    quaternion_xyzw: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    ends: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    """Capsules and cylinders may be given by their two end points in place of position and quaternion."""
    colour: tuple[float, float, float] = (0.93, 0.93, 0.93)


@dataclass(frozen=True, slots=True)
class Link:
    """A rigid part that moves with one joint (or with none: the base)."""

    mass: float
    shapes: tuple[Shape, ...]
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Centre of mass in the link's DH frame."""
    inertia: tuple[float, float, float] = (0.01, 0.01, 0.01)
    """Diagonal of the inertia about the centre of mass, along the DH frame's axes, kg m2."""
    hulls: tuple[Shape, ...] = ()
    """What of the link touches things: a few coarse shapes around its looks, in the link's DH frame."""


@dataclass(frozen=True, slots=True)
class GripperModel:
    """A parallel two-finger gripper; widths are the free distance between the pads."""

    max_width: float
    speed: float
    """Rate of the width at full speed, m/s."""
    delay: float
    """From the command to the first motion, s."""
    min_force: float
    max_force: float
    mass: float
    finger_mass: float
    pad: tuple[float, float, float]
    """Half sizes of one pad: along the closing direction, across, along the finger."""
    pad_offset: float
    """From the tool point to the pads' middle, along the tool's z."""
    pad_friction: float
    shapes: tuple[Shape, ...]
    """The hand's looks, in the hand frame: the flange's origin with the tool's axes."""
    finger_shapes: tuple[Shape, ...]
    """The left finger's looks, in the pad's frame: the middle of the gripping face, y away from the object."""
    centre: tuple[float, float, float] = (0.0, 0.0, 0.03)
    """The hand's centre of mass without its fingers, in the hand frame."""
    inertia: tuple[float, float, float] = (0.001, 0.001, 0.001)
    """Diagonal of the hand's inertia without its fingers, about its centre of mass, kg m2."""
    hulls: tuple[Shape, ...] = ()
    """What of the hand touches things, in the hand frame."""
    finger_hulls: tuple[Shape, ...] = ()
    """What of the left finger touches things besides the pad, in the pad's frame."""

    def closing_time(self, width: float, to: float = 0.0) -> float:
        """Seconds from the command until the fingers have gone from `width` to `to`."""
        return self.delay + max(0.0, width - to) / self.speed


@dataclass(frozen=True, slots=True, eq=False)
class ArmModel:
    """An arm from its published figures. All joint vectors are in radians, base to tip."""

    name: str
    maker: str
    dh: tuple[DhRow, ...]
    T_last_flange: RigidTransform
    """From the last DH frame to the flange."""
    T_flange_tool: RigidTransform
    """From the flange to the point between the finger tips, z out of the hand, y along the closing direction."""
    lower: Vector
    upper: Vector
    max_velocity: Vector
    max_acceleration: Vector
    max_jerk: Vector
    max_torque: Vector
    home: Vector
    """Where episodes start: hand down over the table, at the paper's start position."""
    rate_hz: float
    """How often the controller takes a set-point."""
    command_delay: float
    """From a set-point to the motion, s."""
    reach: float
    """Radius of the usable table, from the base axis, m."""
    links: tuple[Link, ...]
    """Base first, then one per joint."""
    gripper: GripperModel

    @property
    def joints(self) -> int:
        return len(self.dh)

    @property
    def T_flange_hand(self) -> RigidTransform:
        """The hand frame: the flange's origin with the tool's axes."""
        return RigidTransform.from_rotation(self.T_flange_tool.rotation)

    def inside_limits(self, joints: Vector, margin: float = 0.0) -> bool:
        return bool(np.all(joints >= self.lower + margin) and np.all(joints <= self.upper - margin))
