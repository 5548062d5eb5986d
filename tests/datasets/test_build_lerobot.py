"""Stock LeRobot reads, edits and trains on what was built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.datasets.export import build
from dynacollect.datasets.export.columns import Column
from dynacollect.datasets.export.statistics import of_column, of_pictures, together

from .exported import columns, info
from .made_sessions import CAMERAS, FPS, Course, make_session, read_stamp

pytestmark = pytest.mark.slow

COURSES = tuple(Course(seed, 20 + 3 * seed) for seed in range(5))
KEYS = tuple(f"observation.images.{camera}" for camera in CAMERAS)


@pytest.fixture(scope="module", autouse=True)
def offline() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in two steps."""
    folder = tmp_path_factory.mktemp("stock")
    monday = make_session(folder / "monday", *COURSES[:3])
    tuesday = make_session(folder / "tuesday", *COURSES[3:])
    build([monday], folder / "set")
    build([monday, tuesday], folder / "set")
    return folder / "set"


def opened(root: Path, **how: Any) -> Any:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    return LeRobotDataset("made/up", root=root, **how)


def stamps(row: Any) -> list[tuple[int, int]]:
    return [read_stamp((row[key].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)) for key in KEYS]


def first_stamps() -> list[int]:
    """Pictures are numbered through each session."""
    ticks = [course.ticks for course in COURSES]
    return [0, ticks[0], ticks[0] + ticks[1], 0, ticks[3]]


def test_every_picture_is_the_one_of_its_row(whole: Path) -> None:
    """As LeRobot reads it; a third of them, as they begin anywhere in an episode."""
    data = opened(whole)
    assert (len(data), data.meta.total_episodes) == (sum(course.ticks for course in COURSES), 5)
    raw = [columns(whole, episode) for episode in range(5)]
    for row in (data[index] for index in range(0, len(data), 3)):
        episode, frame = int(row["episode_index"]), int(row["frame_index"])
        assert stamps(row) == [(first_stamps()[episode] + frame, number) for number in range(3)]
        for name in ("action", "observation.state", "observation.environment_state", "tick_time"):
            np.testing.assert_array_equal(row[name].numpy(), raw[episode][name][frame].astype(np.float32))
        assert row["task"] == "pick up the mug"


def test_pictures_and_actions_around_a_row(whole: Path) -> None:
    around = {KEYS[0]: [-2 / FPS, 0.0], "action": [index / FPS for index in range(20)]}
    data = opened(whole, episodes=[2, 4], delta_timestamps=around)
    row = data[5]
    pair = [read_stamp((image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)) for image in row[KEYS[0]]]
    first = first_stamps()[2]
    assert pair == [(first + 3, 0), (first + 5, 0)]
    assert row["action"].shape == (20, 7)


def test_facts_choose_episodes(whole: Path) -> None:
    chosen = opened(whole, episode_filter=lambda episode: episode["success"] and episode["number"] == 2)
    assert chosen.episodes == [1, 4]


def test_statistics_are_lerobots(whole: Path) -> None:
    from lerobot.datasets.compute_stats import aggregate_stats, get_feature_stats

    rng = np.random.default_rng(0)
    for shape in ((4000,), (3000, 7)):
        parts = [rng.normal(size=(scale * shape[0], *shape[1:])) * scale for scale in (1, 2, 5)]
        theirs = [get_feature_stats(part, axis=0, keepdims=part.ndim == 1) for part in parts]
        ours = [of_column(Column("x", part)) for part in parts]
        pairs = [
            *zip(ours, theirs, strict=True),
            (together(ours), aggregate_stats([{"x": each} for each in theirs])["x"]),
        ]
        for mine, its in pairs:
            assert mine.keys() == its.keys()
            for name in its:
                # Theirs are read off a histogram.
                loose = 0.1 if name.startswith("q") else 1e-9
                np.testing.assert_allclose(mine[name], np.ravel(its[name]), atol=loose, err_msg=name)
    images = rng.integers(0, 256, (6, 40, 50, 3)).astype(np.uint8)
    its = get_feature_stats(images.transpose(0, 3, 1, 2), axis=(0, 2, 3), keepdims=True)
    mine = of_pictures(list(images))
    for name in its:
        expected = its[name] if name == "count" else its[name][0] / 255
        np.testing.assert_allclose(mine[name], expected, atol=0.005, err_msg=name)
    assert {*opened(whole).meta.stats} == {*info(whole)["features"]}


def test_it_can_be_edited(whole: Path, tmp_path: Path) -> None:
    from lerobot.datasets.dataset_tools import delete_episodes, merge_datasets

    data = opened(whole)
    merged = merge_datasets([data, data], "made/twice", tmp_path / "twice")
    assert (merged.meta.total_episodes, len(merged)) == (10, 2 * len(data))
    assert stamps(merged[len(data) + 22]) == stamps(data[22])
    less = delete_episodes(data, [0], tmp_path / "less", "made/less")
    assert stamps(less[3]) == stamps(data[COURSES[0].ticks + 3])


@pytest.mark.long
def test_a_policy_trains_on_it(whole: Path, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    options = {
        "dataset.repo_id": "made/up", "dataset.root": whole, "policy.type": "act", "policy.device": "cpu",
        "policy.push_to_hub": "false", "policy.pretrained_backbone_weights": "null", "policy.dim_model": 64,
        "policy.dim_feedforward": 128, "policy.chunk_size": 10, "policy.n_action_steps": 10, "steps": 2,
        "batch_size": 1,
        "num_workers": 0, "save_checkpoint": "false", "wandb.enable": "false", "output_dir": tmp_path / "run",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "lerobot.scripts.lerobot_train",
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "End of training" in done.stderr
