"""The smoothed states of an episode: the best there are, and clearly better than what was known at the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import ObjectState, PoseEstimate
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.kalman import ObjectFilter, smoothed
from dynacollect.tracking.kalman.rts import Seen, Steps, smooth

from .moving_things import Event, Motion, estimate, measured, moving, rolled

RADIUS = 0.03
BOUNCES = moving(Event(0.3, (0.5, 0.2)), Event(1.1, (-0.3, 0.3)), Event(1.6), lasts=2.0)
ROLLS = moving(Event(0.0, (0.3, 0.4)), lasts=1.2)


def known_then(estimates: list[PoseEstimate], radius: float | None = None) -> list[ObjectState]:
    live, states = ObjectFilter("thing", Symmetry(), radius), []
    for one in estimates:
        live.measure(one)
        state = live.state(one.captured_at)
        assert state is not None
        states.append(state)
    return states


def errors(states: list[ObjectState], motion: Motion) -> tuple[float, float]:
    """RMS of place (m) and velocity (m/s)."""
    place = [state.position - motion.at(state.valid_at)[0] for state in states]
    velocity = [state.velocity - motion.at(state.valid_at)[1] for state in states]
    return float(np.sqrt(np.mean(np.square(place)))), float(np.sqrt(np.mean(np.square(velocity))))


def test_smoothing_solves_least_squares() -> None:
    """Means and covariances are those of all states solved for at once."""
    rng, n, d = np.random.default_rng(0), 6, 3
    F, u = rng.normal(0.0, 0.6, (n - 1, d, d)), rng.normal(0.0, 1.0, (n - 1, d))
    Q = np.array([np.diag(rng.uniform(0.1, 1.0, d)) for _ in range(n - 1)])
    seen = [
        [Seen(rng.normal(0.0, 1.0, 2), np.diag(rng.uniform(0.1, 1.0, 2)), rng.normal(0.0, 1.0, (2, d)))]
        for _ in range(n)
    ]
    start = (rng.normal(0.0, 1.0, d), np.diag(rng.uniform(0.5, 2.0, d)))
    H, y = np.zeros((n * d, n * d)), np.zeros(n * d)

    def told(J: np.ndarray, z: np.ndarray, R: np.ndarray) -> None:
        nonlocal H, y
        H, y = H + J.T @ np.linalg.solve(R, J), y + J.T @ np.linalg.solve(R, z)

    blocks = [np.eye(d, n * d, k * d) for k in range(n)]
    told(blocks[0], *start)
    for k in range(n - 1):
        told(blocks[k + 1] - F[k] @ blocks[k], u[k], Q[k])
    for k, (one,) in enumerate(seen):
        told(one.H @ blocks[k], one.z, one.R)
    found, P = smooth(Steps(start, F, Q, u), seen), np.linalg.inv(H)
    assert np.allclose(found.mean.ravel(), np.linalg.solve(H, y))
    for k in range(n):
        assert np.allclose(found.covariance[k], blocks[k] @ P @ blocks[k].T)
    for k in range(n - 1):
        J = blocks[k + 1] - F[k] @ blocks[k]
        off = J @ found.mean.ravel() - u[k]
        assert np.allclose(found.noise[k], J @ P @ J.T + np.outer(off, off))


def test_all_measurements_tell_more_than_those_so_far() -> None:
    """Over a start, a bounce and a stop."""
    estimates = measured(BOUNCES, BOUNCES.frames(), 1)
    place, velocity = errors(smoothed("thing", Symmetry(), estimates), BOUNCES)
    place_then, velocity_then = errors(known_then(estimates), BOUNCES)
    assert place < 0.8 * place_then
    assert velocity < 0.5 * velocity_then


@pytest.mark.parametrize("far", [0.01, 0.08])
def test_wrong_measurements_hardly_matter(far: float) -> None:
    estimates = measured(ROLLS, ROLLS.frames(), 1)
    away = RigidTransform.from_translation([0.0, far, 0.0])
    for index in (8, 15, 18):
        estimates[index] = replace(estimates[index], T_base_object=away * estimates[index].T_base_object)
    place, velocity = errors(smoothed("thing", Symmetry(), estimates), ROLLS)
    assert place < 0.001
    assert velocity < 0.02


def test_errors_are_as_large_as_claimed() -> None:
    ratios = []
    for seed in range(2):
        for state in smoothed("thing", Symmetry(), measured(ROLLS, ROLLS.frames(), seed)):
            off = state.position - ROLLS.at(state.valid_at)[0]
            ratios.append(off @ np.linalg.solve(state.covariance[:3, :3], off) / 3.0)
    assert 0.4 < np.mean(ratios) < 1.6


def test_rolling_is_smoothed_too() -> None:
    rng = np.random.default_rng(2)
    estimates = [estimate(t, ROLLS.at(t)[0], rolled(ROLLS, t, RADIUS), rng) for t in ROLLS.frames()]

    def off(states: list[ObjectState]) -> tuple[float, float]:
        turns = [state.T_base_object.rotation * rolled(ROLLS, state.valid_at, RADIUS).inv() for state in states]
        spins = [
            state.angular_velocity
            - Rotation.from_euler("z", 90, degrees=True).apply(ROLLS.at(state.valid_at)[1]) / RADIUS
            for state in states
        ]
        return float(np.median([turn.magnitude() for turn in turns])), float(np.sqrt(np.mean(np.square(spins))))

    turn, spin = off(smoothed("thing", Symmetry(), estimates, RADIUS))
    turn_then, spin_then = off(known_then(estimates, RADIUS))
    assert turn < 0.8 * turn_then
    assert spin < 0.5 * spin_then


def test_other_times_may_be_asked_for() -> None:
    """Between measurements, before and after them, and in any order of the measurements."""
    estimates = measured(ROLLS, ROLLS.frames()[2:-2], 3)
    times = [0.02, 0.5, 0.51, 1.16]
    states = smoothed("thing", Symmetry(), estimates[::-1], times=times)
    assert [state.valid_at for state in states] == times
    assert errors(states, ROLLS)[0] < 0.002
    assert smoothed("thing", Symmetry(), []) == []
