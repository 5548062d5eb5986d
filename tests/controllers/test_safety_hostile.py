"""Safety against a hostile commander: whatever is sent, the arm is told nothing outside its limits."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.envelope import Envelope
from dynacollect.controllers.motion import Motion
from dynacollect.controllers.safety import Passed, Safety
from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.franka import FR3, PANDA
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.config import Safety as SafetyConfig
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import ArmState, Command, Fault, Grip, SetPoints, Vector

RIGS = {"franka-panda": "cell", "franka-fr3": "cell-fr3", "piper": "cell-piper"}


@lru_cache
def config_of(arm_name: str) -> SafetyConfig:
    return load_rig(RIGS[arm_name]).safety


def feedback(arm: ArmModel, joints: Vector, now: float, fault: Fault | None = None) -> ArmState:
    still = np.zeros(arm.joints)
    return ArmState(joints, still, still, kinematics.forward(arm, joints), 0.03, 0.0, now, now, fault)


def random_rest(arm: ArmModel, rng: np.random.Generator) -> Vector:
    """Joints anywhere inside the envelope."""
    envelope = Envelope(config_of(arm.name), arm)
    while True:
        joints = rng.uniform(arm.lower, arm.upper, (64, arm.joints))
        inside = np.flatnonzero((envelope.depths(joints) < 0.0).all(axis=1))
        if len(inside):
            return joints[inside[0]]


class Witness:
    """Reads set-points as an arm does: each stream holds from its first time until the next one begins."""

    def __init__(self, arm: ArmModel, joints: Vector, now: float) -> None:
        self.arm, self.epoch = arm, now
        self.rows = [joints] * 4

    def told(self, setpoints: SetPoints, begin: float, end: float) -> None:
        """This was in force from `begin` to `end`, whole periods."""
        period = 1.0 / self.arm.rate_hz
        times = np.arange(round((begin - self.epoch) / period) + 1, round((end - self.epoch) / period) + 1) * period
        clipped = np.clip(times + self.epoch, setpoints.times[0], setpoints.times[-1])
        rows = np.stack([np.interp(clipped, setpoints.times, column) for column in setpoints.joints.T], axis=1)
        self.rows.extend(rows)

    def shares(self) -> list[float]:
        """Largest speed, acceleration and jerk over the arm's limits."""
        path, found = np.array(self.rows), []
        for most in (self.arm.max_velocity, self.arm.max_acceleration, self.arm.max_jerk):
            path = np.diff(path, axis=0) * self.arm.rate_hz
            found.append(float(np.max(np.abs(path) / most)))
        return found

    def worst(self, envelope: Envelope) -> Vector:
        """How far past each boundary."""
        return envelope.depths(np.array(self.rows)).max(axis=0)


