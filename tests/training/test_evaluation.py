"""`evaluate`: paired seeds, honest figures, and words that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.training.evaluation import Result as EpisodeResult
from dynacollect.training.evaluation import Settings, request_of, summarise
from dynacollect.training.noise import StateNoise, noisy, parse_noise
from dynacollect.training.trials import BINS


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words), prog_name="dynacollect")


def test_requests_are_spread_over_the_bins_and_pair_between_profiles() -> None:
    first, second = (Settings(load_rig("cell"), profile=name) for name in ("intercept", "dom"))
    for index in range(20):
        number, request = request_of(first, index)
        assert (number, request) == request_of(second, index)
        low, high = BINS[number]
        assert request.speed is not None and low <= request.speed <= high


def test_the_summary_counts_what_happened() -> None:
    settings = Settings(load_rig("cell"))
    results = [
        EpisodeResult(i, i % 5, 0.1, "push", "apple", i % 4 != 0, "out of time", 2.0 + i, 1.0) for i in range(40)
    ]
    found = summarise(settings, results)
    assert found.n == 40 and found.success == 0.75
    assert found.failures == {"out of time": 10}
    assert sum(row.n for row in found.by_speed) == 40
    for row in found.by_speed:
        assert row.ci95[0] <= row.success <= row.ci95[1]
    assert found.time_s == pytest.approx(np.mean([r.time_s for r in results if r.success]))


@pytest.mark.parametrize("text", ["pos=2", "pos=2m/s", "speed=2mm", "latency", "vel=30 mm/s"])
def test_wrong_noise_is_one_sentence(text: str) -> None:
    with pytest.raises(DynacollectError, match="--noise"):
        parse_noise(text)


@pytest.mark.slow
def test_noise_has_the_size_and_the_age_it_was_given() -> None:
    from scipy.spatial.transform import RigidTransform

    from dynacollect.rig.nouns import ObjectState

    noise = parse_noise("pos=2mm vel=30mm/s latency=80ms")
    assert noise == StateNoise(0.002, 0.03, 0.08)
    now = [0.0]

    def truth() -> dict[str, ObjectState]:
        pose = RigidTransform.from_translation([now[0], 0.0, 0.0])
        return {"x": ObjectState("x", pose, np.array([1.0, 0, 0]), np.zeros(3), np.zeros((12, 12)), now[0])}

    look, offs, speeds, ages = noisy(truth, noise, 1), [], [], []
    for tick in range(4000):
        now[0] = 0.04 * tick
        state = look(now[0])["x"]
        ages.append(now[0] - state.valid_at)
        offs.append(state.position[0] - state.valid_at)
        speeds.append(state.velocity[0] - 1.0)
    assert ages[10:] == pytest.approx([0.08] * 3990)
    assert np.std(offs) == pytest.approx(0.002, rel=0.05)
    assert np.std(speeds) == pytest.approx(0.03, rel=0.05)


@pytest.mark.slow
def test_two_episodes_through_the_command() -> None:
    result = run("evaluate", "--episodes", "2", "--seed", "1", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["n"] == 2
    assert {"success", "by_speed", "time_s", "path_m", "failures"} <= document.keys()
    assert {"lo", "hi", "n", "success", "ci95"} <= document["by_speed"][0].keys()


def test_wrong_noise_leaves_with_2() -> None:
    result = run("evaluate", "--episodes", "1", "--noise", "pos=2")
    assert result.exit_code == 2


@pytest.mark.slow
def test_an_episode_can_be_filmed(tmp_path: Path) -> None:
    from PIL import Image

    strip = tmp_path / "pick.png"
    result = run("evaluate", "--episodes", "1", "--seed", "1", "--film", str(strip), "--json")
    assert result.exit_code == 0, result.output
    assert np.asarray(Image.open(strip)).std() > 20
    assert run("evaluate", "--episodes", "1", "--film", str(tmp_path / "no" / "pick.png")).exit_code == 2
