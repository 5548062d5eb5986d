"""The stand-in on its bus: in every period it hears, fails as ordered, and reports."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ...arms import kinematics
from ...arms.model import ArmModel
from ...cell.faults import FaultPlan, Injected
from ...nouns import Vector
from ..frames import FEEDBACK, FEEL_12, FEEL_34, JOINTS_12, Frame
from ..readings import Drive, Fingers
from ..sender import NEWTONS_PER_TORQUE
from . import coding
from .body import Body
from .firmware import ESTOP, VERSION, Firmware

if TYPE_CHECKING:
    import can

SLOW_EVERY = 5
"""Periods between two reports of temperatures and flags."""
TORN_EVERY = 4
"""Periods from one late frame to the next, while they come late."""
VOLTS, WARM_C = 24.0, 38.0
KNOCK_S, KNOCK_SHARE = 0.06, 2.5
"""How long a knock lasts, and its torque over a joint's rated one; the field ends at 32.8 A."""
OLD_VERSION = "S-V1.5-8"
OFF_JOINT = 3
"""Of the drive that switches itself off."""
COLLISION, JOINT = 7, 9
STANDING = {"brake": 6, "overheated": 14, "joint_lost": 5, "stalled_joint": JOINT, "estop": ESTOP}
"""Failings that put an error in the status which cannot be cleared while they last."""
ERRORS = {**STANDING, "collision": COLLISION}


