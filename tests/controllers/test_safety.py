"""Safety by its promises: what is sensible passes, what cannot be trusted stops, and a stop never drops anything."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.motion import Motion
from dynacollect.controllers.safety import Safety
from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.franka import FR3, PANDA
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.config import Box, load_rig
from dynacollect.rig.config import Safety as SafetyConfig
from dynacollect.rig.nouns import ArmState, Command, Grip, SetPoints, Vector

ARMS = pytest.mark.parametrize("arm", [PANDA, FR3, PIPER], ids=lambda arm: arm.name)
RIGS = {"franka-panda": "cell", "franka-fr3": "cell-fr3", "piper": "cell-piper"}


@lru_cache
def config_of(arm_name: str) -> SafetyConfig:
    return load_rig(RIGS[arm_name]).safety


def feedback(arm: ArmModel, joints: Vector, now: float) -> ArmState:
    still = np.zeros(arm.joints)
    return ArmState(joints, still, still, kinematics.forward(arm, joints), 0.03, 0.0, now, now)


@pytest.mark.slow
@ARMS
def test_stops_stand_still_and_leave_the_fingers(arm: ArmModel) -> None:
    rng = np.random.default_rng(5)
    for _ in range(25):
        safety, motion, now = underway(arm, rng)
        moving = float(np.abs(motion.commanded(now)[1]).max())
        stop = safety.stop(now)
        assert stop.grip is None
        assert stop.times[-1] - now < 1.2 or moving < 1e-3
        again = safety.stop(now + 0.04)
        assert again.times[-1] <= stop.times[-1] + 1e-9


def underway(arm: ArmModel, rng: np.random.Generator) -> tuple[Safety, Motion, float]:
    """An arm on its way to a random place over the table."""
    safety, motion = Safety(config_of(arm.name), arm), Motion(arm)
    safety.start(arm.home, 10.0)
    motion.start(arm.home, 10.0)
    place = np.array([rng.uniform(0.5, 0.7) * arm.reach, rng.uniform(-0.3, 0.3) * arm.reach, rng.uniform(0.05, 0.2)])
    goal = RigidTransform.from_components(place, Rotation.from_euler("xz", [np.pi, rng.uniform(-0.5, 0.5)]))
    setpoints = motion.towards(Command(goal, grip=Grip(0.0, 30.0)), 10.0)
    passed = safety.check(setpoints, feedback(arm, arm.home, 10.0), 10.0, 10.0)
    assert passed.interventions == ()
    return safety, motion, 10.0 + 0.04 * int(rng.integers(1, 12))


@ARMS
def test_what_is_asked_sensibly_passes_untouched(arm: ArmModel) -> None:
    rng = np.random.default_rng(6)
    safety, motion, _ = underway(arm, rng)
    for tick in range(1, 120):
        now = 10.0 + 0.04 * tick
        place = np.array([0.6 * arm.reach, 0.1 * np.sin(2.0 * now), 0.1 + 0.05 * np.cos(2.0 * now)])
        velocity = np.array([0.0, 0.2 * np.cos(2.0 * now), -0.1 * np.sin(2.0 * now)])
        goal = RigidTransform.from_components(place, Rotation.from_euler("x", np.pi))
        asked = motion.towards(Command(goal, velocity=velocity, reach_at=now + 0.4, grip=Grip(0.05, 20.0)), now)
        passed = safety.check(asked, feedback(arm, motion.commanded(now - 0.05)[0], now), now, now)
        assert passed.interventions == ()
        assert passed.send
        assert passed.setpoints == asked


def one_check(arm: ArmModel = PANDA, **changes: float | Vector) -> tuple[str, ...]:
    """The reasons that one tick under way gives, with something off about it."""
    safety, motion, _ = underway(arm, np.random.default_rng(7))
    now = 10.04
    asked = motion.towards(Command(), now)
    state = feedback(arm, motion.commanded(10.0)[0], now)
    state = replace(state, **{name: value for name, value in changes.items() if name != "observed_at"})
    passed = safety.check(asked, state, now, float(np.asarray(changes.get("observed_at", now))))
    return tuple(note.reason for note in passed.interventions)


def test_stops_on_what_it_cannot_trust() -> None:
    assert one_check() == ()
    assert one_check(observed_at=9.7) == ("stale",)
    assert one_check(observed_at=float("nan")) == ("stale",)
    assert one_check(measured_at=9.0) == ("stale",)
    assert one_check(measured_at=float("nan")) == ("stale",)
    assert one_check(joints=PANDA.home + 0.5) == ("off_track",)
    assert one_check(joints=np.full(7, np.nan)) == ("off_track",)
    assert one_check(joints=np.zeros(6)) == ("off_track",)


def test_a_tool_that_is_seen_outside_has_left_the_box() -> None:
    outside = RigidTransform.from_translation([0.9, 0.0, 0.3])
    assert one_check(T_base_tool=outside) == ("left_box",)  # pyright: ignore[reportArgumentType]


def test_keep_out_volumes_hold_for_the_whole_hand() -> None:
    post = Box(lower=(0.45, 0.16, 0.0), upper=(0.47, 0.18, 0.5))
    config = config_of("franka-panda").model_copy(update={"keep_out": (post,)})
    safety, motion = Safety(config, PANDA), Motion(PANDA)
    safety.start(PANDA.home, 10.0)
    motion.start(PANDA.home, 10.0)
    beside = RigidTransform.from_components([0.46, 0.1, 0.2], Rotation.from_euler("x", np.pi))
    passed = safety.check(motion.towards(Command(beside), 10.0), feedback(PANDA, PANDA.home, 10.0), 10.0, 10.0)
    assert [note.reason for note in passed.interventions] == ["keep_out"]


def test_hardware_waits_for_a_person_and_shadow_sends_nothing() -> None:
    config = config_of("franka-panda")
    goal = RigidTransform.from_components([0.5, 0.1, 0.2], Rotation.from_euler("x", np.pi))
    safety, motion = Safety(config, PANDA, hardware=True), Motion(PANDA)
    motion.start(PANDA.home, 10.0)
    state = feedback(PANDA, PANDA.home, 10.0)
    passed = safety.check(motion.towards(Command(goal), 10.0), state, 10.0, 10.0)
    assert [note.reason for note in passed.interventions] == ["not_armed"]
    assert not passed.send
    np.testing.assert_array_equal(passed.setpoints.joints[-1], PANDA.home)
    safety.confirm()
    safety.start(PANDA.home, 10.0)
    assert safety.check(motion.towards(Command(), 10.0), state, 10.0, 10.0).send
    shadow = Safety(config, PANDA, shadow=True)
    passed = shadow.check(motion.towards(Command(), 10.0), state, 10.0, 10.0)
    assert passed.interventions == ()
    assert not passed.send


def test_a_grip_is_brought_into_the_gripper_range() -> None:
    safety, motion, _ = underway(PANDA, np.random.default_rng(8))
    state = feedback(PANDA, PANDA.home, 10.0)
    asked = motion.towards(Command(grip=Grip(1.0, 500.0)), 10.0)
    passed = safety.check(asked, state, 10.0, 10.0)
    assert passed.setpoints.grip == Grip(PANDA.gripper.max_width, PANDA.gripper.max_force)
    asked = motion.towards(Command(grip=Grip(float("nan"), 30.0)), 10.0)
    assert safety.check(asked, state, 10.0, 10.0).setpoints.grip is None


def test_a_refused_command_leaves_the_last_one_in_force_and_the_fingers_alone() -> None:
    safety, motion, _ = underway(PANDA, np.random.default_rng(9))
    now = 10.04
    before = motion.towards(Command(), now)
    state = feedback(PANDA, motion.commanded(10.0)[0], now)
    assert safety.check(before, state, now, now).interventions == ()
    leap = SetPoints(before.times, before.joints + 0.1, Grip(0.08, 30.0))
    passed = safety.check(leap, state, now, now)
    assert [note.reason for note in passed.interventions] == ["jump"]
    assert passed.setpoints.grip is None
    np.testing.assert_array_equal(passed.setpoints.joints, before.joints)
