"""The ways of moving are what happens when their events are drawn by lot."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.nouns import Vector
from dynacollect.tracking.kalman.belief import WAYS, Belief
from dynacollect.tracking.kalman.laws import BEND, BENDS, CHANCES, GOES, KNOCK, KNOCKED, STANDS, STAYS, Law, chances
from dynacollect.tracking.kalman.place import gone_on

DT = 0.04
DRAWS = 200_000


def foreseen(way: int, velocity: float, pull: float) -> tuple[Vector, Vector]:
    """Mean and covariance of place, velocity and acceleration after a step in which this happens."""
    belief = Belief(np.array([[0.0, velocity, pull]]), np.zeros((1, 3, 3)), np.ones(1), np.array([[GOES, GOES]]))
    seen = Law(axes=1, creep=0.0).foreseen(belief, DT)
    index = int(np.flatnonzero(seen.past[:, 2] == way)[0])
    return seen.mean[index], seen.covariance[index]


def test_a_stop_may_be_anywhere_on_the_way() -> None:
    mean, covariance = foreseen(STANDS, 0.5, 0.0)
    places = 0.5 * DT * np.random.default_rng(0).random(DRAWS)
    assert mean[0] == pytest.approx(places.mean(), rel=0.01)
    assert covariance[0, 0] == pytest.approx(places.var(), rel=0.01)
    assert mean[1] == 0.0


@pytest.mark.parametrize(("way", "size"), [(KNOCKED, KNOCK), (BENDS, BEND)])
def test_a_change_may_come_at_any_time_of_the_step(way: int, size: float) -> None:
    rng = np.random.default_rng(1)
    change, left = rng.normal(0.0, size, DRAWS), DT * rng.random(DRAWS)
    drawn = np.array([change * left, change]) if way == KNOCKED else np.array([change * left**2 / 2, change * left])
    mean, covariance = foreseen(way, 0.5, 0.1)
    scale = np.sqrt(np.outer(drawn.var(axis=1), drawn.var(axis=1)))
    assert mean[0] == pytest.approx(0.5 * DT + 0.05 * DT**2)
    assert np.allclose(covariance[:2, :2] / scale, np.cov(drawn) / scale, atol=0.02)


@pytest.mark.parametrize("dt", [0.001, 0.04, 0.5, 5.0])
def test_something_always_happens(dt: float) -> None:
    odds = chances(CHANCES, STAYS, dt)
    assert odds.shape == (WAYS, WAYS)
    assert np.all(odds >= 0.0)
    assert np.allclose(odds.sum(axis=1), 1.0)


def test_nothing_happens_in_a_frame_if_nothing_does_in_its_halves() -> None:
    half, whole = (np.diag(chances(CHANCES, STAYS, dt))[[GOES, STANDS]] for dt in (DT / 2, DT))
    assert np.allclose(half**2, whole, atol=1e-3)


def test_what_goes_on_slows_down_until_it_stands() -> None:
    state = np.array([[0.0, 0.0, 0.3, 0.4, -0.6, -0.8]])
    half, velocity = gone_on(state, 2, 0.25)
    stopped, still = gone_on(state, 2, 3.0)
    assert np.allclose(half, (0.5 * 0.25 - 0.5 * 0.25**2) * np.array([0.6, 0.8]))
    assert np.allclose(velocity, 0.25 * np.array([0.6, 0.8]))
    assert np.allclose(stopped, 0.125 * np.array([0.6, 0.8]))
    assert np.allclose(still, 0.0)


def test_what_goes_a_curve_stays_on_it() -> None:
    speed, radius, dt = 0.6, 0.3, 0.23
    place, velocity = gone_on(np.array([[0.0, 0.0, speed, 0.0, 0.0, speed**2 / radius]]), 2, dt)
    angle = speed * dt / radius
    assert np.allclose(place, radius * np.array([np.sin(angle), 1.0 - np.cos(angle)]), atol=0.002)
    assert np.allclose(velocity, speed * np.array([np.cos(angle), np.sin(angle)]), atol=0.03)
