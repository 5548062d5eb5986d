"""The track of an object's states by what a filter promises: nothing lost, noise halved, and an honest covariance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.controllers.track import FRICTION, Track
from dynacollect.rig.nouns import ObjectState, Vector

TICK = 0.04


def state(place: Vector, velocity: Vector, time: float, sigma: tuple[float, float] = (0.0, 0.0)) -> ObjectState:
    variances = np.repeat([sigma[0], 1e-3, sigma[1], 1e-3], 3) ** 2
    pose = RigidTransform.from_translation([*place, 0.03])
    return ObjectState("apple", pose, np.array([*velocity, 0.0]), np.zeros(3), np.diag(variances), time)


def rolling(time: float, speed: float = 0.5, loss: float = FRICTION) -> tuple[Vector, Vector]:
    """A ball's place and velocity, level, that slows down evenly."""
    way = np.array([0.6, 0.8])
    return (speed * time - 0.5 * loss * time**2) * way, (speed - loss * time) * way


def seen(seed: int, sigma: tuple[float, float], count: int = 25) -> tuple[Track, float]:
    """The track after so many noisy states, and their last time."""
    rng, track = np.random.default_rng(seed), Track()
    for time in (TICK * np.arange(count)).tolist():
        place, velocity = rolling(time)
        noisy = place + rng.normal(0, sigma[0], 2), velocity + rng.normal(0, sigma[1], 2)
        track = track.seen(state(*noisy, time, sigma))
    return track, TICK * (count - 1)


@pytest.mark.parametrize("loss", [0.0, 0.12, 1.0])
def test_exact_states_pass_as_they_are(loss: float) -> None:
    track = Track()
    for time in (TICK * np.arange(20)).tolist():
        place, velocity = rolling(time, 1.0, loss)
        track = track.seen(state(place, velocity, time))
        refined = track.refined(state(place, velocity, time))
        np.testing.assert_allclose(refined.position[:2], place, atol=5e-5)
        np.testing.assert_allclose(refined.velocity[:2], velocity, atol=2e-3)
    assert track.deceleration == pytest.approx(loss, abs=0.05)


def test_the_error_of_noisy_speeds_is_halved() -> None:
    errors = []
    for seed in range(100):
        track, time = seen(seed, (0.002, 0.030))
        errors.append(track.mean[1] - rolling(time)[1])
    assert np.sqrt(np.mean(np.square(errors))) < 0.5 * 0.030


@pytest.mark.slow
def test_the_places_are_no_worse_than_what_was_seen() -> None:
    errors = [track.mean[0] - rolling(time)[0] for track, time in (seen(seed, (0.002, 0.030)) for seed in range(100))]
    assert np.sqrt(np.mean(np.square(errors))) < 0.002


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [(0.002, 0.030), (0.005, 0.010)])
def test_its_covariance_is_honest(sigma: tuple[float, float]) -> None:
    """The squared error in sigmas is one for each number, on average; it knows of accelerations that did not come."""
    squares = []
    for seed in range(200):
        track, time = seen(seed, sigma)
        place, velocity = rolling(time)
        off = track.mean[:2] - np.stack([place, velocity])
        squares += [float(axis @ np.linalg.solve(track.covariance[:2, :2], axis)) / 2 for axis in off.T]
    assert 0.4 < np.mean(squares) < 1.3


def test_a_push_is_followed_within_three_states() -> None:
    for seed in range(20):
        rng, track = np.random.default_rng(seed), Track()
        place, velocity = np.zeros(2), np.array([0.1, 0.0])
        for number in range(18):
            velocity = np.array([0.1, 0.5]) if number >= 15 else velocity
            place = place + TICK * velocity
            sigma = (0.002, 0.030)
            noisy = place + rng.normal(0, sigma[0], 2), velocity + rng.normal(0, sigma[1], 2)
            track = track.seen(state(*noisy, TICK * number, sigma))
        assert np.linalg.norm(track.mean[1] - velocity) < 0.12


def test_the_same_instant_or_an_older_one_adds_nothing() -> None:
    track, time = seen(0, (0.002, 0.030))
    assert track.seen(state(*rolling(time), time)) is track
    assert track.seen(state(*rolling(time), time - TICK)) is track


def test_after_a_long_gap_it_begins_anew() -> None:
    track, time = seen(0, (0.002, 0.030))
    there = np.array([1.0, 1.0]), np.array([0.0, -0.2])
    fresh = track.seen(state(*there, time + 2.0))
    np.testing.assert_array_equal(fresh.mean[:2], there)
    assert fresh.deceleration == pytest.approx(FRICTION)


def test_what_is_not_level_is_left_alone() -> None:
    track, time = seen(0, (0.002, 0.030))
    last = state(*rolling(time), time)
    refined = track.refined(last)
    assert refined.position[2] == last.position[2]
    np.testing.assert_array_equal(refined.covariance, last.covariance)
    np.testing.assert_allclose(refined.T_base_object.rotation.as_matrix(), np.eye(3), atol=1e-15)
