"""How well velocities are known: on the way, after whatever happens, and ahead."""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import ObjectState, PoseEstimate
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.kalman import ObjectFilter

from .moving_things import FINE_S, FRAME_S, HEIGHT, Event, Motion, estimate, measured, moving, way

AHEAD_S = 0.23


def state_of(live: ObjectFilter, time: float) -> ObjectState:
    state = live.state(time)
    assert state is not None
    return state


def followed(estimates: list[PoseEstimate], table_z: float | None = 0.0) -> list[ObjectState]:
    """The state after every measurement."""
    live, states = ObjectFilter("thing", Symmetry(), table_z=table_z), []
    for one in estimates:
        live.measure(one)
        states.append(state_of(live, one.captured_at))
    return states


def steady(kind: str, rng: np.random.Generator) -> Motion:
    speed = rng.uniform(0.15, 0.75)
    event = {
        "rolls": Event(0.0, way(rng, speed), drag=0.12),
        "conveyor": Event(0.0, way(rng, speed), drag=0.0),
        "curve": Event(0.0, way(rng, speed), drag=0.08, turn=speed / 0.3),
    }[kind]
    return moving(event, lasts=1.8)


@pytest.mark.parametrize("kind", ["rolls", "conveyor", "curve"])
@pytest.mark.parametrize(("sigma", "most"), [(5e-4, 0.010), (1e-3, 0.015)])
def test_a_steady_velocity_is_known_well(kind: str, sigma: float, most: float) -> None:
    """Whatever the deceleration and the bend; the direction too, and where the thing is after the way of a grasp."""
    rng, off, angles, misses = np.random.default_rng(1), [], [], []
    for seed in range(3):
        motion, live = steady(kind, rng), ObjectFilter("thing", Symmetry())
        times = motion.frames(rng.uniform(0.0, 0.04))[: -round(AHEAD_S / FRAME_S) - 1]
        for index, one in enumerate(measured(motion, times, seed, sigma)):
            live.measure(one)
            if index < 10:
                continue
            state, velocity = state_of(live, one.captured_at), motion.at(one.captured_at)[1]
            off.append(state.velocity[:2] - velocity[:2])
            cosine = state.velocity @ velocity / np.linalg.norm(state.velocity) / np.linalg.norm(velocity)
            angles.append(np.rad2deg(np.arccos(min(1.0, cosine))))
            ahead = one.captured_at + AHEAD_S
            misses.append(np.linalg.norm(state_of(live, ahead).position[:2] - motion.at(ahead)[0][:2]))
    assert np.sqrt(np.mean(np.square(off))) < most
    assert np.percentile(angles, 95) < 5.0
    assert np.median(misses) < 0.005
    assert np.percentile(misses, 95) < 0.015


def test_what_stands_has_no_velocity() -> None:
    motion = moving(lasts=1.2)
    for state in followed(measured(motion, motion.frames(), 0))[10:]:
        assert np.linalg.norm(state.velocity) < 0.002
        assert np.linalg.norm(state.position - motion.places[0]) < 0.001


def happening(kind: str, rng: np.random.Generator, at: float) -> Motion:
    velocity = way(rng, rng.uniform(0.25, 0.75))
    before, sideways = Event(0.0, velocity), np.array([-velocity[1], velocity[0]])
    event = {
        "start": [Event(at, velocity)],
        "stop": [before, Event(at)],
        "bounce": [before, Event(at, -0.6 * velocity + rng.uniform(-0.3, 0.3) * sideways)],
        "push": [before, Event(at, way(rng, rng.uniform(0.2, 0.4)), adds=True)],
    }[kind]
    return moving(*event, lasts=at + 0.3)


@pytest.mark.parametrize("kind", ["start", "stop", "bounce", "push"])
def test_a_change_is_known_after_three_measurements(kind: str) -> None:
    """To a tenth of the speed, but for what noise of half a millimetre hides from three points."""
    rng, at, late = np.random.default_rng(2), 0.6, 0
    for seed in range(12):
        motion = happening(kind, rng, at)
        times = motion.frames(rng.uniform(0.0, 0.04))
        until = bisect(times, at + 1e-6) + 3
        state = followed(measured(motion, times[:until], seed, 5e-4))[-1]
        now, before = motion.at(state.valid_at)[1], motion.at(at - 2 * FINE_S)[1]
        most = 0.1 * max(np.linalg.norm(now), np.linalg.norm(before) if kind == "stop" else 0.0)
        late += np.linalg.norm(state.velocity[:2] - now[:2]) > max(most, 0.025)
    assert late <= 1


def lifted(times: list[float]) -> list[PoseEstimate]:
    """Stands, and is taken up at 0.3 m/s after one second."""
    rng = np.random.default_rng(3)
    return [
        estimate(t, np.array([0.4, 0.0, HEIGHT + 0.3 * max(0.0, t - 1.0)]), Rotation.identity(), rng) for t in times
    ]


@pytest.mark.parametrize("table_z", [0.0, None])
def test_what_is_lifted_is_believed(table_z: float | None) -> None:
    times = [FRAME_S * index for index in range(38)]
    states = followed(lifted(times), table_z=table_z)
    assert all(abs(state.velocity[2]) < 0.02 for state, time in zip(states, times, strict=True) if 0.3 < time < 1.0)
    for state, time in zip(states, times, strict=True):
        if time > 1.14:
            assert state.velocity[2] == pytest.approx(0.3, abs=0.06)
            assert state.position[2] == pytest.approx(HEIGHT + 0.3 * (time - 1.0), abs=0.003)


def test_nothing_falls_through_the_table() -> None:
    rng, live = np.random.default_rng(4), ObjectFilter("thing", Symmetry())
    for time in [FRAME_S * index for index in range(6)]:
        live.measure(estimate(time, np.array([0.4, 0.0, 0.3 - 0.5 * 9.81 * time**2]), Rotation.identity(), rng))
    assert state_of(live, 0.2).velocity[2] < -1.0
    assert state_of(live, 0.7).position[2] >= 0.0


def test_the_height_corrects_what_one_camera_sees() -> None:
    """Along its line of sight a camera hardly sees how far a thing is; the table tells."""
    rng, line = np.random.default_rng(5), np.array([0.8, 0.0, -0.6])
    motion = moving(Event(0.0, (0.0, 0.3)), lasts=1.2)
    live, misses = ObjectFilter("thing", Symmetry()), []
    for index, one in enumerate(measured(motion, motion.frames(), 0)):
        one_view = index > 10
        off = rng.normal(0.0, 0.01) * line if one_view else np.zeros(3)
        covariance = one.covariance.copy()
        covariance[:3, :3] += one_view * 1e-4 * np.outer(line, line)
        pose = RigidTransform.from_translation(off) * one.T_base_object
        live.measure(replace(one, T_base_object=pose, covariance=covariance))
        misses += [np.linalg.norm(state_of(live, one.captured_at).position - motion.at(one.captured_at)[0])] * one_view
    assert np.sqrt(np.mean(np.square(misses))) < 0.003