class Hostile:
    """Sends what no controller should, mixed with what one would."""

    def __init__(self, arm: ArmModel, rng: np.random.Generator) -> None:
        self.arm, self.rng = arm, rng
        self.motion = Motion(arm, collision=False, share=0.95)
        self.eager = Motion(arm, collision=False, share=1.3, tool_speed=20.0)
        self._broken = [
            self._not_finite, self._leaping, self._swinging, self._cut_short, self._misshapen, self._out_of_time,
            self._coarse, self._shifted, self._walking,
        ]  # fmt: skip

    def stream(self, now: float) -> SetPoints:
        """The next thing to try."""
        rng = self.rng
        sent = self.motion.towards(self.command(now), now)
        kind = rng.random()
        if kind < 0.5:
            return sent
        return self._at_the_limits(now) if kind < 0.55 else self._broken[int(rng.integers(len(self._broken)))](sent)

    def command(self, now: float) -> Command:
        """Anywhere: in the table, out of the box, too soon, too fast."""
        rng, arm = self.rng, self.arm
        grip = Grip(*rng.choice([np.nan, np.inf, -1.0, 0.0, 0.05, 9.0, 500.0], 2)) if rng.random() < 0.3 else None
        reach_at = now + rng.uniform(-0.5, 1.5) if rng.random() < 0.5 else None
        if rng.random() < 0.2:
            return Command(joints=rng.uniform(arm.lower - 0.5, arm.upper + 0.5), grip=grip, reach_at=reach_at)
        wide = rng.random() < 0.4
        low, high = ([-0.1, -0.7, -0.1], [0.9, 0.7, 0.7]) if wide else ([0.35, -0.3, 0.03], [0.6, 0.3, 0.3])
        place = rng.uniform(low, high) * arm.reach / 0.75
        turn = Rotation.from_euler("xzx", [np.pi, rng.uniform(-1.0, 1.0), rng.uniform(-0.5, 0.5)])
        velocity = rng.uniform(-0.8, 0.8, 3) if rng.random() < 0.5 else None
        return Command(RigidTransform.from_components(place, turn), None, velocity, grip, reach_at)

    def _not_finite(self, sent: SetPoints) -> SetPoints:
        times, joints = sent.times.copy(), sent.joints.copy()
        spoiled = times if self.rng.random() < 0.3 else joints
        spoiled.flat[self.rng.integers(spoiled.size)] = self.rng.choice([np.nan, np.inf, -np.inf])
        return SetPoints(times, joints, sent.grip)

    def _leaping(self, sent: SetPoints) -> SetPoints:
        joints = sent.joints.copy()
        size = 10.0 ** self.rng.uniform(-9.0, 0.0)
        joints[self.rng.integers(len(joints)) :] += size * self.rng.normal(size=self.arm.joints)
        return replace(sent, joints=joints)

    def _swinging(self, sent: SetPoints) -> SetPoints:
        phase = np.arange(len(sent.times)) * self.rng.uniform(0.1, np.pi)
        swing = 10.0 ** self.rng.uniform(-7.0, -1.0) * np.sin(phase)[:, None] * self.rng.normal(size=self.arm.joints)
        return replace(sent, joints=sent.joints + swing)

    def _at_the_limits(self, now: float) -> SetPoints:
        joints, _, _ = self.motion.commanded(now)
        self.eager.start(joints, now)
        return self.eager.towards(self.command(now), now)

    def _cut_short(self, sent: SetPoints) -> SetPoints:
        keep = int(self.rng.integers(0, len(sent.times)))
        return SetPoints(sent.times[:keep], sent.joints[:keep], sent.grip)

    def _misshapen(self, sent: SetPoints) -> SetPoints:
        wrong = [
            SetPoints(sent.times, sent.joints[:, :-1]), SetPoints(sent.times[:-1], sent.joints),
            SetPoints(sent.times, sent.joints.ravel()), SetPoints(sent.times[::-1], sent.joints),
            SetPoints(np.empty(0), np.empty((0, self.arm.joints))), SetPoints(sent.times, sent.joints.astype(object)),
            SetPoints(sent.times, sent.joints.astype(complex)),
        ]  # fmt: skip
        return wrong[int(self.rng.integers(len(wrong)))]

    def _out_of_time(self, sent: SetPoints) -> SetPoints:
        return replace(sent, times=sent.times + self.rng.choice([-1e6, -1.0, -0.04, -0.004, 0.003, 0.04, 5.0]))

    def _coarse(self, sent: SetPoints) -> SetPoints:
        step = int(self.rng.integers(2, 9))
        return SetPoints(sent.times[::step], sent.joints[::step], sent.grip)

    def _shifted(self, sent: SetPoints) -> SetPoints:
        ahead = int(self.rng.integers(1, 6))
        return replace(sent, joints=sent.joints[np.minimum(np.arange(len(sent.joints)) + ahead, len(sent.joints) - 1)])

    def _walking(self, sent: SetPoints) -> SetPoints:
        steps = 10.0 ** self.rng.uniform(-6.0, -2.0) * self.rng.normal(size=sent.joints.shape)
        return replace(sent, joints=sent.joints + np.cumsum(np.cumsum(steps, axis=0), axis=0) * 0.01)


