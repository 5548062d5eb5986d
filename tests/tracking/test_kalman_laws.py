"""What holds for every motion: order, time, direction and symmetry make no difference to what a filter believes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import ObjectState, PoseEstimate, Vector
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.kalman import ObjectFilter

from .moving_things import Event, estimate, measured, moving, rolled

RADIUS = 0.03
BOUNCED = moving(Event(0.0, (0.5, 0.1)), Event(0.9, (-0.3, 0.2)), lasts=1.6)
HALF_TURNS = Symmetry("discrete", rotations=tuple(Rotation.from_rotvec(np.pi * axis) for axis in np.eye(3)))
CAN = Symmetry("axis", axis=np.array([0.0, 0.0, 1.0]))
EGG_TIMER = Symmetry("axis", axis=np.array([0.0, 0.0, 1.0]), flip=True)


def rolling_estimates(seed: int = 0) -> list[PoseEstimate]:
    rng = np.random.default_rng(seed)
    return [estimate(t, BOUNCED.at(t)[0], rolled(BOUNCED, t, RADIUS), rng) for t in BOUNCED.frames()]


def believed(estimates: list[PoseEstimate], symmetry: Symmetry | None = None) -> ObjectFilter:
    live = ObjectFilter("thing", symmetry or Symmetry(), RADIUS)
    for one in estimates:
        live.measure(one)
    return live


def state_of(live: ObjectFilter, time: float) -> ObjectState:
    state = live.state(time)
    assert state is not None
    return state


def numbers(state: ObjectState) -> Vector:
    pose = state.T_base_object.as_matrix()
    return np.concatenate([pose.ravel(), state.velocity, state.angular_velocity, 100.0 * state.covariance.ravel()])


def shuffled(estimates: list[PoseEstimate], late_s: float, seed: int) -> list[PoseEstimate]:
    """In the order in which they arrive, each up to so late."""
    delays = np.random.default_rng(seed).uniform(0.0, late_s, len(estimates))
    order = np.argsort([one.captured_at + delay for one, delay in zip(estimates, delays, strict=True)])
    return [estimates[index] for index in order]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_within_half_a_second_gives_the_same_state(seed: int) -> None:
    """Also of two measurements of the same time."""
    estimates = rolling_estimates()[:30]
    estimates += [replace(one, covariance=2.0 * one.covariance) for one in rolling_estimates(7)[10:20]]
    in_order = believed(sorted(estimates, key=lambda one: one.captured_at))
    mixed = believed(shuffled(estimates, 0.49, seed))
    for time in (1.0, 1.16, 1.3):
        assert np.allclose(numbers(state_of(mixed, time)), numbers(state_of(in_order, time)), rtol=1e-9, atol=1e-12)


def test_later_than_that_is_refused_and_changes_nothing() -> None:
    *estimates, _ = rolling_estimates()
    live = believed(estimates)
    before = numbers(state_of(live, 2.0))
    assert live.measure(rolling_estimates(3)[10]).kind == "late"
    assert np.array_equal(numbers(state_of(live, 2.0)), before)


@pytest.mark.parametrize("broken", ["place", "covariance"])
def test_a_measurement_without_numbers_is_refused(broken: str) -> None:
    live = believed(rolling_estimates()[:10])
    before, one = numbers(state_of(live, 1.0)), rolling_estimates()[10]
    nowhere = replace(one, T_base_object=RigidTransform.from_translation([np.nan, 0.0, 0.0]))
    unsure = replace(one, covariance=np.full((6, 6), np.nan))
    assert live.measure(nowhere if broken == "place" else unsure).kind == "gated"
    assert np.array_equal(numbers(state_of(live, 1.0)), before)


def test_two_measurements_of_one_time_are_worth_one_of_half_the_variance() -> None:
    first, second = rolling_estimates()[0], replace(rolling_estimates()[0])
    once = state_of(believed([replace(first, covariance=0.5 * first.covariance)]), 0.0)
    twice = state_of(believed([first, second]), 0.0)
    assert np.allclose(np.diag(twice.covariance)[:6], np.diag(once.covariance)[:6], rtol=1e-2)


def test_the_clock_may_start_anywhere() -> None:
    estimates = rolling_estimates()
    later = [replace(one, captured_at=one.captured_at + 1024.0) for one in estimates]
    here, there = state_of(believed(estimates), 1.7), state_of(believed(later), 1025.7)
    assert np.allclose(numbers(here), numbers(there), rtol=1e-6, atol=1e-7)


def test_the_world_may_be_turned_about_the_vertical() -> None:
    turn = RigidTransform.from_rotation(Rotation.from_euler("z", 0.7))
    six, twelve = (np.kron(np.eye(parts), turn.rotation.as_matrix()) for parts in (2, 4))
    estimates = rolling_estimates()
    turned = [
        replace(one, T_base_object=turn * one.T_base_object, covariance=six @ one.covariance @ six.T)
        for one in estimates
    ]
    here, there = state_of(believed(estimates), 1.7), state_of(believed(turned), 1.7)
    assert np.allclose((turn * here.T_base_object).as_matrix(), there.T_base_object.as_matrix(), atol=1e-6)
    assert np.allclose(turn.rotation.apply([here.velocity, here.angular_velocity]), [
        there.velocity, there.angular_velocity,
    ], atol=1e-6)  # fmt: skip
    assert np.allclose(twelve @ here.covariance @ twelve.T, there.covariance, rtol=1e-5, atol=1e-8)


def test_the_table_may_be_at_any_height() -> None:
    lift = RigidTransform.from_translation([0.0, 0.0, 0.3])
    estimates = rolling_estimates()
    higher = ObjectFilter("thing", Symmetry(), RADIUS, table_z=0.3)
    for one in estimates:
        higher.measure(replace(one, T_base_object=lift * one.T_base_object))
    here, there = state_of(believed(estimates), 1.7), state_of(higher, 1.7)
    assert np.allclose((lift * here.T_base_object).as_matrix(), there.T_base_object.as_matrix(), atol=1e-9)


@pytest.mark.parametrize(
    "symmetry", [HALF_TURNS, CAN, EGG_TIMER, Symmetry("sphere")], ids=lambda s: s.kind + str(s.flip)
)
def test_poses_that_look_alike_give_the_same_state(symmetry: Symmetry) -> None:
    rng = np.random.default_rng(5)
    axis, unseen = np.array([0.0, 0.0, 1.0]), np.zeros((6, 6))
    estimates, others = [], []
    for one in rolling_estimates():
        other = Rotation.identity()
        if symmetry.kind == "discrete":
            other = (other, *symmetry.rotations)[rng.integers(4)]
        if symmetry.kind == "axis":
            other = Rotation.from_rotvec(axis * rng.uniform(-3.0, 3.0))
            other = other * Rotation.from_rotvec([np.pi, 0.0, 0.0]) if symmetry.flip and rng.random() < 0.5 else other
            about = one.T_base_object.rotation.apply(axis)
            unseen[3:, 3:] = 25.0 * np.outer(about, about)
        if symmetry.kind == "sphere":
            other, unseen[3:, 3:] = Rotation.random(rng=rng), 25.0 * np.eye(3)
        estimates.append(replace(one, covariance=one.covariance + unseen))
        pose = one.T_base_object * RigidTransform.from_rotation(other if others else Rotation.identity())
        others.append(replace(estimates[-1], T_base_object=pose))
    here, there = state_of(believed(estimates, symmetry), 1.7), state_of(believed(others, symmetry), 1.7)
    assert np.allclose(numbers(here), numbers(there), atol=1e-6)


def test_the_past_is_what_was_known_then() -> None:
    estimates = rolling_estimates()
    live = believed(estimates)
    then = believed(estimates[:30])
    time = estimates[29].captured_at + 0.5 * (estimates[30].captured_at - estimates[29].captured_at)
    assert np.array_equal(numbers(state_of(live, time)), numbers(state_of(then, time)))
    assert live.state(-0.1) is None
    assert ObjectFilter("thing", Symmetry()).state(0.0) is None


def test_predictions_grow_less_certain() -> None:
    live = believed(measured(BOUNCED, BOUNCED.frames(), 0))
    spread = [np.sqrt(np.diag(state_of(live, 1.6 + ahead).covariance)[:3]) for ahead in (0.0, 0.1, 0.3, 1.0)]
    assert np.all(np.diff(spread, axis=0) > 0.0)
