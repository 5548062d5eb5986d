"""The arm's own controller, as a thing in the cell: takes set-points, samples feedback, fails on order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..nouns import Fault, SetPoints, Vector
from .faults import FaultPlan, Injected
from .world import World

COLLISION_RAD = 0.20
"""Servo error at which a joint reflex fires: something is in the way."""
SENT = 400
KNOCK_SHARE = 2.5
"""Size of the torque spike of a knock, as a share of the joint's rated torque."""
STOPPING = ("reflex", "packet_loss", "estop", "self_test_due", "power_cut")
REPORTED = {
    "reflex": Fault("reflex", "a joint reflex stopped the arm"),
    "packet_loss": Fault("communication", "communication constraints violated"),
    "estop": Fault("estop", "emergency stop pressed; a person must release it", needs_person=True),
    "self_test_due": Fault("self_test_due", "safety self-test due; run it in the arm's web page", needs_person=True),
    "power_cut": Fault("drives_off", "drives have no power; support the arm, then power it", needs_person=True),
}


@dataclass(frozen=True, slots=True)
class Feedback:
    """One sample that the arm sends."""

    joints: Vector
    velocity: Vector
    torque: Vector
    width: float
    force: float
    measured_at: float
    fault: Fault | None


class ArmDevice:
    """Samples the world at the arm's rate; the cell calls `sample` at `next_sample`."""

    def __init__(self, world: World, faults: FaultPlan) -> None:
        self.world, self._faults = world, faults
        self.period = 1.0 / world.arm.rate_hz
        self._count = 0
        self._fault: Fault | None = None
        self._cleared: set[str] = set()
        self._frozen: Feedback | None = None
        self._knocked_at = -1.0
        self.feedback = self._measure(0.0)
        self.sent: deque[Feedback] = deque(maxlen=SENT)
        """Every sample that the host has not taken in yet, oldest first."""

    @property
    def next_sample(self) -> float:
        return self._count * self.period

    def take(self, setpoints: SetPoints) -> None:
        """Follow set-points; a stopped or silent arm does not."""
        now = self.world.time
        active = self._faults.active("arm", now)
        if self._fault is None and "bus_off" not in active and "stall" not in active:
            self.world.follower.take(now, setpoints)
            if setpoints.grip is not None:
                self.world.fingers.take(now, setpoints.grip)

    def halt(self) -> None:
        self.world.follower.halt()

    def clear(self) -> bool:
        """Software's reset: clears a reflex or a lost line, not what a person has to see to."""
        active = self._faults.active("arm", self.world.time)
        standing = [name for name in STOPPING if name in active and REPORTED[name].needs_person]
        if standing:
            return False
        self._cleared.update(name for name in active if name in STOPPING)
        if self._fault is not None:
            self.world.follower.rest_at(self.world.joints()[0])
        self._fault = None
        return True

    def put_right(self) -> None:
        """A person has brought the arm back to where its feedback says that it is."""
        self._knocked_at = -1.0
        self.world.joint_offset = np.zeros(self.world.arm.joints)

    def sample(self) -> None:
        """The world goes on for one period of the arm: faults act, feedback is taken."""
        now = self.next_sample
        self._count += 1
        active = self._faults.active("arm", now)
        self._stop_for(active)
        self._grip_faults(now)
        self._knock(active.get("silent_offset"), now)
        self.world.powered = "power_cut" not in active
        if "stall" in active:
            self.world.follower.halt()
        if "bus_off" not in active:
            self.feedback = self._corrupted(self._measure(now), active, now)
            self.sent.append(self.feedback)

    def temperature(self, now: float) -> float:
        hot = self._faults.active("arm", now).get("hot")
        return hot.size if hot else 38.0

    def _measure(self, now: float) -> Feedback:
        position, velocity, torque = self.world.joints()
        width, force = self.world.gripper()
        return Feedback(position, velocity, torque, width, force, now, self._fault)

    def _stop_for(self, active: dict[str, Injected]) -> None:
        for name in STOPPING:
            if name in active and name not in self._cleared:
                self._fault = REPORTED[name]
        self._cleared &= set(active)
        position, _, _ = self.world.joints()
        if self._fault is None and np.max(np.abs(position - self.world.follower.position)) > COLLISION_RAD:
            self._fault = REPORTED["reflex"]
        if self._fault is not None:
            self.world.follower.halt()

    def _grip_faults(self, now: float) -> None:
        active, fingers = self._faults.active("gripper", now), self.world.fingers
        fingers.jammed = "jammed" in active
        fingers.speed = fingers.model.speed * (active["slow"].size if "slow" in active else 1.0)
        fingers.opens = "opens" in active

    def _knock(self, fault: Injected | None, now: float) -> None:
        if fault is not None and self._knocked_at < 0:
            self._knocked_at = now
            shift = np.zeros(self.world.arm.joints)
            shift[1:3] = fault.size
            self.world.joint_offset = shift

    def _corrupted(self, truth: Feedback, active: dict[str, Injected], now: float) -> Feedback:
        joints, torque, width = truth.joints, truth.torque, truth.width
        if 0 <= now - self._knocked_at < 0.06 and self._knocked_at >= 0:
            torque = torque + KNOCK_SHARE * self.world.arm.max_torque
        if "torn" in active and self._count % 7 == 0:
            joints = joints + np.eye(len(joints))[self._count // 7 % len(joints)] * active["torn"].size
        if "clamped" in active:
            arm, joint = self.world.arm, 1
            joints = joints.copy()
            joints[joint] = arm.upper[joint]
        if "all_zero" in active:
            joints, torque = np.zeros_like(joints), np.zeros_like(torque)
        gripper = self._faults.active("gripper", now)
        if "offset" in gripper:
            width += gripper["offset"].size
        sample = Feedback(joints, truth.velocity, torque, width, truth.force, now, truth.fault)
        if "frozen" not in active:
            self._frozen = None
            return sample
        self._frozen = self._frozen or sample
        held = self._frozen
        return Feedback(held.joints, held.velocity, held.torque, held.width, held.force, now, truth.fault)
