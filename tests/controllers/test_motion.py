"""Motion by its laws: smooth when pre-empted, inside the limits, there in time, and always at rest in the end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.motion import Motion
from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.franka import FR3, PANDA
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.nouns import Command, Grip, SetPoints, Vector

ARMS = pytest.mark.parametrize("arm", [PANDA, FR3, PIPER], ids=lambda arm: arm.name)
TICK = 0.04


def down(place: Vector, yaw: float = 0.0) -> RigidTransform:
    return RigidTransform.from_components(place, Rotation.from_euler("xz", [np.pi, yaw]))


def over_table(arm: ArmModel, rng: np.random.Generator, height: tuple[float, float] = (0.03, 0.2)) -> RigidTransform:
    radius, angle = rng.uniform(0.5, 0.75) * arm.reach, rng.uniform(-0.6, 0.6)
    place = np.array([radius * np.cos(angle), radius * np.sin(angle), rng.uniform(*height)])
    return down(place, rng.uniform(-0.7, 0.7))


def moving(arm: ArmModel) -> Motion:
    motion = Motion(arm)
    motion.start(arm.home, 10.0)
    return motion


def shares(arm: ArmModel, joints: Vector) -> list[float]:
    """Speed, acceleration and jerk of evenly timed set-points that begin and end at rest, over the arm's limits."""
    path = np.concatenate([np.repeat(joints[:1], 3, axis=0), joints, np.repeat(joints[-1:], 3, axis=0)])
    found = []
    for most in (arm.max_velocity, arm.max_acceleration, arm.max_jerk):
        path = np.diff(path, axis=0) * arm.rate_hz
        found.append(float(np.max(np.abs(path) / most)))
    return found


def random_command(arm: ArmModel, rng: np.random.Generator, now: float) -> Command:
    velocity = np.append(rng.uniform(-0.3, 0.3, 2), 0.0) if rng.random() < 0.6 else None
    reach_at = now + rng.uniform(-0.1, 1.0) if rng.random() < 0.6 else None
    if rng.random() < 0.2:
        return Command(joints=rng.uniform(arm.lower - 0.2, arm.upper + 0.2), reach_at=reach_at)
    return Command(over_table(arm, rng), velocity=velocity, reach_at=reach_at)


@pytest.mark.slow
@ARMS
def test_preemption_is_smooth_and_inside_the_limits(arm: ArmModel) -> None:
    rng = np.random.default_rng(1)
    motion = moving(arm)
    now, done = 10.0, [arm.home]
    for _ in range(100):
        now += TICK
        before = [motion.commanded(now + step) for step in (-0.01, 0.0)]
        setpoints = motion.towards(random_command(arm, rng, now), now)
        after = [motion.commanded(now + step) for step in (0.0, 1e-7)]
        for old, new in zip(before[1], after[0], strict=True):
            np.testing.assert_allclose(new, old, atol=1e-9)
        assert np.all(np.abs(after[1][2] - before[1][2]) <= arm.max_jerk * 2e-7 + 1e-9)
        done.extend(setpoints.joints[1:9] if len(setpoints.joints) > 9 else setpoints.joints[1:])
        while len(done) % 8 != 1:
            done.append(setpoints.joints[-1])
        assert np.all(setpoints.joints >= arm.lower - 1e-12)
        assert np.all(setpoints.joints <= arm.upper + 1e-12)
    rest = motion.towards(Command(), now)
    assert max(shares(arm, np.concatenate([np.array(done), rest.joints[9:]]))) <= 1.0
    assert np.all(motion.commanded(float(rest.times[-1]))[1] == pytest.approx(0.0, abs=1e-9))


@ARMS
def test_a_tick_between_grid_times_takes_over_at_the_next(arm: ArmModel) -> None:
    rng = np.random.default_rng(2)
    motion = moving(arm)
    now = 10.0
    known: dict[int, Vector] = {}
    for _ in range(60):
        now += TICK * rng.uniform(0.8, 1.2)
        setpoints = motion.towards(random_command(arm, rng, now), now)
        assert setpoints.times[0] <= now + 1e-6
        begun = setpoints.times <= now + 1e-9
        for time, joints in zip(setpoints.times, setpoints.joints, strict=True):
            number = round((time - 10.0) * arm.rate_hz)
            if time <= setpoints.times[begun][-1] and number in known:
                np.testing.assert_allclose(joints, known[number], atol=1e-9)
            known[number] = joints


