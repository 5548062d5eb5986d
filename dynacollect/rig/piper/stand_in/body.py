"""What a PiPER's controller moves: joints and fingers, with sensors."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...arms.model import ArmModel
from ...cell.fingers import Fingers
from ...cell.follower import Follower
from ...nouns import Vector

STEP_S = 0.0025


class Body(Protocol):
    """The cell's world is one."""

    follower: Follower
    fingers: Fingers
    powered: bool
    joint_offset: Vector
    """Where the joints really are, less what their encoders say."""

    def joints(self) -> tuple[Vector, Vector, Vector]:
        """What the joint sensors read: position, velocity, torque."""
        ...

    def gripper(self) -> tuple[float, float]:
        """Width between the pads, m, and closing force of the fingers, N."""
        ...


class FreeBody:
    """An arm without mass that goes where its controller leads it, and fingers that close on `thing_m`, or on air."""

    def __init__(self, arm: ArmModel, thing_m: float = 0.0) -> None:
        self.arm, self.thing_m = arm, thing_m
        self.follower = Follower(arm.home, arm.max_velocity, arm.max_acceleration, arm.command_delay)
        self.fingers = Fingers(arm.gripper, arm.gripper.delay)
        self.powered = True
        self.joint_offset = np.zeros(arm.joints)
        self._position, self._velocity = arm.home.copy(), np.zeros(arm.joints)
        self._width, self._force = arm.gripper.max_width, 0.0
        self._time: float | None = None

    def advance(self, now: float) -> None:
        """Let time pass; a first call only says what time it is."""
        self._time = now if self._time is None else self._time
        while self._time + STEP_S <= now + 1e-9:
            if self.powered:
                before, self._position = self._position, self.follower.step(self._time, STEP_S).copy()
                self._velocity = (self._position - before) / STEP_S
            wanted, force = self.fingers.step(self._time, STEP_S, self._width)
            self._width = max(wanted, self.thing_m)
            self._force = force if wanted < self.thing_m else 0.0
            self._time += STEP_S

    def joints(self) -> tuple[Vector, Vector, Vector]:
        return self._position.copy(), self._velocity.copy(), np.zeros(self.arm.joints)

    def gripper(self) -> tuple[float, float]:
        return self._width, self._force
