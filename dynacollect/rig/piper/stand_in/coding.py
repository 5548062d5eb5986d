"""Frames as the firmware packs and unpacks them: big-endian, by the maker's tables, without the maker's software.

The driver reads and writes them with the maker's own parser, so the two only agree where both are right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from math import asin, atan2

import numpy as np

from ...nouns import Vector
from ..frames import (
    ANSWER,
    COLLISION_LEVELS,
    FAST,
    FEEL_12,
    FEEL_GRIPPER,
    FIRMWARE,
    LIMITS,
    POSE_1,
    SLOW,
    STATUS,
    STROKE,
    TOP_ACCELERATION,
    Frame,
)

TORQUE_PER_AMPERE = (1.18125,) * 3 + (0.95844,) * 3
"""Of joints 1 to 6, N m: the maker's figures."""
_LONG, _SHORT = 2**31 - 1, 2**15 - 1


def joints(angles: Vector, base: int = FEEL_12) -> list[Frame]:
    """Three frames from `base` on, rad."""
    raw = _long(np.rad2deg(angles) * 1e3)
    return [Frame(base + index, struct.pack(">ii", *raw[2 * index : 2 * index + 2])) for index in range(3)]


def end_pose(position: Vector, turn: Vector) -> list[Frame]:
    """Three frames: metres, and the angles about the base's x, y and z, in that order, of a rotation matrix."""
    about_y = -asin(min(max(turn[2, 0], -1.0), 1.0))
    euler = np.array([atan2(turn[2, 1], turn[2, 2]), about_y, atan2(turn[1, 0], turn[0, 0])])
    raw = _long(np.concatenate([position * 1e6, np.rad2deg(euler) * 1e3]))
    return [Frame(POSE_1 + index, struct.pack(">ii", *raw[2 * index : 2 * index + 2])) for index in range(3)]


def status(control: int, arm: int, move: int, *, arrived: bool, errors: int = 0) -> Frame:
    return Frame(STATUS, struct.pack(">BBBBBBH", control, arm, move, 0, int(not arrived), 0, errors))


def hand(width: float, torque: float, flags: int) -> Frame:
    return Frame(FEEL_GRIPPER, struct.pack(">ihBB", round(width * 1e6), round(torque * 1e3), flags, 0))


def fast(joint: int, velocity: float, torque: float, position: float) -> Frame:
    speed = _short(velocity * 1e3)
    current = _short(torque / TORQUE_PER_AMPERE[joint] * 1e3)
    return Frame(FAST[joint], struct.pack(">hhi", speed, current, round(position * 1e3)))


def slow(joint: int, volts: float, drive_c: float, motor_c: float, flags: int) -> Frame:
    data = struct.pack(">HhbBH", round(10 * volts), round(drive_c), round(motor_c), flags, 0)
    return Frame(SLOW[joint], data)


def limits(joint: int, lower: float, upper: float, velocity: float) -> Frame:
    high, low = (round(10 * np.rad2deg(angle)) for angle in (upper, lower))
    return Frame(LIMITS, struct.pack(">BhhHB", joint + 1, high, low, round(1e3 * velocity), 0))


def top_acceleration(joint: int, acceleration: float) -> Frame:
    return Frame(TOP_ACCELERATION, struct.pack(">BHBBBBB", joint + 1, round(1e3 * acceleration), 0, 0, 0, 0, 0))


def stroke(millimetres: int) -> Frame:
    return Frame(STROKE, bytes([100, millimetres, 1, 0, 0, 0, 0, 0]))


def collision_levels(levels: Sequence[int]) -> Frame:
    return Frame(COLLISION_LEVELS, bytes([*levels, 0, 0]))


def answer(order: int) -> Frame:
    """That a setting was taken."""
    return Frame(ANSWER, bytes([order & 0xFF, 0, 0, 0, 0, 0, 0, 0]))


def firmware(version: str) -> Iterator[Frame]:
    """Hardware, software and date, eight bytes a frame."""
    text = f"H-V1.2-1{version}Py250601".encode()
    for begin in range(0, len(text), 8):
        yield Frame(FIRMWARE, text[begin : begin + 8].ljust(8, b"\0"))


def two_angles(data: bytes) -> Vector:
    """Of a joint command, rad."""
    return np.deg2rad(1e-3 * np.array(struct.unpack(">ii", data)))


def grip(data: bytes) -> tuple[float, float, int, int]:
    """Of a gripper command: width, torque, what to do with the drive, and whether to set zero here."""
    width, torque, order, zero = struct.unpack(">iHBB", data)
    return 1e-6 * width, 1e-3 * torque, order, zero


def _long(values: Vector) -> list[int]:
    return [int(value) for value in np.clip(np.rint(values), -_LONG, _LONG)]


def _short(value: float) -> int:
    return int(min(max(round(value), -_SHORT), _SHORT))