@ARMS
def test_arrives_when_time_to_says(arm: ArmModel) -> None:
    rng = np.random.default_rng(3)
    motion = moving(arm)
    now, errors = 10.0, []
    for _ in range(30):
        goal = over_table(arm, rng)
        expected = motion.time_to(goal, now)
        assert np.isfinite(expected)
        setpoints = motion.towards(Command(goal), now)
        arrived = setpoints.times[-1] - now
        errors.append(arrived - expected)
        assert abs(arrived - expected) <= max(0.03, 0.1 * arrived)
        reached = kinematics.forward(arm, setpoints.joints[-1])
        assert np.linalg.norm(reached.translation - goal.translation) < 2e-4
        now += TICK * rng.integers(3, 15)
    assert np.median(np.abs(errors)) < 0.01


@ARMS
def test_is_not_there_before_its_time(arm: ArmModel) -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        motion = moving(arm)
        goal = over_table(arm, rng)
        reach_at = 10.0 + motion.time_to(goal, 10.0) + rng.uniform(0.2, 1.0)
        setpoints = motion.towards(Command(goal, reach_at=reach_at), 10.0)
        assert setpoints.times[-1] == pytest.approx(reach_at, abs=1.5 / arm.rate_hz)


@ARMS
@pytest.mark.parametrize("jitter", [0.0, 0.0005])
def test_meets_a_moving_goal_at_its_speed(arm: ArmModel, jitter: float) -> None:
    """Aimed at anew every tick, with the aim off by `jitter` metres."""
    rng = np.random.default_rng(5)
    slow = 0.1 if arm is PIPER else 0.25
    for _ in range(4):
        motion = moving(arm)
        goal, angle = over_table(arm, rng, (0.03, 0.06)), rng.uniform(-np.pi, np.pi)
        velocity = slow * np.array([np.cos(angle), np.sin(angle), 0.0])
        meet_at = 10.0 + 1.4 * motion.time_to(goal, 10.0, velocity) + 0.1
        for now in np.arange(10.0, meet_at, TICK):
            off = np.append(rng.normal(0.0, jitter, 2), 0.0)
            aim = RigidTransform.from_components(goal.translation + off, goal.rotation)
            motion.towards(Command(aim, velocity=velocity, reach_at=meet_at), float(now))
        joints, speeds, _ = motion.commanded(meet_at)
        error = kinematics.forward(arm, joints).translation - goal.translation
        assert np.linalg.norm(error) < 0.001 + 3.0 * jitter
        tool_speed = (kinematics.jacobian(arm, joints) @ speeds)[:3]
        assert np.linalg.norm(tool_speed - velocity) < 0.010


@ARMS
def test_places_the_tool_over_the_whole_table(arm: ArmModel) -> None:
    """Place and closing direction always; the Franka also points straight down, the PiPER as far as joint 5 lets it."""
    rng = np.random.default_rng(6)
    motion = moving(arm)
    for _ in range(60):
        radius, angle = rng.uniform(0.5, 0.85) * arm.reach, rng.uniform(-0.9, 0.9)
        place = np.array([radius * np.cos(angle), radius * np.sin(angle), rng.uniform(0.02, 0.1)])
        motion.towards(Command(down(place, rng.uniform(-0.7, 0.7))), 10.0)
        solution = motion.solution
        assert solution is not None
        assert solution.place < 2e-4
        assert np.rad2deg(solution.turn) < (1.2 if arm is PIPER else 0.2)
        assert np.rad2deg(solution.tilt) < (20.0 if arm is PIPER else 0.2)


@ARMS
def test_stays_on_its_branch_along_smooth_ways(arm: ArmModel) -> None:
    rng = np.random.default_rng(7)
    motion = moving(arm)
    last = motion.towards(Command(over_table(arm, rng)), 10.0).joints[-1]
    for _ in range(6):
        start, end = over_table(arm, rng), over_table(arm, rng)
        turn = Rotation.concatenate([start.rotation, end.rotation])
        for share in np.linspace(0.0, 1.0, 30):
            place = (1.0 - share) * start.translation + share * end.translation
            between = turn[0] * Rotation.from_rotvec(share * (turn[0].inv() * turn[1]).as_rotvec())
            goal = motion.towards(Command(RigidTransform.from_components(place, between)), 10.0).joints[-1]
            assert share == 0.0 or np.abs(goal - last).max() < 0.4
            last = goal