def attack(arm: ArmModel, seed: int, ticks: int) -> tuple[Witness, Envelope, dict[str, int]]:
    """So many hostile ticks from a random rest; what the arm was told, and how often each reason came up."""
    rng = np.random.default_rng(seed)
    now, joints = 10.0, random_rest(arm, rng)
    safety, hostile, witness = Safety(config_of(arm.name), arm), Hostile(arm, rng), Witness(arm, joints, now)
    safety.start(joints, now)
    hostile.motion.start(joints, now)
    told, reasons = SetPoints(np.array([now, now + 1.0]), np.array([joints, joints])), dict[str, int]()
    for _ in range(ticks):
        later = now + rng.choice([1, 3, 8, 8, 8, 40]) / arm.rate_hz
        witness.told(told, now, later)
        now = later
        passed = _tick(arm, rng, safety, hostile, witness, now)
        told = passed.setpoints
        for note in passed.interventions:
            reasons[note.reason] = reasons.get(note.reason, 0) + 1
    witness.told(told, now, now + 5.0)
    return witness, Envelope(config_of(arm.name), arm), reasons


def _tick(
    arm: ArmModel, rng: np.random.Generator, safety: Safety, hostile: Hostile, witness: Witness, now: float
) -> Passed:
    where = witness.rows[-1] + (rng.normal(0.0, 0.5, arm.joints) if rng.random() < 0.02 else 0.0)
    state = feedback(arm, where, now, Fault("reflex", "") if rng.random() < 0.01 else None)
    observed_at = now - rng.choice([0.0, 0.0, 0.0, 0.1, 0.3, np.nan, -5.0], p=[0.5, 0.2, 0.1, 0.14, 0.02, 0.02, 0.02])
    if rng.random() < 0.05:
        passed = Passed(safety.stop(now))
        assert passed.setpoints.grip is None
    else:
        passed = safety.check(hostile.stream(now), state, now, observed_at)
    hostile.motion.adopt(passed.setpoints)
    return passed


ARMS = pytest.mark.parametrize("arm", [PANDA, FR3, PIPER], ids=lambda arm: arm.name)
EXACT = 1.0 + 2e-6


def assert_held(witness: Witness, envelope: Envelope) -> None:
    speed, acceleration, jerk = witness.shares()
    assert speed <= EXACT
    assert acceleration <= EXACT
    assert jerk <= 1.0 + 1e-4
    assert np.all(witness.worst(envelope) <= 2e-9)
    np.testing.assert_array_equal(witness.rows[-1], witness.rows[-20])


@pytest.mark.slow
@ARMS
def test_hostile_commands_never_leave_the_limits(arm: ArmModel) -> None:
    seen: set[str] = set()
    for seed in range(4):
        witness, envelope, reasons = attack(arm, seed, 150)
        assert_held(witness, envelope)
        seen |= set(reasons)
    assert {"not_finite", "shape", "off_grid", "not_now", "jump", "acceleration", "box", "stale"} <= seen


SEEDS = int(os.environ.get("DYNACOLLECT_HOSTILE_SEEDS", "3"))
"""Each with 280 commands per arm; 120 of them make the 100,800 commands of docs/results.md."""


@pytest.mark.long
@pytest.mark.slow
@ARMS
def test_thousands_of_hostile_commands(arm: ArmModel) -> None:
    for seed in range(100, 100 + SEEDS):
        assert_held(*attack(arm, seed, 280)[:2])


@ARMS
def test_the_witness_sees_a_breach(arm: ArmModel) -> None:
    """The same attack with nothing in its way breaks every limit, so the test above can fail."""
    rng = np.random.default_rng(3)
    joints = random_rest(arm, rng)
    hostile, witness = Hostile(arm, rng), Witness(arm, joints, 10.0)
    hostile.eager.start(joints, 10.0)
    for tick in range(60):
        now = 10.0 + 0.4 * tick
        witness.told(hostile.eager.towards(hostile.command(now), now), now, now + 0.4)
    assert min(witness.shares()[:2]) > 1.01
    assert np.all(witness.worst(Envelope(config_of(arm.name), arm))[1:] > 0.01)
