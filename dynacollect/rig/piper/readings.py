"""What single frames of a PiPER say, in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag


class Drive(IntFlag):
    """The flags of a joint's drive."""

    LOW_VOLTAGE = 1
    MOTOR_HOT = 2
    OVER_CURRENT = 4
    DRIVE_HOT = 8
    COLLISION = 16
    ERROR = 32
    ENABLED = 64
    STALLED = 128


class Fingers(IntFlag):
    """The flags of the gripper's drive."""

    LOW_VOLTAGE = 1
    MOTOR_HOT = 2
    OVER_CURRENT = 4
    DRIVE_HOT = 8
    SENSOR = 16
    ERROR = 32
    ENABLED = 64
    HOMED = 128


@dataclass(frozen=True, slots=True)
class Status:
    """The arm's controller of itself."""

    control: int
    """0 standby, 1 CAN, 2 teaching, 6 leader; 255 is one that the maker's software does not know."""
    arm: int
    """0 is well; see `faults`."""
    errors: int = 0


@dataclass(frozen=True, slots=True)
class TwoJoints:
    """A third of the joints."""

    first: int
    """0, 2 or 4."""
    angles: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hand:
    """The gripper, uncorrected."""

    width: float
    torque: float
    """Of its motor, N m."""
    flags: Fingers


@dataclass(frozen=True, slots=True)
class Fast:
    """A joint's drive, often."""

    joint: int
    velocity: float
    torque: float


@dataclass(frozen=True, slots=True)
class Slow:
    """A joint's drive, seldom."""

    joint: int
    volts: float
    temperature_c: float
    """The warmer of motor and drive."""
    flags: Drive


@dataclass(frozen=True, slots=True)
class Stroke:
    """How far the gripper thinks that it travels; 0 is not set up."""

    millimetres: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a joint's drive keeps to."""

    joint: int
    lower: float
    upper: float
    velocity: float


@dataclass(frozen=True, slots=True)
class FirmwareText:
    """A piece of what the controller says of its firmware."""

    text: bytes


type Reading = Status | TwoJoints | Hand | Fast | Slow | Stroke | Limits | FirmwareText