def test_a_goal_in_the_table_is_lifted_out_of_it() -> None:
    motion = moving(PANDA)
    motion.towards(Command(down(np.array([0.45, 0.1, -0.02]))), 10.0)
    assert motion.solution is not None
    assert 0.02 < motion.solution.place < 0.05


def test_out_of_reach_is_said() -> None:
    motion = moving(PANDA)
    far = down(np.array([1.4, 0.0, 0.2]))
    assert not motion.reachable(far)
    assert motion.time_to(far, 10.0) == np.inf
    assert motion.reachable(down(np.array([0.5, 0.1, 0.1])))


@ARMS
def test_the_tool_keeps_its_speed_limit(arm: ArmModel) -> None:
    rng = np.random.default_rng(8)
    motion = Motion(arm, tool_speed=0.5)
    motion.start(arm.home, 10.0)
    for _ in range(10):
        setpoints = motion.towards(Command(over_table(arm, rng)), 10.0)
        places = np.array([kinematics.forward(arm, joints).translation for joints in setpoints.joints])
        speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) * arm.rate_hz
        assert speeds.max() < 0.5 * 1.15


@ARMS
def test_halts_as_quickly_as_the_limits_allow(arm: ArmModel) -> None:
    rng = np.random.default_rng(9)
    for _ in range(10):
        motion = moving(arm)
        motion.towards(Command(over_table(arm, rng), grip=Grip(0.0, 30.0)), 10.0)
        now = 10.0 + TICK * int(rng.integers(1, 12))
        moved = motion.commanded(now)
        halt = motion.halt(now)
        assert halt.grip is None
        braking = np.abs(moved[1]) / arm.max_acceleration + 2.0 * arm.max_acceleration / arm.max_jerk
        assert halt.times[-1] - now <= 1.3 * braking.max() + 4.0 / arm.rate_hz
        assert np.allclose(motion.commanded(float(halt.times[-1]))[1], 0.0, atol=1e-9)


def test_what_safety_kept_goes_on_as_if_nothing_was_asked() -> None:
    rng = np.random.default_rng(10)
    motion = moving(PANDA)
    kept = motion.towards(Command(over_table(PANDA, rng)), 10.0)
    wanted = motion.commanded(10.2)
    motion.towards(Command(over_table(PANDA, rng)), 10.04)
    motion.adopt(kept)
    for old, new in zip(wanted, motion.commanded(10.2), strict=True):
        np.testing.assert_array_equal(new, old)


def test_commands_take_hold_again_after_a_stop() -> None:
    motion = moving(PANDA)
    times = 10.0 + np.arange(11) / PANDA.rate_hz
    joints = PANDA.home + np.linspace(0.0, 0.001, 11)[:, None] * np.eye(7)[0]
    motion.adopt(SetPoints(times, joints))
    goal = Command(down(np.array([0.5, 0.1, 0.2])))
    np.testing.assert_allclose(motion.towards(goal, 10.02).joints[-1], joints[-1])
    assert motion.refused
    assert motion.towards(goal, 10.06).times[-1] > 10.2
    assert not motion.refused


def test_a_command_that_is_no_number_changes_nothing() -> None:
    motion = moving(PANDA)
    goal = down(np.array([0.5, 0.1, 0.2]))
    kept = motion.towards(Command(goal), 10.0)
    nan = float("nan")
    for command in (
        Command(goal, velocity=np.array([np.inf, 0.0, 0.0])),
        Command(goal, reach_at=nan),
        Command(joints=np.full(7, nan)),
        Command(joints=np.zeros(6)),
    ):
        np.testing.assert_array_equal(motion.towards(command, 10.0).joints, kept.joints)
        assert motion.refused
    assert len(motion.towards(Command(goal, reach_at=1e9), 10.0).times) < 25.0 * PANDA.rate_hz
