"""Lags that are known are found from what is seen alone, and not made up where nothing is seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from dynacollect.calibration.lag import SMALL, lag_of_follower, lag_of_pictures, small
from dynacollect.rig.nouns import Vector

TIMES: Vector = np.array([0.04 * number for number in range(350)])
WAY = CubicSpline(TIMES, 0.2 * np.sin(2 * np.pi * 0.35 * TIMES))
PIXELS = np.linspace(-1, 1, SMALL[0] * SMALL[1])


def stamps(seed: int) -> Vector:
    """Of frames, jittered as arrivals are."""
    rng = np.random.default_rng(seed)
    return np.sort(np.arange(0.5, 13.5, 0.04) + rng.uniform(0, 0.03) + rng.normal(0, 0.003, 325))


def picture(place: float, noise: Vector) -> Vector:
    """A blob that goes across."""
    return 100 * np.exp(-(((PIXELS - 3 * place) / 0.1) ** 2)) + noise


@pytest.mark.parametrize("lag", [-0.05, 0.0, 0.02, 0.12])
def test_a_camera_that_is_late(lag: float) -> None:
    times, rng = stamps(1), np.random.default_rng(2)
    seen = [picture(float(WAY(time - lag)), rng.normal(0, 3, PIXELS.size)) for time in times]
    found = lag_of_pictures(times, seen, WAY)
    assert found is not None
    assert found.seconds == pytest.approx(lag, abs=0.0003)
    assert found.std < 0.0003


@pytest.mark.parametrize("lag", [0.0, 0.013, 0.08])
def test_an_arm_that_follows_late(lag: float) -> None:
    noise = np.random.default_rng(3).normal(0, 0.001, TIMES.size)
    found = lag_of_follower(TIMES[20:-5], (1.7 * WAY(TIMES - lag) + 0.3 + noise)[20:-5], WAY)
    assert found is not None
    assert abs(found.seconds - lag) < max(4 * found.std, 0.0005)


@pytest.mark.slow
def test_the_spread_is_honest() -> None:
    """Over many noises, the errors are as large as is said."""
    errors, said = [], []
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(0, 0.02, TIMES.size)
        found = lag_of_follower(TIMES[20:-5], (WAY(TIMES - 0.03) + noise)[20:-5], WAY)
        assert found is not None
        errors.append(found.seconds - 0.03)
        said.append(found.std)
    assert 0.5 < float(np.std(errors)) / float(np.sqrt(np.mean(np.square(said)))) < 1.6


def test_nothing_is_made_up() -> None:
    times, rng = stamps(4), np.random.default_rng(5)
    blind = [rng.normal(0, 3, PIXELS.size) for _ in times]
    found = lag_of_pictures(times, blind, WAY)
    assert found is None or found.std > 0.01
    assert lag_of_pictures(times[:20], blind[:20], WAY) is None


def test_a_picture_is_made_small() -> None:
    assert small(np.zeros((360, 480, 3), np.uint8)).shape == PIXELS.shape
