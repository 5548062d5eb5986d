"""What travels on a PiPER's CAN bus: frames and their identifiers."""

from __future__ import annotations

from dataclasses import dataclass

BIT_RATE = 1_000_000
"""Fixed by the arm."""

STOP, MODE, JOINTS_12, JOINTS_34, JOINTS_56, GRIPPER = 0x150, 0x151, 0x155, 0x156, 0x157, 0x159
LEADER, ENABLE, ASK_LIMITS, LIMITS, JOINT_SETUP, ANSWER = 0x470, 0x471, 0x472, 0x473, 0x475, 0x476
ASK, COLLISION_LEVELS, TOP_ACCELERATION, SET_STROKE, STROKE, FIRMWARE = 0x477, 0x47B, 0x47C, 0x47D, 0x47E, 0x4AF
STATUS, POSE_1, POSE_2, POSE_3, FEEL_12, FEEL_34, FEEL_56, FEEL_GRIPPER = range(0x2A1, 0x2A9)
FAST, SLOW = tuple(range(0x251, 0x257)), tuple(range(0x261, 0x267))
"""What the drives of joint 1 to 6 report: speed and current often, temperatures and flags seldom."""
FEEDBACK = tuple(range(STATUS, FEEL_GRIPPER + 1))
SHIFTED = tuple(base + item for base in (0x2B0, 0x2C0, 0x3A0) for item in range(1, 9))
"""Where the feedback of an arm in leader mode is found."""
MOTION = (JOINTS_12, JOINTS_34, JOINTS_56)

CAN_MODE, LEADER_MODE, TEACH_MODE = 1, 6, 2
MOVE_J = 1
SET = 0xAE
"""What makes a setting count."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One CAN frame."""

    id: int
    data: bytes
    at: float = 0.0
    """When it was on the bus, host clock."""
