"""The clock fit against simulated clocks, delays, stalls and leaps."""

import numpy as np
import pytest

from dynacollect.rig.clock_fit import ClockFit

PERIOD = 0.04
LATENCY = 0.02


def stamps(rng: np.random.Generator, count: int, drift: float, jitter: float) -> tuple[np.ndarray, ...]:
    """Device times, true host times of capture, and arrivals in order."""
    device = 5000.0 + PERIOD * np.arange(count)
    true = 77.0 + (1.0 + drift) * (device - 5000.0)
    delay = rng.exponential(jitter, count) + 0.05 * (rng.random(count) < 0.05)
    return device, true, np.maximum.accumulate(true + LATENCY + delay)


def feed(fit: ClockFit, device: np.ndarray, arrived: np.ndarray) -> np.ndarray:
    return np.array([fit.add(d, a) for d, a in zip(device.tolist(), arrived.tolist(), strict=True)])


@pytest.mark.parametrize("jitter", [0.002, 0.005, 0.008])
@pytest.mark.parametrize("seed", range(5))
def test_accuracy(seed: int, jitter: float) -> None:
    rng = np.random.default_rng(seed)
    drift = rng.uniform(-150e-6, 150e-6)
    device, true, arrived = stamps(rng, 1500, drift, jitter)
    fit = ClockFit(LATENCY)
    error = feed(fit, device[:500], arrived[:500]) - true[:500]
    assert np.sqrt(np.mean(error[100:] ** 2)) < 0.5e-3
    assert abs(fit.drift_ppm - 1e6 * drift) < 30.0
    error = feed(fit, device[500:], arrived[500:]) - true[500:]
    assert np.sqrt(np.mean(error**2)) < 0.3e-3
    assert fit.jumps == 0
    assert fit.residual_s == pytest.approx(0.75 * jitter, rel=0.6)
    assert fit.to_host(device[-1]) == pytest.approx(true[-1], abs=1e-3)
    assert fit.offset + device[-1] * (1.0 + 1e-6 * fit.drift_ppm) == pytest.approx(true[-1] + LATENCY, abs=1e-3)


def test_no_false_jump_in_100_000_frames_with_stalls() -> None:
    """Every 20 s or so the host hears nothing for up to 1.5 s and then gets everything at once."""
    rng = np.random.default_rng(7)
    device, true, arrived = stamps(rng, 100_000, 90e-6, 0.008)
    for start in rng.integers(0, len(device), 200):
        end = arrived[start] + rng.uniform(0.1, 1.5)
        held = slice(start, int(np.searchsorted(true, end)))
        arrived[held] = np.maximum(arrived[held], end + 2e-4 * np.arange(len(arrived[held])))
    arrived = np.maximum.accumulate(arrived)
    fit = ClockFit(LATENCY)
    error = feed(fit, device, arrived) - true
    assert fit.jumps == 0
    assert np.sqrt(np.mean(error[100:] ** 2)) < 1e-3


@pytest.mark.parametrize("leap", [0.1, 0.3, 12.0, 1e5, -0.4, -3.0, -4900.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_leap_is_found_within_five_frames(leap: float, seed: int) -> None:
    device, true, arrived = stamps(np.random.default_rng(seed), 800, 120e-6, 0.004)
    device[400:] += leap
    fit = ClockFit(LATENCY)
    feed(fit, device[:400], arrived[:400])
    assert fit.jumps == 0
    feed(fit, device[400:405], arrived[400:405])
    assert fit.jumps == 1
    error = feed(fit, device[405:], arrived[405:]) - true[405:]
    assert fit.jumps == 1
    assert np.sqrt(np.mean(error[25:] ** 2)) < 1e-3


def test_growing_latency_is_no_leap() -> None:
    device, true, arrived = stamps(np.random.default_rng(0), 600, 0.0, 0.002)
    fit = ClockFit(LATENCY)
    error = feed(fit, device, arrived + np.maximum(0.0, 0.004 * (np.arange(600) - 400.0))) - true
    assert fit.jumps == 0
    assert np.abs(error[100:]).max() < 2e-3


def test_late_by_less_than_the_limit_stays_latency() -> None:
    device, true, arrived = stamps(np.random.default_rng(0), 500, 0.0, 0.002)
    arrived[400:] += 0.12
    fit = ClockFit(LATENCY)
    error = feed(fit, device, arrived) - true
    assert fit.jumps == 0
    assert np.abs(error[100:]).max() < 2e-3


def test_capture_is_never_after_arrival_less_latency() -> None:
    device, _, arrived = stamps(np.random.default_rng(3), 300, 0.0, 0.008)
    device[200:] += 50.0
    captured = feed(ClockFit(LATENCY), device, arrived)
    assert np.all(captured <= arrived - LATENCY + 1e-9)


def test_a_restart_told_beforehand_is_not_counted() -> None:
    device, true, arrived = stamps(np.random.default_rng(3), 600, 0.0, 0.004)
    fit = ClockFit(LATENCY)
    feed(fit, device[:300], arrived[:300])
    fit.restart()
    error = feed(fit, device[300:] - 4000.0, arrived[300:]) - true[300:]
    assert fit.jumps == 0
    assert np.abs(error[25:]).max() < 2e-3
