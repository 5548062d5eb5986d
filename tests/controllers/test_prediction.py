"""Laws of prediction, of the quick arrival estimate, and of how to close."""

from __future__ import annotations

import numpy as np
import pytest
from ruckig import InputParameter, Ruckig, Trajectory
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.arrival import LIMITS_SHARE, RAMPS, joints_at, least_times
from dynacollect.controllers.closing import choose, down, grasp_height, nearest, widths_at
from dynacollect.controllers.grasp import yaw_between
from dynacollect.controllers.predict import path, predict
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.nouns import ObjectState
from dynacollect.rig.objects import catalogue


def rolling(speed: float, heading: float = 0.3, at: float = 1.0) -> ObjectState:
    velocity = speed * np.array([np.cos(heading), np.sin(heading), 0.0])
    pose = RigidTransform.from_translation([0.5, -0.1, 0.03])
    return ObjectState("apple", pose, velocity, np.zeros(3), np.eye(12) * 1e-4, at)


@pytest.mark.parametrize("deceleration", [-2.0, 0.0, 0.1, 4.0])
@pytest.mark.parametrize("speed", [0.0, 0.1, 0.7])
def test_path_and_prediction_are_one_motion(deceleration: float, speed: float) -> None:
    state = rolling(speed)
    times = 1.0 + 0.25 * np.arange(9, dtype=np.float64)
    for time, place, velocity in zip(times, *path(state, deceleration, times), strict=True):
        ahead = predict(state, deceleration, float(time))
        np.testing.assert_allclose(ahead.position, place, atol=1e-12)
        np.testing.assert_allclose(ahead.velocity, velocity, atol=1e-12)
        assert ahead.valid_at == time


def test_velocity_is_the_rate_of_the_place() -> None:
    state = rolling(0.5)
    for deceleration in (0.0, 0.3, 2.0):
        for time in np.linspace(1.05, 1.8, 9):
            step = (
                predict(state, deceleration, time + 1e-6).position - predict(state, deceleration, time - 1e-6).position
            )
            np.testing.assert_allclose(step / 2e-6, predict(state, deceleration, float(time)).velocity, atol=1e-5)


def test_a_decelerating_object_stops_where_energy_says() -> None:
    state = rolling(0.6)
    end = predict(state, 1.5, 10.0)
    assert np.linalg.norm(end.velocity) == 0.0
    assert np.linalg.norm(end.position - state.position) == pytest.approx(0.6**2 / (2 * 1.5))


@pytest.mark.parametrize("name", sorted(ARMS))
def test_the_estimate_agrees_with_the_time_optimal_motion(name: str) -> None:
    """Without a jerk limit to speak of, ruckig's least duration is the truth."""
    arm, rng = ARMS[name], np.random.default_rng(4)
    for _ in range(60):
        start, goal = (rng.uniform(arm.lower * 0.5, arm.upper * 0.5) for _ in range(2))
        v0, v1 = (rng.uniform(-0.5, 0.5, arm.joints) * arm.max_velocity for _ in range(2))
        problem, motion = InputParameter(arm.joints), Trajectory(arm.joints)
        problem.current_position, problem.target_position = start, goal
        problem.current_velocity, problem.target_velocity = v0, v1
        problem.max_velocity = arm.max_velocity * LIMITS_SHARE
        problem.max_acceleration = arm.max_acceleration * LIMITS_SHARE
        problem.max_jerk = np.full(arm.joints, 1e7)
        Ruckig(arm.joints).calculate(problem, motion)
        longest = max(motion.independent_min_durations)
        estimate = float(least_times(arm, start, v0, goal[None], v1)[0])
        spare = float(np.max(RAMPS * LIMITS_SHARE * arm.max_acceleration / arm.max_jerk))
        assert longest - 1e-3 <= estimate <= longest + spare + 1e-3


@pytest.mark.parametrize("name", sorted(ARMS))
def test_joints_come_to_the_place(name: str) -> None:
    arm, rng = ARMS[name], np.random.default_rng(2)
    for _ in range(20):
        place = np.array([rng.uniform(0.5, 0.75), rng.uniform(-0.3, 0.3), 0.1]) * arm.reach
        goal = down(place, float(np.arctan2(place[1], place[0])) - np.pi / 2)
        (joints,) = joints_at(arm, arm.home, goal.as_matrix()[None], steps=8)
        assert arm.inside_limits(joints)
        assert np.linalg.norm(kinematics.forward(arm, joints).translation - goal.translation) < 0.01


def test_angles_of_axes_count_modulo_half_turns() -> None:
    rng = np.random.default_rng(0)
    for first, second in rng.uniform(-7, 7, (50, 2)):
        assert yaw_between(first, second) == pytest.approx(yaw_between(first + np.pi, second))
        assert 0 <= yaw_between(first, second) <= np.pi / 2 + 1e-9
        assert abs(nearest(first, second) - second) <= np.pi / 2 + 1e-9
        assert yaw_between(nearest(first, second), first) == pytest.approx(0.0, abs=1e-9)


def test_a_cuboid_is_as_wide_as_its_sides() -> None:
    arm, model = ARMS["franka-panda"], catalogue.load("cuboid")
    for turn in (0.0, 0.4, 1.2):
        pose = RigidTransform.from_components([0.5, 0.0, model.rest_height], Rotation.from_euler("z", turn))
        state = ObjectState("cuboid", pose, np.zeros(3), np.zeros(3), np.zeros((12, 12)), 0.0)
        widths, _ = widths_at(arm, model, state)
        assert widths.min() == pytest.approx(min(model.extent[:2]), abs=0.004)
        assert choose(arm, model, state, 0.0, None).width < arm.gripper.max_width


@pytest.mark.slow
def test_the_tips_stay_off_what_the_object_stands_on() -> None:
    for arm in ARMS.values():
        tips = arm.gripper.pad_offset + arm.gripper.pad[2]
        for name in catalogue.names():
            model = catalogue.load(name)
            for ground in (0.0, 0.008):
                pose = RigidTransform.from_translation([0.4, 0.0, ground + model.rest_height])
                state = ObjectState(name, pose, np.zeros(3), np.zeros(3), np.zeros((12, 12)), 0.0)
                assert grasp_height(arm, model, state) - tips >= ground + 0.003
