"""Whether a filter is as sure as it may be: errors fit the covariance, and wrong measurements do no lasting harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.nouns import ObjectState, PoseEstimate, Vector
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.kalman import ObjectFilter, Update

from .moving_things import Event, Motion, measured, moving, way

ROLLS = moving(Event(0.0, (0.4, 0.2)), lasts=1.6)


def state_of(live: ObjectFilter, time: float) -> ObjectState:
    state = live.state(time)
    assert state is not None
    return state


def squared(off: Vector, covariance: Vector) -> float:
    return float(off @ np.linalg.solve(covariance, off))


def motions(rng: np.random.Generator) -> list[Motion]:
    """A bit of everything; in every other one something happens at an unexpected time."""
    velocity, at = way(rng, rng.uniform(0.15, 0.7)), rng.uniform(0.4, 2.2)
    before = Event(0.0, velocity)
    return [
        moving(before),
        moving(Event(0.0, velocity, turn=2.0)),
        moving(before, Event(at)),
        moving(before, Event(at, -0.6 * velocity)),
        moving(Event(at, velocity)),
    ]


def test_errors_are_as_large_as_claimed() -> None:
    """Of position neither more nor less (NEES); of velocity not more: a knock may come at any time."""
    place, speed = [], []
    for seed, motion in enumerate(motions(np.random.default_rng(0))):
        live = ObjectFilter("thing", Symmetry())
        for one in measured(motion, motion.frames(), seed):
            live.measure(one)
            state, (where, velocity) = state_of(live, one.captured_at), motion.at(one.captured_at)
            place.append(squared(state.position - where, state.covariance[:3, :3]) / 3.0)
            speed.append(squared((state.velocity - velocity)[:2], state.covariance[6:8, 6:8]) / 2.0)
    assert 0.6 < np.mean(place) < 1.3
    assert np.median(speed) < 1.0
    assert np.mean(np.array(speed) < 3.0) > 0.95


@pytest.mark.slow
def test_coasting_covers_the_truth() -> None:
    """Whatever happens while the thing cannot be seen; and not by sheer size."""
    rng = np.random.default_rng(1)
    inside: dict[float, list[bool]] = {0.12: [], 0.24: [], 0.48: []}
    for seed, motion in enumerate([*motions(rng), *motions(rng)]):
        live = ObjectFilter("thing", Symmetry())
        for index, one in enumerate(measured(motion, motion.frames(), seed)):
            live.measure(one)
            for ahead in inside if index > 5 and index % 4 == 0 and one.captured_at < 1.9 else ():
                time = one.captured_at + ahead
                state, (where, velocity) = state_of(live, time), motion.at(time)
                inside[ahead].append(squared((state.position - where)[:2], state.covariance[:2, :2]) < 5.99)
                inside[ahead].append(squared((state.velocity - velocity)[:2], state.covariance[6:8, 6:8]) < 5.99)
                assert np.sqrt(state.covariance[0, 0]) < 0.25 * ahead or state.velocity @ velocity < 0.0
    assert np.mean([np.mean(shares) for shares in inside.values()]) > 0.9


def taken(live: ObjectFilter, estimates: list[PoseEstimate], shift: Vector) -> list[Update]:
    """Measured somewhere else."""
    move = RigidTransform.from_translation(shift)
    return [live.measure(replace(one, T_base_object=move * one.T_base_object)) for one in estimates]


@pytest.mark.parametrize("far", [0.06, 0.3, 2.0])
def test_one_wrong_measurement_is_passed_over(far: float) -> None:
    estimates, live = measured(ROLLS, ROLLS.frames(), 0), ObjectFilter("thing", Symmetry())
    taken(live, estimates[:20], np.zeros(3))
    (wrong,) = taken(live, estimates[20:21], np.array([0.0, far, 0.0]))
    after = taken(live, estimates[21:23], np.zeros(3))
    state = state_of(live, estimates[22].captured_at)
    assert (wrong.kind, [update.kind for update in after]) == ("gated", ["taken", "taken"])
    assert wrong.distance > 10.0
    assert np.linalg.norm(state.velocity - ROLLS.at(estimates[22].captured_at)[1]) < 0.03


@pytest.mark.parametrize("far", [0.1, 0.3, 1.0])
def test_a_thing_that_is_elsewhere_is_found_there(far: float) -> None:
    """After the second or third measurement that agrees; by the fourth its velocity is known too."""
    estimates, live, shift = (
        measured(ROLLS, ROLLS.frames(), 0),
        ObjectFilter("thing", Symmetry()),
        np.array([0.0, far, 0.0]),
    )
    taken(live, estimates[:20], np.zeros(3))
    assert live.confirmed
    kinds = [update.kind for update in taken(live, estimates[20:24], shift)]
    where, velocity = ROLLS.at(estimates[23].captured_at)
    state = state_of(live, estimates[23].captured_at)
    assert kinds[0] == "gated"
    assert "reset" in kinds[1:3]
    assert np.linalg.norm(state.position - where - shift) < 0.004
    assert np.linalg.norm(state.velocity - velocity) < 0.05


def test_it_is_found_again_where_it_went_unseen() -> None:
    """It bounced while nobody looked."""
    motion = moving(Event(0.0, (0.5, 0.0)), Event(0.7, (-0.3, 0.2)), lasts=1.5)
    estimates, live = measured(motion, motion.frames(), 0), ObjectFilter("thing", Symmetry())
    for one in estimates:
        if not 0.6 < one.captured_at < 1.1:
            live.measure(one)
        if one.captured_at > 1.22:
            where, velocity = motion.at(one.captured_at)
            state = state_of(live, one.captured_at)
            assert np.linalg.norm(state.position - where) < 0.004
            assert np.linalg.norm(state.velocity - velocity) < 0.05


@pytest.mark.parametrize(("claimed", "least", "most"), [(0.5, 1.7, 5.0), (1.0, 0.6, 1.6), (2.0, 0.15, 0.6)])
def test_claims_that_stay_wrong_are_scaled(claimed: float, least: float, most: float) -> None:
    motion = moving(Event(0.0, (0.3, 0.1)), lasts=3.6)
    live = ObjectFilter("thing", Symmetry())
    kinds = {live.measure(one).kind for one in measured(motion, motion.frames(), 0, claimed=claimed)}
    assert kinds == {"taken"}
    assert least < live.noise_scale < most


def test_when_it_was_seen_and_whether_that_is_enough() -> None:
    estimates, live = measured(ROLLS, ROLLS.frames(), 0), ObjectFilter("thing", Symmetry())
    assert (live.seen_at, live.confirmed) == (None, False)
    taken(live, estimates[:2], np.zeros(3))
    assert (live.seen_at, live.confirmed) == (estimates[1].captured_at, False)
    taken(live, estimates[2:10], np.zeros(3))
    taken(live, estimates[10:11], np.array([0.0, 0.0, 0.5]))
    assert (live.seen_at, live.confirmed) == (estimates[9].captured_at, True)
