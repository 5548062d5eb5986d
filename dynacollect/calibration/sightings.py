"""What a calibration is solved from: boards, what cameras saw of them, and where the robot was.

Metres, pixels, radians.
Two mountings: a board held in the gripper while fixed cameras look, and a board that lies still while the wrist camera
looks. Camera axes are OpenCV's; pixel centres have whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.spatial.transform import RigidTransform

from ..rig.nouns import Vector

Mounting = Literal["held", "table"]


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Corners of one board in one picture."""

    camera: str
    mounting: Mounting
    frame: int
    ids: Vector
    """(n,) whole numbers: rows of the board's points."""
    pixels: Vector
    """(n, 2)."""
    captured_at: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RobotPose:
    """Where the robot was as a frame was taken."""

    mounting: Mounting
    frame: int
    T_base_flange: RigidTransform
    joints: Vector | None = None
    measured_at: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationData:
    """Everything that a solve starts from."""

    points: Vector
    """(m, 3): the board's corners in its own frame, z = 0."""
    sightings: tuple[Sighting, ...]
    poses: tuple[RobotPose, ...]
    sizes: Mapping[str, tuple[int, int]]
    """Width and height by camera."""
