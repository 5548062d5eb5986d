"""The smooth motion by its laws, and what motion makes of it: on time, at speed, and near a line on the way down."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.motion import Motion
from dynacollect.controllers.profile import Limits, Smooth, State
from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.franka import FR3, PANDA
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.nouns import Command, Vector

ARMS = pytest.mark.parametrize("arm", [PANDA, FR3, PIPER], ids=lambda arm: arm.name)
SEEDS = range(30)


def random_state(rng: np.random.Generator) -> State:
    return rng.uniform(-2, 2, 7), rng.uniform(-1, 1, 7), rng.uniform(-3, 3, 7)


def random_motion(seed: int) -> tuple[State, State, Smooth]:
    rng = np.random.default_rng(seed)
    start, end = random_state(rng), random_state(rng)
    return start, end, Smooth(start, end, float(rng.uniform(0.1, 2.0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_begins_and_ends_as_asked(seed: int) -> None:
    start, end, motion = random_motion(seed)
    for asked, time in ((start, 0.0), (end, motion.duration)):
        for wanted, found in zip(asked, motion.at(time), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-9)
    for wanted, found in zip(motion.at(motion.duration), motion.at(motion.duration + 1.0), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_its_rates_are_the_rates_of_its_places(seed: int) -> None:
    _, _, motion = random_motion(seed)
    step = 1e-5
    for time in np.linspace(2 * step, motion.duration - 2 * step, 11).tolist():
        before, here, after = (motion.at(time + shift) for shift in (-step, 0.0, step))
        scale = max(1.0, float(np.abs(here[2]).max()) / motion.duration)
        np.testing.assert_allclose((after[0] - before[0]) / (2 * step), here[1], atol=1e-4 * scale)
        np.testing.assert_allclose((after[1] - before[1]) / (2 * step), here[2], atol=1e-4 * scale)
    times = np.asarray(np.linspace(-0.1, motion.duration + 0.1, 17), dtype=np.float64)
    np.testing.assert_allclose(motion.positions(times), [motion.at(time)[0] for time in times.tolist()], atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_fits_is_within_its_limits_everywhere(seed: int) -> None:
    """Seen 1000 times as densely: what it says no to is over a limit, and a yes is over by no more than 2 %."""
    _, _, motion = random_motion(seed)
    states = [motion.at(time) for time in np.linspace(0.0, motion.duration, 16 * 100 + 1).tolist()]
    speed, push = (np.abs([state[rate] for state in states]).max(axis=0) for rate in (1, 2))
    jerk = np.abs(np.diff([state[2] for state in states], axis=0)).max(axis=0) / (motion.duration / 1600)
    everywhere = np.full(7, np.inf)
    for tight in range(3):
        for share, may in ((0.98, False), (1.02, True)):
            most = [value * (share if number == tight else 2.0) for number, value in enumerate((speed, push, jerk))]
            fits = motion.fits(Limits(-everywhere, everywhere, *most))
            assert fits or not may
            if fits:
                assert share > 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_it_stays_on_an_even_motion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    place, speed, still = rng.uniform(-2, 2, 7), rng.uniform(-1, 1, 7), np.zeros(7)
    motion = Smooth((place, speed, still), (place + 0.7 * speed, speed, still), 0.7)
    times = np.asarray(np.linspace(0.0, 0.7, 29), dtype=np.float64)
    np.testing.assert_allclose(motion.positions(times), place + times[:, None] * speed, atol=1e-12)
    np.testing.assert_allclose(motion.at(0.3)[1], speed, atol=1e-12)


def hand(place: Vector, yaw: float) -> RigidTransform:
    return RigidTransform.from_components(place, Rotation.from_euler("xz", [np.pi, yaw]))


@ARMS
def test_a_moving_goal_with_time_to_spare_is_met_on_time(arm: ArmModel) -> None:
    """Told once and never again."""
    rng = np.random.default_rng(3)
    for _ in range(8):
        motion = Motion(arm)
        motion.start(arm.home, 10.0)
        radius, angle, way = rng.uniform(0.5, 0.7) * arm.reach, rng.uniform(-0.5, 0.5), rng.uniform(-np.pi, np.pi)
        goal = hand(np.array([radius * np.cos(angle), radius * np.sin(angle), 0.1]), rng.uniform(-0.5, 0.5))
        velocity = (0.1 if arm is PIPER else 0.3) * np.array([np.cos(way), np.sin(way), 0.0])
        reach_at = 10.0 + 1.5 * motion.time_to(goal, 10.0, velocity) + 0.2
        motion.towards(Command(goal, velocity=velocity, reach_at=reach_at), 10.0)
        joints, speeds, _ = motion.commanded(reach_at)
        assert np.linalg.norm(kinematics.forward(arm, joints).translation - goal.translation) < 0.001
        found = (kinematics.jacobian(arm, joints) @ speeds)[:3]
        np.testing.assert_allclose(found, velocity, atol=0.005)


@pytest.mark.parametrize("way", [0.5, -0.5])
@pytest.mark.parametrize("distance", [0.45, 0.5, 0.6])
def test_a_descent_while_moving_along_keeps_to_the_line(way: float, distance: float) -> None:
    """Down by 40 mm in 0.4 s over an object at 0.5 m/s: level, the tool stays with it, and it goes only down."""
    motion, now, took = Motion(PANDA), 10.0, 0.4
    motion.start(PANDA.home, now)
    velocity, over = np.array([0.0, way, 0.0]), np.array([distance, -0.15 * np.sign(way), 0.10])
    with_it = now + 1.5
    motion.towards(Command(hand(over, 0.0), velocity=velocity, reach_at=with_it), now)
    grasp = over + velocity * took - (0.0, 0.0, 0.04)
    motion.towards(Command(hand(grasp, 0.0), velocity=velocity, reach_at=with_it + took), with_it)
    heights = []
    for time in np.linspace(with_it, with_it + took, 41).tolist():
        place = np.asarray(kinematics.forward(PANDA, motion.commanded(time)[0]).translation)
        aside, along = (place - over - velocity * (time - with_it))[:2]
        assert abs(aside) < 0.002
        assert abs(along) < 0.002
        heights.append(place[2])
    assert np.all(np.diff(heights) < 1e-4)
    assert heights[-1] == pytest.approx(0.06, abs=5e-4)
