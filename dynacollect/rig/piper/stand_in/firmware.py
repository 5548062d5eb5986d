"""A PiPER's controller: takes orders, leads joints and fingers, and says what it is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ...arms.model import ArmModel
from ...nouns import Grip, SetPoints, Vector
from .. import frames as can_id
from ..frames import CAN_MODE, LEADER_MODE, MOVE_J, SET, Frame
from ..sender import NEWTONS_PER_TORQUE
from . import coding
from .body import Body

VERSION = "S-V1.8-2"
OK, ESTOP, OVER_LIMIT = 0, 1, 4
UNSET_READS, UNSET_GOES = 1.25, 0.85
"""What a gripper whose travel is not set up reports per metre, and how far it goes per metre asked for."""
LIMIT_SLACK = 1e-4


class Firmware:
    """Of one arm. It starts as after power-on: standby, drives off, held by its brakes."""

    def __init__(self, arm: ArmModel, body: Body, version: str = VERSION) -> None:
        self.arm, self.body, self.version = arm, body, version
        self.control, self.move = 0, 0
        self.error = OK
        """The status that stands until it is cleared."""
        self.enabled = [False] * arm.joints
        self.hand_enabled = False
        self.stroke_mm = 0
        self.hand_zero = 0.0
        """What the gripper reports when its fingers touch, m."""
        self.leader = False
        self.enables_due = 1
        """How often enabling must be said until it counts; twice after a reset."""
        self.bars: set[int] = set()
        """Errors that cannot be cleared yet."""
        self.dead: set[int] = set()
        """Drives that do not enable."""
        self.dropped_it = False
        """Whether the arm was ever let fall: disabled or reset while it was up."""
        self.obeyed_at: list[float] = []
        """When a whole set of joints was followed."""
        self.corrupted_limits = False
        self.levels = [1] * arm.joints
        self._period = 1.0 / arm.rate_hz
        # It goes straight from target to target and must know the one after the next: two periods of its delay.
        body.follower.delay = max(0.0, body.follower.delay - 2.0 * self._period)
        # A grip may wait for up to a period until it is heard.
        body.fingers.delay = max(0.0, body.fingers.delay - self._period)
        self._coming = body.follower.position.copy()
        self._start_over()
        self._parts: set[int] = set()
        self._over = False
        self._orders: dict[int, Callable[[bytes, float], Iterator[Frame]]] = {
            can_id.STOP: self._stop, can_id.MODE: self._mode, can_id.GRIPPER: self._grip, can_id.LEADER: self._lead,
            can_id.ENABLE: self._enable, can_id.ASK_LIMITS: self._tell_limits, can_id.JOINT_SETUP: self._set_joint,
            can_id.ASK: self._tell, can_id.SET_STROKE: self._set_stroke, can_id.FIRMWARE: self._tell_firmware,
            **dict.fromkeys(can_id.MOTION, lambda _, __: iter(())),
        }  # fmt: skip

    @property
    def status(self) -> int:
        return self.error or (OVER_LIMIT if self._over else OK)

    @property
    def moves(self) -> bool:
        """Whether it takes joint commands."""
        ready = self.control == CAN_MODE and self.move == MOVE_J and not self.leader
        return ready and self.error == OK and all(self.enabled)

    def hear(self, frame: Frame, now: float) -> list[Frame]:
        """An order; what it answers."""
        if len(frame.data) != 8:
            return []
        if frame.id in can_id.MOTION:
            self._hear_joints(frame, now)
            return []
        order = self._orders.get(frame.id)
        return [] if order is None else list(order(frame.data, now))

    def fail(self, error: int) -> None:
        """Stop with an error that stands until it is cleared."""
        self.error = error
        self.halt()

    def halt(self) -> None:
        self.body.follower.halt()
        self._parts.clear()

    def lose_drive(self, joint: int) -> None:
        """It is off and stays so."""
        self.dead.add(joint)
        self.enabled[joint] = False
        self.halt()

    def lose_power(self) -> None:
        """As a reset does: the drives let go, and enabling must be said twice."""
        self.control, self.error, self.enables_due = 0, OK, 2
        self.enabled = [False] * self.arm.joints
        self.hand_enabled = False
        self.halt()
        self.body.powered = False

    def reported_width(self, width: float) -> float:
        return self.hand_zero + width * (UNSET_READS if self.stroke_mm == 0 else 1.0)

    def _hear_joints(self, frame: Frame, now: float) -> None:
        first = 2 * can_id.MOTION.index(frame.id)
        self._coming[first : first + 2] = coding.two_angles(frame.data)
        self._parts.add(first)
        if frame.id == can_id.JOINTS_56:
            whole = self._parts == {0, 2, 4}
            self._parts.clear()
            if whole and self.moves:
                self._follow(self._coming.copy(), now)

    def _follow(self, target: Vector, now: float) -> None:
        self._over = not self.arm.inside_limits(target, -LIMIT_SLACK)
        if self._over:
            return
        self.obeyed_at.append(now)
        self._targets = [*self._targets[1:], target]
        times = np.array([now, now + self._period, now + 2.0 * self._period])
        self.body.follower.take(now, SetPoints(times, np.array(self._targets)))

    def _start_over(self) -> None:
        """From where the joints are led to now."""
        self._targets = [self.body.follower.position.copy()] * 3

    def _stop(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[0] == 1:
            self.fail(ESTOP)
        elif data[0] == 2:
            self.dropped_it = True
            self.body.joint_offset = np.zeros(self.arm.joints)
            self.lose_power()
        yield from ()

    def _mode(self, data: bytes, _: float) -> Iterator[Frame]:
        if not self.leader and self.error != ESTOP:
            if data[0] != self.control:
                self._start_over()
            self.control, self.move = data[0], data[1]
            self.body.follower.max_velocity = self.arm.max_velocity * data[2] / 100.0
        yield from ()

    def _grip(self, data: bytes, now: float) -> Iterator[Frame]:
        width, torque, order, zero = coding.grip(data)
        self.hand_enabled = bool(order & 1)
        if zero == SET:
            self.hand_zero = 0.0
        elif self.hand_enabled and not self.leader:
            goes = (width - self.hand_zero) * (UNSET_GOES if self.stroke_mm == 0 else 1.0)
            self.body.fingers.take(now, Grip(goes, NEWTONS_PER_TORQUE * torque))
        yield from ()

    def _lead(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[0] in (0xFA, 0xFC):
            self.lead(leader=data[0] == 0xFA)
        yield coding.answer(can_id.LEADER)

    def lead(self, *, leader: bool) -> None:
        """Lead or follow; a leader takes no orders to move and gives them."""
        self.leader = leader
        self.control = LEADER_MODE if leader else 0
        self.halt()

    def _enable(self, data: bytes, _: float) -> Iterator[Frame]:
        drives, on = data[0], data[1] == 2
        chosen = range(self.arm.joints) if drives in (7, 0xFF) else range(drives - 1, drives)
        if not on:
            self.dropped_it = True
            self.body.powered = False
        elif self.enables_due > 1:
            self.enables_due -= 1
            yield coding.answer(can_id.ENABLE)
            return
        elif not self.body.powered:
            self.body.powered = True
            self.body.follower.rest_at(self.body.joints()[0])
        for joint in chosen:
            self.enabled[joint] = on and joint not in self.dead
        if drives == 0xFF:
            self.hand_enabled = on
        yield coding.answer(can_id.ENABLE)

    def _set_joint(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[5] == SET and self.error not in self.bars and self.error != ESTOP:
            if self.error:
                self.body.follower.rest_at(self.body.joints()[0])
            self.error = OK
        yield coding.answer(can_id.JOINT_SETUP)

    def _tell_limits(self, data: bytes, _: float) -> Iterator[Frame]:
        joint = data[0] - 1
        if not 0 <= joint < self.arm.joints:
            return
        if data[1] == 2:
            yield coding.top_acceleration(joint, float(self.arm.max_acceleration[joint]))
        elif self.corrupted_limits:
            yield coding.limits(joint, np.deg2rad(-0.1), np.deg2rad(-0.1), 0.0)
        else:
            lower, upper = float(self.arm.lower[joint]), float(self.arm.upper[joint])
            yield coding.limits(joint, lower, upper, float(self.arm.max_velocity[joint]))

    def _tell(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[0] == 4:
            yield coding.stroke(self.stroke_mm)
        elif data[0] == 2:
            yield coding.collision_levels(self.levels)
        if data[1] == 2:
            self.corrupted_limits = False
            yield coding.answer(can_id.ASK)

    def _set_stroke(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[1] in (70, 100):
            self.stroke_mm = data[1]
        yield coding.answer(can_id.SET_STROKE)

    def _tell_firmware(self, data: bytes, _: float) -> Iterator[Frame]:
        if data[0] == 1:
            yield from coding.firmware(self.version)
