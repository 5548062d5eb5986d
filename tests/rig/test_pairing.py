"""Pairing against brute force, and the laws that every set obeys."""

from itertools import product

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet
from dynacollect.rig.pairing import Pairer

CAMERAS: tuple[str, ...] = ("left", "right", "wrist")
IMAGE = np.zeros((1, 1, 3), np.uint8)


def frame(camera: str, captured_at: float, arrived_at: float, sequence: int = 0) -> Frame:
    return Frame(IMAGE, camera, sequence, captured_at, arrived_at, captured_at)


def stream(rng: np.random.Generator, seconds: float) -> list[Frame]:
    """Three cameras with their own phase, rate, latency, jitter and drops, in order of arrival."""
    frames = []
    for camera in CAMERAS:
        period = 0.04 * (1.0 + rng.uniform(-0.01, 0.01))
        captures = rng.uniform(0.0, 0.04) + np.arange(0.0, seconds, period)
        arrivals = np.maximum.accumulate(captures + rng.uniform(0.005, 0.06) + rng.exponential(0.006, len(captures)))
        kept = rng.random(len(captures)) > 0.05
        frames += [frame(camera, c, a) for c, a in zip(captures[kept], arrivals[kept], strict=True)]
    return sorted(frames, key=lambda frame: frame.arrived_at)


def brute_force(pool: dict[str, list[Frame]], hard: float, patience: float) -> dict[str, float]:
    """Of all choices of a frame or none per camera the one with most cameras, then the newest, then the tightest."""
    newest = max((f.captured_at for frames in pool.values() for f in frames), default=0.0)
    best, best_key = {}, (0, 0.0, 0.0)
    for choice in product(*([None, *pool[camera]] for camera in CAMERAS)):
        times = [f.captured_at for f in choice if f is not None]
        if not times or max(times) - min(times) > hard or min(times) < newest - patience:
            continue
        key = (len(times), min(times), -sum(times))
        if key > best_key:
            best_key, best = key, {f.camera: f.captured_at for f in choice if f is not None}
    return best


def sets_of(pairer: Pairer, frames: list[Frame], ticks: np.ndarray) -> list[tuple[FrameSet, dict[str, float]]]:
    """Every tick's set, with the brute-force answer from the same frames."""
    waiting, results = list(frames), []
    seen: dict[str, list[Frame]] = {camera: [] for camera in CAMERAS}
    used, last = dict.fromkeys(CAMERAS, -np.inf), -np.inf
    for now in ticks:
        while waiting and waiting[0].arrived_at <= now:
            arrived = waiting.pop(0)
            pairer.offer(arrived)
            seen[arrived.camera].append(arrived)
        pool = {c: [f for f in seen[c][-8:] if f.captured_at > max(used[c], last)] for c in CAMERAS}
        expected = brute_force(pool, pairer.hard, pairer.patience)
        frame_set = pairer.pair()
        used |= expected
        last = frame_set.captured_at if frame_set.frames else last
        results.append((frame_set, expected))
    return results


@pytest.mark.parametrize("seed", range(12))
def test_laws_and_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairer = Pairer(CAMERAS, soft=rng.uniform(0.004, 0.015), hard=rng.uniform(0.016, 0.034))
    ticks = np.arange(0.1, 6.0, 0.04) + rng.choice([0.0, 0.1], 148, p=[0.97, 0.03])
    last, used = -np.inf, dict.fromkeys(CAMERAS, -np.inf)
    for found, expected in sets_of(pairer, stream(rng, 6.0), np.sort(ticks)):
        assert {name: f.captured_at for name, f in found.frames.items()} == expected
        assert set(found.frames) | set(found.missing) == set(CAMERAS)
        assert not set(found.frames) & set(found.missing)
        assert found.skew <= pairer.hard
        assert (found.skew > pairer.soft) == bool(found.late)
        for name, paired in found.frames.items():
            assert paired.captured_at > used[name]
            used[name] = paired.captured_at
        if found.frames:
            assert found.captured_at > last
            last = found.captured_at


@pytest.mark.parametrize("seed", range(5))
def test_three_free_running_cameras_are_always_complete_at_two_thirds_of_a_period(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = []
    for camera in CAMERAS:
        captures = rng.uniform(0.0, 0.04) + 0.04 * np.arange(100)
        frames += [frame(camera, c, c + 0.02) for c in captures]
    frames.sort(key=lambda f: f.arrived_at)
    pairer = Pairer(CAMERAS, soft=0.01, hard=0.027)
    sets = [found for found, _ in sets_of(pairer, frames, np.arange(0.2, 4.0, 0.04))]
    assert all(not found.missing for found in sets)
    assert max(found.skew for found in sets) <= 0.0267


def test_a_lagging_camera_does_not_hold_the_others_back() -> None:
    pairer = Pairer(("left", "right"), soft=0.01, hard=0.02)
    for k in range(20):
        pairer.offer(frame("left", 0.04 * k, 0.04 * k + 0.02))
        if k >= 8:
            pairer.offer(frame("right", 0.04 * (k - 8), 0.04 * k + 0.02))
        found = pairer.pair()
        assert found.frames["left"].captured_at == pytest.approx(0.04 * k)
        assert found.missing == ("right",)


def test_old_news_and_stamps_from_the_future_are_refused() -> None:
    pairer = Pairer(("left",), soft=0.01, hard=0.02)
    assert pairer.offer(frame("left", 1.0, 1.03))
    assert not pairer.offer(frame("left", 1.0, 1.03))
    assert not pairer.offer(frame("left", 9.0, 1.07))
    assert pairer.pair().frames["left"].captured_at == 1.0
    assert not pairer.offer(frame("left", 0.96, 1.08))
    assert pairer.pair().missing == ("left",)
    assert pairer.offer(frame("left", 1.08, 1.11))


def test_at_uses_only_what_had_arrived() -> None:
    pairer = Pairer(("left",), soft=0.01, hard=0.02)
    pairer.offer(frame("left", 1.00, 1.03))
    pairer.offer(frame("left", 1.04, 1.07))
    assert pairer.pair(at=1.05).frames["left"].captured_at == 1.00
    assert pairer.pair(at=1.06).missing == ("left",)
    assert pairer.pair(at=1.08).frames["left"].captured_at == 1.04


def test_an_unknown_camera_is_named() -> None:
    with pytest.raises(DynacollectError, match="did you mean 'left'"):
        Pairer(CAMERAS, 0.01, 0.02).offer(frame("lefft", 0.0, 0.0))
