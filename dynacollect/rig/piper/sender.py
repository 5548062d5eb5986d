"""What the arm is told in every period: the joints of now, and now and then its mode and grip again."""

from __future__ import annotations

from math import ceil

import numpy as np

from ..arms.model import ArmModel
from ..nouns import Grip, SetPoints, Vector
from ..setpoint_memory import SetPointMemory
from .coding import Coding
from .frames import CAN_MODE, MOVE_J, Frame

MODE_EVERY_S, GRIP_EVERY_S, ASK_EVERY_S = 0.5, 0.1, 1.0
"""How often the mode and the grip are said again, and the gripper is asked for its travel."""
LONGEST_STEP_S = 0.02
"""After a longer gap between two periods the arm is still sent no farther than it moves in so long."""
NEWTONS_PER_TORQUE = 8.0
"""Of the pads, per N m of the gripper's motor: 5 N m stand for the model's 40 N."""
SPEED_ROOM = 1.2
"""The controller may go so much faster than the set-points, or it never catches up."""


class Sender:
    """Silent until it holds or follows something."""

    def __init__(self, model: ArmModel, coding: Coding, speed_share: float, width: tuple[float, float]) -> None:
        """`width`: the gripper's own offset, m, and scale."""
        self._model, self._coding = model, coding
        self._percent = min(100, ceil(100 * SPEED_ROOM * speed_share))
        self._offset, self._scale = width
        self._plan = SetPointMemory()
        self._target: Vector | None = None
        self._before: Vector | None = None
        self._at = float("-inf")
        self._step = 1.0 / model.rate_hz
        self._grip: Grip | None = None
        self._clear = True
        """The next grip shall clear the faults of the gripper's drive."""
        self._mode_at = self._grip_at = self._asked_at = float("-inf")

    @property
    def speaking(self) -> bool:
        return self._target is not None

    def hold(self, joints: Vector, width: float) -> None:
        """Stay here from now on, mode and grip said anew; fingers that were never told anything stay as they are."""
        self._plan.clear()
        # An arm at its stops reports a little less than its limits, and refuses to be sent there.
        self._target = self._before = np.clip(joints, self._model.lower, self._model.upper)
        self._grip = self._grip or Grip(width, self._model.gripper.min_force)
        self._mode_at = self._grip_at = float("-inf")
        self._clear = True

    def follow(self, setpoints: SetPoints) -> None:
        self._plan.add(setpoints)
        if setpoints.grip is not None and setpoints.grip != self._grip:
            self._grip, self._grip_at = setpoints.grip, float("-inf")

    def rest(self) -> None:
        """Come to rest within the arm's acceleration, all joints in the same time, and hold."""
        self._plan.clear()
        if self._target is None or self._before is None:
            return
        speed = (self._target - self._before) / self._step
        lasts = float(np.max(np.abs(speed) / self._model.max_acceleration))
        count = ceil(lasts * self._model.rate_hz)
        if count:
            passed = np.minimum(np.arange(count + 1) / self._model.rate_hz, lasts)[:, None]
            way = self._target + speed * (passed - passed**2 / (2.0 * lasts))
            self._plan.add(SetPoints(self._at + passed[:, 0], way))

    def silence(self) -> None:
        """Nothing more."""
        self._plan.clear()
        self._target = self._before = None

    def frames(self, now: float) -> list[Frame]:
        """To be sent now."""
        if self._target is None:
            return []
        sent = []
        if now - self._mode_at >= MODE_EVERY_S:
            self._mode_at = now
            sent.append(self._coding.mode(CAN_MODE, MOVE_J, self._percent))
        sent += self._coding.joints(self._next(now, self._target))
        sent += self.grip_frames(now)
        if now - self._asked_at >= ASK_EVERY_S:
            self._asked_at = now
            sent.append(self._coding.ask_stroke())
        return sent

    def grip_frames(self, now: float) -> list[Frame]:
        """A new grip at once, and now and then again."""
        if self._target is None or self._grip is None or now - self._grip_at < GRIP_EVERY_S:
            return []
        self._grip_at = now
        return [self._grip_frame(self._grip)]

    def _grip_frame(self, grip: Grip) -> Frame:
        width = min(max(grip.width, 0.0), self._model.gripper.max_width)
        raw = width * self._scale + self._offset
        clear, self._clear = self._clear, False
        return self._coding.gripper(raw, grip.force / NEWTONS_PER_TORQUE, clear=clear)

    def _next(self, now: float, target: Vector) -> Vector:
        """The plan's joints, no farther from the last ones than the arm can move, and inside its limits."""
        model = self._model
        wanted = self._plan.at(now)
        step = min(max(now - self._at, 0.0), LONGEST_STEP_S)
        self._before, self._at = target, now
        self._step = max(step, 1e-3)
        if wanted is not None and np.all(np.isfinite(wanted)):
            most = model.max_velocity * step
            target = np.clip(target + np.clip(wanted - target, -most, most), model.lower, model.upper)
        self._target = target
        return target
