"""Rows from memory and pictures from arrays are those that LeRobot reads, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.finetune import frames
from dynacollect.training.finetune.frames import FOLDER, keep_frames
from dynacollect.training.finetune.quick_rows import keep_rows

from .trained import made_set

pytestmark = pytest.mark.slow
CAMERA = "observation.images.opst_cam"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("data"), 0, 1, 2)


def opened(data: Path, episodes: list[int] | None = None) -> Any:
    from lerobot.datasets import LeRobotDataset

    moments = {CAMERA: [-0.08, 0.0], "action": [0.0, 0.04]}
    return LeRobotDataset("some/name", root=data, episodes=episodes, delta_timestamps=moments)


@pytest.mark.parametrize("episodes", [None, [1], [0, 2]])
def test_rows_are_the_same_as_without(data: Path, tmp_path: Path, episodes: list[int] | None) -> None:
    plain, kept = opened(data, episodes), opened(data, episodes)
    keep_rows(kept)
    assert type(kept.hf_dataset).__module__ == keep_rows.__module__
    keep_frames(kept, tmp_path, "on", 0)
    assert list((tmp_path / FOLDER).glob("*/*.npy"))
    for row in range(len(plain)):
        one, other = plain[row], kept[row]
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert torch.equal(value, other[key]) if isinstance(value, torch.Tensor) else value == other[key], key
            assert not isinstance(value, torch.Tensor) or value.dtype == other[key].dtype, key


def test_they_are_decoded_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_frames(opened(data), tmp_path, "on", 0)
    monkeypatch.setattr(frames, "decode_video_frames", None)
    again = opened(data, [2])
    keep_frames(again, tmp_path, "auto", 0)
    assert again[0][CAMERA].shape[0] == 2


def test_left_to_itself_it_keeps_them_only_where_that_pays(data: Path, tmp_path: Path) -> None:
    found = opened(data)
    keep_frames(found, tmp_path, "auto", found.meta.total_frames - 1)
    keep_frames(found, tmp_path, "off", 10**9)
    assert not (tmp_path / FOLDER).exists()
    keep_frames(found, tmp_path, "auto", found.meta.total_frames)
    assert (tmp_path / FOLDER).exists()


def test_without_room_it_says_so(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "RESERVE", 10**18)
    keep_frames(opened(data), tmp_path, "auto", 10**9)
    assert not (tmp_path / FOLDER).exists()
    with pytest.raises(DynacollectError, match="--frames off"):
        keep_frames(opened(data), tmp_path, "on", 0)


def test_other_videos_are_decoded_anew(data: Path, tmp_path: Path) -> None:
    other = made_set(tmp_path / "other", 4, 5)
    for each in (data, other):
        keep_frames(opened(each), tmp_path, "on", 0)
    arrays = sorted((tmp_path / FOLDER).glob("*/*.npy"))
    assert len({path.parent for path in arrays}) == 2
    assert len({np.load(path, mmap_mode="r").shape[0] for path in arrays}) == 2
