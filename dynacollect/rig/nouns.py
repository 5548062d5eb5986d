"""The nouns that flow from room to room.

SI units and radians; time is float seconds on the host's monotonic clock; the base frame is the robot's base.
`T_a_b` takes b's coordinates to a's. All are frozen; nobody writes into an array that was handed on.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from .pose import pose_of, turn_of

Vector = NDArray[np.float64]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera."""

    image: Image
    """(height, width, 3), RGB."""
    camera: str
    sequence: int
    """The device's own frame number; a gap is a dropped frame."""
    captured_at: float
    """Mid-exposure, host clock (device time through the clock fit)."""
    arrived_at: float
    """When the host had it."""
    device_time: float
    """Mid-exposure on the device's own clock."""


@dataclass(frozen=True, slots=True)
class FrameSet:
    """The frames of one tick, paired by capture time."""

    frames: Mapping[str, Frame]
    missing: tuple[str, ...] = ()
    """Cameras that had no frame within the hard tolerance."""
    late: tuple[str, ...] = ()
    """Cameras whose frame is outside the soft tolerance but usable."""

    @property
    def captured_at(self) -> float:
        """The time the set stands for: the middle of its captures; NaN when empty."""
        times = [frame.captured_at for frame in self.frames.values()]
        return 0.5 * (min(times) + max(times)) if times else float("nan")

    def only(self, cameras: Container[str]) -> FrameSet:
        """Of these cameras."""
        return FrameSet(
            {name: frame for name, frame in self.frames.items() if name in cameras},
            tuple(name for name in self.missing if name in cameras),
            tuple(name for name in self.late if name in cameras),
        )

    @property
    def skew(self) -> float:
        """Seconds between the first and the last capture."""
        times = [frame.captured_at for frame in self.frames.values()]
        return max(times) - min(times) if times else 0.0


@dataclass(frozen=True, slots=True)
class Mask:
    """Where one object is in one view."""

    pixels: NDArray[np.bool_]
    score: float


@dataclass(frozen=True, slots=True)
class Masks:
    """What a segmenter saw in all views of one tick: camera -> object -> mask."""

    views: Mapping[str, Mapping[str, Mask]]
    captured_at: float


@dataclass(frozen=True, slots=True)
class PoseEstimate:
    """One measurement of one object's pose."""

    object: str
    T_base_object: RigidTransform
    covariance: Vector
    """(6, 6): position then rotation vector, both in the base frame."""
    captured_at: float
    health: float
    """0 = lost, 1 = certain."""


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What an object does: the tracker's belief, or the cell's truth, at one instant."""

    object: str
    T_base_object: RigidTransform
    velocity: Vector
    angular_velocity: Vector
    covariance: Vector
    """(12, 12): position, rotation vector, velocity, angular velocity; base frame."""
    valid_at: float
    health: float = 1.0

    @property
    def position(self) -> Vector:
        return np.asarray(self.T_base_object.translation)

    def at(self, time: float) -> ObjectState:
        """The state moved to `time` at constant velocity, its covariance grown along."""
        dt = time - self.valid_at
        turn = Rotation.from_rotvec(self.angular_velocity * dt).as_matrix()
        pose = pose_of(self.position + self.velocity * dt, turn @ turn_of(self.T_base_object))
        return replace(self, T_base_object=pose, covariance=self.covariance_at(time), valid_at=time)

    def covariance_at(self, time: float) -> Vector:
        """The covariance of the state moved to `time`."""
        step = np.eye(12)
        step[:6, 6:] = (time - self.valid_at) * np.eye(6)
        return step @ self.covariance @ step.T


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps a device from doing its work."""

    name: str
    detail: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class ArmState:
    """What the arm reports about itself."""

    joints: Vector
    joint_velocity: Vector
    joint_torque: Vector
    T_base_tool: RigidTransform
    gripper_width: float
    gripper_force: float
    measured_at: float
    arrived_at: float
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Grip:
    """Where the fingers shall go, and how hard they may press."""

    width: float
    force: float


@dataclass(frozen=True, slots=True)
class Command:
    """What a controller wants: a tool pose or joints, and a grip; `None` leaves a part as it is."""

    T_base_tool: RigidTransform | None = None
    joints: Vector | None = None
    velocity: Vector | None = None
    """Tool velocity at the goal (3,), for a goal that moves."""
    grip: Grip | None = None
    reach_at: float | None = None
    """When to be there; `None` is as soon as the limits allow."""


@dataclass(frozen=True, slots=True)
class SetPoints:
    """Joint set-points with their times, as motion hands them to an arm.

    They end in standstill, so that an arm that hears nothing more comes to rest on its own.
    """

    times: Vector
    """(n,), host clock, increasing."""
    joints: Vector
    """(n, joints)."""
    grip: Grip | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Everything of one control step."""

    index: int
    time: float
    frames: FrameSet
    arm: ArmState
    objects: Mapping[str, ObjectState] = field(default_factory=dict)
    phase: str = ""
    command: Command | None = None
    chunk: Vector | None = None
    """The policy's action chunk, where a policy drives."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an episode ended: `success` is None where the cues disagree."""

    success: bool | None
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Episode:
    """Ticks with what they were for and how they ended."""

    ticks: tuple[Tick, ...]
    instruction: str
    verdict: Verdict
    provenance: Mapping[str, object]
