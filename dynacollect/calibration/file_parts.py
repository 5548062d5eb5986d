"""The parts of a calibration file: what each key holds, and what it refuses.

Metres and pixels; what a std or an error is in, its key says. Quaternions are x, y, z, w.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.camera_model import CameraModel
from ..rig.config_base import LIST, Counts, Part, Point, nearest, refusal
from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .boards import KINDS, Board
from .result import Role

FARTHEST = 10.0
"""Metres; a longer translation is taken for millimetres."""
UNIT = 1e-3
"""How far a quaternion's length may be from one."""

Positive = Annotated[float, Field(gt=0)]
Std = Annotated[float, Field(ge=0)]
Stds = Annotated[tuple[Std, Std, Std], LIST]
Quaternion = Annotated[tuple[float, float, float, float], LIST]
Count = Annotated[int, Field(ge=0)]


class Pinhole(Part):
    """The numbers of K, in pixels."""

    fx: Positive = Field(examples=[402.0])
    fy: Positive = Field(examples=[402.0])
    cx: float = Field(examples=[239.5])
    cy: float = Field(examples=[179.5])

    @property
    def matrix(self) -> Vector:
        """(3, 3)."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])


class PinholeStd(Part):
    """One sigma of each, in pixels."""

    fx: Std
    fy: Std
    cx: Std
    cy: Std


class Distortion(Part):
    """Brown-Conrady, OpenCV's order."""

    k1: float = Field(default=0.0)
    k2: float = Field(default=0.0)
    p1: float = Field(default=0.0)
    p2: float = Field(default=0.0)
    k3: float = Field(default=0.0)

    @property
    def vector(self) -> Vector:
        """(5,)."""
        return np.array([self.k1, self.k2, self.p1, self.p2, self.k3])


class DistortionStd(Part):
    """One sigma of each."""

    k1: Std
    k2: Std
    p1: Std
    p2: Std
    k3: Std


class Pose(Part):
    """A place and how it is turned."""

    translation: Point = Field(examples=["[0.5, 0.0, 0.4]"])
    quaternion: Quaternion = Field(examples=["[0, 0, 0, 1]"])

    @model_validator(mode="after")
    def check(self) -> Self:
        """Metres, and a quaternion of length one."""
        farthest = max(abs(step) for step in self.translation)
        if farthest > FARTHEST:
            raise refusal(f"{farthest:g} m is too far away", "write metres, not millimetres", "translation")
        length = math.hypot(*self.quaternion)
        if abs(length - 1) > UNIT:
            raise refusal(f"the quaternion's length is {length:g}", "write x, y, z, w of length 1", "quaternion")
        return self

    @classmethod
    def of(cls, pose: RigidTransform) -> Self:
        """As it is, unrounded."""
        x, y, z = pose.translation.tolist()
        qx, qy, qz, qw = pose.rotation.as_quat(canonical=True).tolist()
        return cls(translation=(x, y, z), quaternion=(qx, qy, qz, qw))

    @property
    def transform(self) -> RigidTransform:
        """From the inner frame's coordinates to its parent's."""
        return RigidTransform.from_components(self.translation, Rotation.from_quat(self.quaternion))


class PlaceStd(Part):
    """One sigma of a pose: about its own axes, along its parent's."""

    turn_deg: Stds
    shift_mm: Stds


class CameraStd(PlaceStd):
    """One sigma of a camera's numbers."""

    K: PinholeStd
    distortion: DistortionStd


class Views(Part):
    """Pictures of a camera that counted, of those that show the board."""

    used: Count
    taken: Count


class Clock(Part):
    """What added to a camera's times gives the robot's."""

    offset_s: float
    std_s: Std


class FiledCamera(Part):
    """One camera's lens, and its place where that is known."""

    role: Role = Field(examples=["fixed"])
    serial: str | None = None
    size: Annotated[Counts, Field(examples=["[480, 360]"])]
    K: Pinhole = Field(examples=["{fx: 402.0, fy: 402.0, cx: 239.5, cy: 179.5}"])
    distortion: Distortion = Distortion()
    T_base_camera: Pose | None = None
    T_flange_camera: Pose | None = None
    std: CameraStd | None = None
    rms_px: Std | None = None
    views: Views | None = None
    clock: Clock | None = None

    @model_validator(mode="after")
    def check(self) -> Self:
        """A fixed camera stands in the base and a wrist camera on the flange."""
        if min(self.size) < 1:
            raise refusal(f"a picture of {self.shape} has no pixels", "write [width, height]", "size")
        other = "T_base_camera" if self.role == "wrist" else "T_flange_camera"
        if getattr(self, other) is not None:
            raise refusal(f"a {self.role} camera has no {other}", f"write {self.pose_key}, or mend its role", other)
        return self

    @property
    def pose_key(self) -> str:
        return "T_flange_camera" if self.role == "wrist" else "T_base_camera"

    @property
    def pose(self) -> RigidTransform | None:
        """None where only the lens is known."""
        given = self.T_flange_camera if self.role == "wrist" else self.T_base_camera
        return None if given is None else given.transform

    @property
    def shape(self) -> str:
        """Such as 480x360."""
        return f"{self.size[0]}x{self.size[1]}"

    def model(self, name: str) -> CameraModel:
        """What the rest of the project projects with."""
        pose = self.pose
        if pose is None:
            raise DynacollectError(
                f"The calibration has the lens of {name} but not its {self.pose_key}; "
                "solve it with robot poses: dynacollect calibrate solve."
            )
        return CameraModel(name, *self.size, self.K.matrix, self.distortion.vector, pose, self.role == "wrist")


class HeldBoard(Part):
    """The board in the gripper."""

    T_flange_board: Pose
    std: PlaceStd


class TableBoard(Part):
    """The board that lay still."""

    T_base_board: Pose
    std: PlaceStd


class Boards(Part):
    """Where the boards were."""

    held: HeldBoard | None = None
    table: TableBoard | None = None


class Scale(Part):
    """True size of the board over the size stated."""

    value: Positive
    std: Std


class HeldOutError(Part):
    """Of views that a second solve did not see."""

    views: Count
    rms_px: Std
    rms_mm: Std


class WorkspaceError(Part):
    """How far points in the box are off in the base because of the calibration alone."""

    low: Point
    high: Point
    rms_mm: Std
    worst_mm: Std


class FiledQuality(Part):
    """How good the calibration is."""

    corner_sigma_px: Std
    robot_sigma_deg: Std
    robot_sigma_mm: Std
    held_out: dict[str, HeldOutError] = Field(default_factory=dict)
    workspace: WorkspaceError | None = None
    advice: Annotated[tuple[str, ...], LIST] = ()


class Arm(Part):
    """The arm that the poses are in."""

    model: str = Field(examples=["franka-panda"])
    serial: str | None = None


def _by_type(facts: object) -> object:
    """Reads a mapping as the board that its `type` names."""
    if not isinstance(facts, Mapping):
        return facts
    kind = facts.get("type")
    if kind is None:
        raise refusal("the key 'type' is missing", "add 'type: charuco'")
    if not isinstance(kind, str) or kind not in KINDS:
        raise refusal(f"there is no board of type '{kind}'", nearest(kind, KINDS), "type")
    return KINDS[kind].model_validate(facts)


FiledBoard = Annotated[Board, BeforeValidator(_by_type)]


def _known(version: object) -> object:
    if isinstance(version, int) and version > 1:
        raise refusal(f"this file has layout {version} and this dynacollect reads layout 1", "update dynacollect")
    return version


Version = Annotated[Literal[1], BeforeValidator(_known)]