class StandIn:
    """One PiPER."""

    def __init__(
        self, arm: ArmModel, body: Body, bus: can.BusABC, faults: FaultPlan | None = None, *, seed: int = 0,
        stroke_mm: int = 0,
    ) -> None:  # fmt: skip
        self.arm, self.body, self._bus = arm, body, bus
        self.faults = faults or FaultPlan()
        self.firmware = Firmware(arm, body)
        self.firmware.stroke_mm = stroke_mm
        self.heard: deque[Frame] = deque(maxlen=20000)
        """Every frame that reached the arm."""
        self._rng = np.random.default_rng([seed, 0xCA])
        self._count = 0
        self._were: set[str] = set()
        self._knocked_at = float("-inf")
        self._frozen: Vector | None = None
        self._late: Frame | None = None

    def tick(self, now: float) -> None:
        """One period."""
        active, hand = self.faults.active("arm", now), self.faults.active("gripper", now)
        self._begin_and_end(active, hand, now)
        self._count += 1
        answers = self._hear(active, now)
        self._fingers(hand)
        if "bus_off" not in active:
            self._send([*answers, *self._report(active, hand, now)], active, now)

    def put_right(self) -> None:
        """A person has powered it anew with the arm held where its feedback says that it is."""
        self.body.joint_offset = np.zeros(self.arm.joints)
        self._knocked_at = float("-inf")

    def _hear(self, active: dict[str, Injected], now: float) -> list[Frame]:
        answers: list[Frame] = []
        lost = active["dropped"].size if "dropped" in active else 0.0
        while (message := self._bus.recv(0.0)) is not None:
            if "bus_off" in active or (lost and self._rng.random() < lost):
                continue
            frame = Frame(message.arbitration_id, bytes(message.data), now)
            self.heard.append(frame)
            answers += self.firmware.hear(frame, now)
        return answers

    def _begin_and_end(self, active: dict[str, Injected], hand: dict[str, Injected], now: float) -> None:
        are = set(active) | {f"gripper.{name}" for name in hand}
        began, ended, self._were = are - self._were, self._were - are, are
        for name in began:
            self._begin(name, active, hand, now)
        for name in ended:
            self._end(name)
        firmware = self.firmware
        firmware.bars = {STANDING[name] for name in active if name in STANDING}
        firmware.version = OLD_VERSION if "old_firmware" in active else VERSION
        firmware.corrupted_limits = "corrupted_limits" in active

    def _begin(self, name: str, active: dict[str, Injected], hand: dict[str, Injected], now: float) -> None:
        firmware = self.firmware
        if name in ERRORS:
            firmware.fail(ERRORS[name])
        elif name == "mode_lost":
            firmware.control = 0
            firmware.halt()
        elif name == "disabled":
            firmware.lose_drive(OFF_JOINT)
        elif name == "leader":
            firmware.lead(leader=True)
        elif name == "silent_offset":
            self._knock(active[name].size, now)
        elif name == "gripper.stroke_unset":
            firmware.stroke_mm = 0
        elif name == "gripper.zero_offset":
            firmware.hand_zero = hand["zero_offset"].size

    def _end(self, name: str) -> None:
        if name == "estop":
            self.firmware.lose_power()
        elif name == "disabled":
            self.firmware.dead.clear()
        elif name == "leader":
            self.firmware.lead(leader=False)
        elif name == "gripper.zero_offset":
            self.firmware.hand_zero = 0.0

    def _knock(self, size: float, now: float) -> None:
        self._knocked_at = now
        shift = np.zeros(self.arm.joints)
        shift[1:3] = size
        self.body.joint_offset = shift

    def _fingers(self, hand: dict[str, Injected]) -> None:
        fingers = self.body.fingers
        fingers.jammed = "jammed" in hand
        fingers.opens = "opens" in hand
        fingers.speed = fingers.model.speed * (hand["slow"].size if "slow" in hand else 1.0)

    def _report(self, active: dict[str, Injected], hand: dict[str, Injected], now: float) -> Iterable[Frame]:
        firmware = self.firmware
        position, velocity, torque = self.body.joints()
        if now - self._knocked_at < KNOCK_S:
            torque = torque + KNOCK_SHARE * self.arm.max_torque
        for joint in range(self.arm.joints):
            yield coding.fast(joint, velocity[joint], torque[joint], position[joint])
        if self._count % SLOW_EVERY == 0:
            yield from self._drives(active)
        arrived = bool(np.max(np.abs(velocity)) < 1e-3)
        yield coding.status(firmware.control, firmware.status, firmware.move, arrived=arrived)
        tool = kinematics.many(self.arm, position[None])[0][0]
        yield from coding.end_pose(tool[:3, 3], tool[:3, :3])
        yield from coding.joints(self._told(position, active))
        yield self._hand(hand)
        if firmware.leader:
            yield from coding.joints(position, JOINTS_12)

    def _told(self, position: Vector, active: dict[str, Injected]) -> Vector:
        """The joints as the controller reports them."""
        if "frozen" not in active:
            self._frozen = None
        elif self._frozen is None:
            self._frozen = position
        told = position.copy() if self._frozen is None else self._frozen.copy()
        if "clamped" in active:
            told[1] = self.arm.upper[1]
        return np.zeros_like(told) if "all_zero" in active else told

    def _drives(self, active: dict[str, Injected]) -> Iterable[Frame]:
        firmware = self.firmware
        for joint in range(self.arm.joints):
            flags = Drive.ENABLED if firmware.enabled[joint] else Drive(0)
            warm = WARM_C
            if joint == 1 and "hot" in active:
                warm, flags = active["hot"].size, flags | Drive.MOTOR_HOT
            if joint == 1 and firmware.error == COLLISION:
                flags |= Drive.COLLISION
            if joint == 1 and firmware.error == JOINT:
                flags |= Drive.STALLED
            yield coding.slow(joint, VOLTS, warm - 2.0, warm, flags)

    def _hand(self, hand: dict[str, Injected]) -> Frame:
        width, force = self.body.gripper()
        flags = Fingers.ENABLED if self.firmware.hand_enabled else Fingers(0)
        if "drive_error" in hand:
            flags |= Fingers.ERROR
        return coding.hand(self.firmware.reported_width(width), force / NEWTONS_PER_TORQUE, flags)

    def _send(self, frames: Iterable[Frame], active: dict[str, Injected], now: float) -> None:
        import can

        lost = active["dropped"].size if "dropped" in active else 0.0
        shift = 0x10 if self.firmware.leader else 0
        for frame in self._in_order(frames, torn="torn" in active and self._count % TORN_EVERY == 0):
            if lost and self._rng.random() < lost:
                continue
            key = frame.id + (shift if frame.id in FEEDBACK else 0)
            self._bus.send(can.Message(arbitration_id=key, data=frame.data, is_extended_id=False, timestamp=now))

    def _in_order(self, frames: Iterable[Frame], *, torn: bool) -> Iterable[Frame]:
        """A late middle frame is sent in the period after its own, beside the one that belongs there."""
        late, self._late = self._late, None
        for frame in frames:
            if frame.id == FEEL_34 and torn and late is None:
                self._late = frame
                continue
            yield frame
            if frame.id == FEEL_12 and late is not None:
                yield late
