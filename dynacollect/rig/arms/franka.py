"""Franka Panda and FR3 with the Franka hand.

Kinematics, joint limits and torques are Franka's published figures; masses and inertias are those of Franka's own
robot description (its link frames are the DH frames used here), with the products of inertia left out. The FR3's speed
limits depend on position; the box that Franka suggests, inside them everywhere, stands here (the largest are 2.62, 5.26
and 4.18 rad/s).

Estimates, to be measured on the arm at hand: the hand's force range (30 N is what users report as the least that it
holds with; 70 N continuous is quoted without a primary source), its delay, and `command_delay` (a millisecond loop, the
network, and the controller's own filter).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from .franka_looks import (
    BASE,
    ELBOW,
    FINGER,
    FINGER_HULLS,
    FLANGE,
    FOREARM,
    HAND,
    HAND_HULLS,
    LOWER_ELBOW,
    SHOULDER,
    UPPER_ARM,
    WRIST,
)
from .model import ArmModel, DhRow, GripperModel, Link
from .primitives import Part

_QUARTER = np.pi / 2

_DH = (
    DhRow(a=0.0, alpha=0.0, d=0.333),
    DhRow(a=0.0, alpha=-_QUARTER, d=0.0),
    DhRow(a=0.0, alpha=_QUARTER, d=0.316),
    DhRow(a=0.0825, alpha=_QUARTER, d=0.0),
    DhRow(a=-0.0825, alpha=-_QUARTER, d=0.384),
    DhRow(a=0.0, alpha=_QUARTER, d=0.0),
    DhRow(a=0.088, alpha=_QUARTER, d=0.0),
)

_HAND = GripperModel(
    max_width=0.08,
    speed=0.1,
    delay=0.2,
    min_force=30.0,
    max_force=70.0,
    mass=0.6544,
    finger_mass=0.0291,
    pad=(0.0076, 0.00875, 0.00925),
    pad_offset=0.00025,
    pad_friction=1.0,
    shapes=HAND,
    finger_shapes=FINGER,
    centre=(0.0, 0.0119, 0.0207),
    inertia=(0.00186, 0.0003, 0.00174),
    hulls=HAND_HULLS,
    finger_hulls=FINGER_HULLS,
)

_PARTS = (BASE, SHOULDER, UPPER_ARM, ELBOW, LOWER_ELBOW, FOREARM, WRIST, FLANGE)

Body = tuple[float, tuple[float, float, float], tuple[float, float, float]]
"""Mass, centre, diagonal inertia."""

_PANDA_BODIES: tuple[Body, ...] = (
    (2.3966, (-0.0172, 0.0004, 0.0745), (0.0090, 0.0115, 0.0085)),
    (2.7907, (0.00033, -0.02204, -0.04762), (0.015648, 0.014399, 0.005004)),
    (2.5420, (0.00038, -0.09211, 0.01908), (0.016624, 0.004625, 0.015451)),
    (2.2513, (0.05152, 0.01696, -0.02971), (0.006317, 0.008663, 0.006578)),
    (2.2037, (-0.05113, 0.05825, 0.01698), (0.007846, 0.006495, 0.010031)),
    (2.2855, (-0.00005, 0.03730, -0.09280), (0.022970, 0.020951, 0.004306)),
    (1.3530, (0.06572, -0.00371, 0.00153), (0.000880, 0.002778, 0.002867)),
    (0.35973, (0.00089, -0.00044, 0.05491), (0.000195, 0.000192, 0.000179)),
)

_FR3_BODIES: tuple[Body, ...] = (
    (2.3966, (-0.0172, 0.0004, 0.0745), (0.0090, 0.0115, 0.0085)),
    (2.9275, (0.0000, -0.01813, -0.03860), (0.023927, 0.022482, 0.006350)),
    (2.9355, (0.00318, -0.07432, 0.00881), (0.041939, 0.025145, 0.061702)),
    (2.2449, (0.04070, -0.00482, -0.02897), (0.024101, 0.019741, 0.019044)),
    (2.6156, (-0.04591, 0.06305, -0.00852), (0.034530, 0.028882, 0.041255)),
    (2.3271, (-0.00160, 0.02925, -0.09730), (0.051610, 0.047877, 0.016424)),
    (1.8170, (0.05971, -0.04103, -0.01017), (0.005412, 0.014058, 0.016081)),
    (0.6271, (0.00452, 0.00863, -0.01616), (0.000211, 0.000177, 0.000060)),
)


def _links(bodies: tuple[Body, ...], parts: tuple[Part, ...]) -> tuple[Link, ...]:
    return tuple(
        Link(mass=mass, centre=centre, inertia=inertia, shapes=shapes, hulls=hulls)
        for (mass, centre, inertia), (shapes, hulls) in zip(bodies, parts, strict=True)
    )


_T_LAST_FLANGE = RigidTransform.from_translation([0.0, 0.0, 0.107])
_T_FLANGE_TOOL = RigidTransform.from_components([0.0, 0.0, 0.1034], Rotation.from_euler("z", -np.pi / 4))
_MAX_TORQUE = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])

_HOME = np.array([0.0, -0.28344646, 0.0, -2.23487447, 0.0, 1.95142801, np.pi / 4])
"""Tool at (0.466, 0, 0.383), straight down, fingers closing along the base's y."""

_RATE_HZ = 200.0
"""The controller takes 1000 a second; a driver that interpolates needs no more than 200, in 5 ms steps."""

PANDA = ArmModel(
    name="franka-panda",
    maker="Franka Robotics",
    dh=_DH,
    T_last_flange=_T_LAST_FLANGE,
    T_flange_tool=_T_FLANGE_TOOL,
    lower=np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973]),
    upper=np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973]),
    max_velocity=np.array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61]),
    max_acceleration=np.array([15.0, 7.5, 10.0, 12.5, 15.0, 20.0, 20.0]),
    max_jerk=np.array([7500.0, 3750.0, 5000.0, 6250.0, 7500.0, 10000.0, 10000.0]),
    max_torque=_MAX_TORQUE,
    home=_HOME,
    rate_hz=_RATE_HZ,
    command_delay=0.015,
    reach=0.75,
    links=_links(_PANDA_BODIES, _PARTS),
    gripper=_HAND,
)

FR3 = ArmModel(
    name="franka-fr3",
    maker="Franka Robotics",
    dh=_DH,
    T_last_flange=_T_LAST_FLANGE,
    T_flange_tool=_T_FLANGE_TOOL,
    lower=np.array([-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159]),
    upper=np.array([2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159]),
    max_velocity=np.array([2.0, 1.0, 1.5, 1.25, 3.0, 1.5, 3.0]),
    max_acceleration=np.full(7, 10.0),
    max_jerk=np.full(7, 5000.0),
    max_torque=_MAX_TORQUE,
    home=_HOME,
    rate_hz=_RATE_HZ,
    command_delay=0.015,
    reach=0.75,
    links=_links(_FR3_BODIES, _PARTS),
    gripper=_HAND,
)
