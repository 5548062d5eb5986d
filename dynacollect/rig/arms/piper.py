"""AgileX PiPER with its own two-finger gripper.

Kinematics are those of firmware S-V1.6-3 and later (`dh_is_offset=1`); the joint limits, 3 rad/s and 5 rad/s2 are what
its controller accepts. Masses are the maker's description's, whose link frames are the DH frames used here; its
inertias only fit in the links when read about the link origins, so they were moved to the centres of mass, products
left out.

Joint 5 stops at 70 degrees, so the hand points straight down only low over the table: with the tool at x = 0.15 to 0.45
m at z = 0.02 m, and 0.15 to 0.35 m at z = 0.10 m. Higher or farther out it leans outward, by 30 degrees at home. No
joint vector has it straight down at the paper's start position.

Estimates, to be measured on the arm at hand: joint torques (the description says 100 N m for all six, a placeholder;
the CAN field ends at 8 N m, and the first three joints are taken to have four times that), jerk (not published: 50
rad/s3 reaches full acceleration in 0.1 s), the gripper's force (its effort is 0 to 5 N m at a motor with an unpublished
ratio; 40 N is a common figure), its speed, and both delays.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from .model import ArmModel, DhRow, GripperModel, Link
from .piper_looks import (
    BASE,
    FINGER,
    FINGER_HULLS,
    FLANGE,
    FOREARM,
    HAND,
    HAND_HULLS,
    SHOULDER,
    UPPER_ARM,
    WRIST_PITCH,
    WRIST_ROLL,
)

_QUARTER = np.pi / 2

_GRIPPER = GripperModel(
    max_width=0.07,
    speed=0.25,
    delay=0.02,
    min_force=5.0,
    max_force=40.0,
    mass=0.45,
    finger_mass=0.025,
    pad=(0.0025, 0.012, 0.015),
    pad_offset=-0.0126,
    pad_friction=1.0,
    shapes=HAND,
    finger_shapes=FINGER,
    centre=(0.0, 0.0, 0.0321),
    inertia=(0.000464, 0.000249, 0.000394),
    hulls=HAND_HULLS,
    finger_hulls=FINGER_HULLS,
)

_LINKS = (
    Link(1.02, BASE[0], (-0.00474, 0.0, 0.04145), (0.000922, 0.001051, 0.000873), BASE[1]),
    Link(0.71, SHOULDER[0], (0.00012, 0.0001, -0.00439), (0.000475, 0.000391, 0.00044), SHOULDER[1]),
    Link(1.17, UPPER_ARM[0], (0.19867, -0.01093, 0.00142), (0.001027, 0.021674, 0.021428), UPPER_ARM[1]),
    Link(0.50, FOREARM[0], (-0.02027, -0.13391, -0.00046), (0.00465, 0.000245, 0.004631), FOREARM[1]),
    Link(0.38, WRIST_ROLL[0], (-0.0001, 0.00088, -0.00497), (0.000175, 0.00018, 0.000155), WRIST_ROLL[1]),
    Link(0.383, WRIST_PITCH[0], (0.0, -0.05665, -0.00372), (0.000427, 0.00018, 0.000414), WRIST_PITCH[1]),
    Link(0.007, FLANGE[0], (0.0, 0.0, -0.002), (5.7e-07, 5.7e-07, 1.07e-06), FLANGE[1]),
)

PIPER = ArmModel(
    name="piper",
    maker="AgileX Robotics",
    dh=(
        DhRow(a=0.0, alpha=0.0, d=0.123),
        DhRow(a=0.0, alpha=-_QUARTER, d=0.0, offset=np.deg2rad(-172.22)),
        DhRow(a=0.28503, alpha=0.0, d=0.0, offset=np.deg2rad(-102.78)),
        DhRow(a=-0.02198, alpha=_QUARTER, d=0.25075),
        DhRow(a=0.0, alpha=-_QUARTER, d=0.0),
        DhRow(a=0.0, alpha=_QUARTER, d=0.091),
    ),
    T_last_flange=RigidTransform.identity(),
    T_flange_tool=RigidTransform.from_components([0.0, 0.0, 0.1334], Rotation.from_euler("z", np.pi)),
    lower=np.deg2rad([-150.0, 0.0, -170.0, -100.0, -70.0, -120.0]),
    upper=np.deg2rad([150.0, 180.0, 0.0, 100.0, 70.0, 120.0]),
    max_velocity=np.full(6, 3.0),
    max_acceleration=np.full(6, 5.0),
    max_jerk=np.full(6, 50.0),
    max_torque=np.array([32.0, 32.0, 32.0, 8.0, 8.0, 8.0]),
    home=np.array([0.0, 1.48464142, -1.53762329, 0.0, 1.18, 0.0]),
    rate_hz=200.0,
    command_delay=0.05,
    reach=0.55,
    links=_LINKS,
    gripper=_GRIPPER,
)
"""At home the tool is at (0.373, 0, 0.271), 30 degrees from straight down, fingers closing along the base's y.

A set-point is three CAN frames and feedback comes at about 200 Hz: more than 200 set-points a second would only fill
the bus.
"""
