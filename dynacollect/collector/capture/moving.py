"""Pictures of the board while the arm moves: they tell how late each camera's clock is against the robot's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...calibration.capture.album import Taken
from ...rig.nouns import ArmState, Frame, Vector
from ...rig.rig import Rig

EVERY_S = 0.12
"""Between two pictures of one camera."""
LATEST_S = 0.25
"""A picture that was taken longer ago belongs to an earlier pose."""
WAYS = (
    ((0.05, 0.0, 0.0), (0.0, 0.0, 10.0)),
    ((0.0, 0.05, 0.02), (8.0, 0.0, -10.0)),
    ((-0.05, 0.0, 0.03), (0.0, 8.0, 10.0)),
    ((0.0, -0.05, 0.0), (-8.0, 0.0, -10.0)),
    ((0.0, 0.0, 0.04), (0.0, -8.0, 0.0)),
)
"""Where the board goes from the middle and how it turns meanwhile, base axes [m] and [deg]."""


def stations(pose: RigidTransform, pivot: Vector) -> Iterator[RigidTransform]:
    """Flange poses around one, to be driven through without a stop."""
    for shift, turn in WAYS:
        rotation = Rotation.from_rotvec(turn, degrees=True) * pose.rotation
        yield RigidTransform.from_components(pose.apply(pivot) + shift - rotation.apply(pivot), rotation)


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """What was seen in passing."""

    pictures: dict[str, Taken]
    arm: ArmState


@dataclass(slots=True)
class Recorder:
    """Collects pictures tick by tick."""

    rig: Rig
    cameras: Sequence[str]
    passed: list[Passing] = field(default_factory=list)
    way: list[ArmState] = field(default_factory=list)
    """In between."""
    _sequences: dict[str, int] = field(default_factory=dict)

    def watch(self, state: ArmState) -> None:
        """Take what is new, if the last is long enough ago."""
        if self.passed and state.measured_at < self.passed[-1].arm.measured_at + EVERY_S:
            self.way.append(state)
            return
        new = {name: frame for name in self.cameras if (frame := self._new(name, state)) is not None}
        if new:
            self._sequences |= {name: frame.sequence for name, frame in new.items()}
            taken = {name: Taken(np.array(frame.image), frame.captured_at) for name, frame in new.items()}
            self.passed.append(Passing(taken, state))

    def _new(self, name: str, state: ArmState) -> Frame | None:
        frame = self.rig.cameras[name].latest()
        if frame is None or frame.sequence <= self._sequences.get(name, -1):
            return None
        return frame if frame.captured_at > state.measured_at - LATEST_S else None
