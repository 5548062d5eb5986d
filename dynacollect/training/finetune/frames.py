"""All pictures of a data set decoded once, into arrays on the disk that every loader looks into.

Random rows of a video cost a seek and the decoding of what lies between keyframes, again and again; of an array they
cost a read. Training draws each picture many times, so this pays as soon as it draws more than there are.
"""

from __future__ import annotations

import fcntl
import shutil
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lerobot.datasets.video_utils import decode_video_frames
from numpy.lib.format import open_memmap
from torch import Tensor

from ...datasets.raw.disk import RESERVE
from ...rig.errors import DynacollectError

FOLDER = "frames"
SHARE, MOST = 0.25, 64 * 10**9
"""Of the room that is left, and bytes: no more is taken unless it was asked for."""


def keep_frames(found: Any, folder: Path, wanted: str, drawn: int) -> None:
    """Let a LeRobot data set read its pictures from arrays; `drawn` is how many rows a training will ask for."""
    keys = [key for key in found.meta.video_keys if key not in found.meta.depth_keys]
    if wanted == "off" or not keys or len(keys) < len(found.meta.camera_keys):
        return
    need, free = _bytes(found, keys), shutil.disk_usage(folder).free - RESERVE
    place = folder / FOLDER / _name(found, keys)
    if not place.exists():
        if wanted == "auto" and (drawn < found.meta.total_frames or need > min(SHARE * free, MOST)):
            return
        if need > free:
            raise DynacollectError(
                f"all pictures of {found.root} take {need / 1e9:.1f} GB and {max(free, 0) / 1e9:.1f} GB are left for "
                f"{folder}; make room, or say --frames off"
            )
    _make(found, keys, place)
    # LeRobot's 0.6 asks this of its reader for the pictures of a row.
    found.reader._query_videos = _Frames(found, keys, place)


class _Frames:
    """Gives what the reader's own function would."""

    def __init__(self, found: Any, keys: Sequence[str], place: Path) -> None:
        self._fps, self._bytes = found.fps, found.reader._return_uint8
        self._rows = {
            number: (episode["dataset_from_index"], episode["length"])
            for number, episode in enumerate(found.meta.episodes)
        }
        self._arrays = {key: np.load(place / _file(key), mmap_mode="r") for key in keys}

    def __call__(self, asked: Mapping[str, Sequence[float]], episode: int) -> dict[str, Tensor]:
        begin, length = self._rows[episode]
        found = {}
        for key, times in asked.items():
            rows = np.clip(np.rint(np.array(times) * self._fps).astype(int), 0, length - 1)
            pictures = torch.from_numpy(self._arrays[key][begin + rows])
            found[key] = (pictures if self._bytes else pictures.float() / 255.0).squeeze(0)
        return found


def _make(found: Any, keys: Sequence[str], place: Path) -> None:
    """There as a whole or not at all; who comes second waits."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return
        aside = place.with_name(f".{place.name}")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for key in keys:
            array = open_memmap(aside / _file(key), "w+", np.uint8, (found.meta.total_frames, 3, *_size(found, key)))
            for number, episode in enumerate(found.meta.episodes):
                begin, length = episode["dataset_from_index"], episode["length"]
                array[begin : begin + length] = _decoded(found, key, number, episode).numpy()
            array.flush()
        aside.rename(place)


def _decoded(found: Any, key: str, number: int, episode: Mapping[str, Any]) -> Tensor:
    begin = episode[f"videos/{key}/from_timestamp"]
    times = [begin + row / found.fps for row in range(episode["length"])]
    path, reader = Path(found.root) / found.meta.get_video_file_path(number, key), found.reader
    return decode_video_frames(path, times, reader._tolerance_s, reader._video_backend, return_uint8=True)


def _size(found: Any, key: str) -> tuple[int, int]:
    height, width, _ = found.meta.features[key]["shape"]
    return height, width


def _bytes(found: Any, keys: Sequence[str]) -> int:
    return sum(3 * height * width for height, width in (_size(found, key) for key in keys)) * found.meta.total_frames


def _file(key: str) -> str:
    return f"{key}.npy"


def _name(found: Any, keys: Sequence[str]) -> str:
    """Another one as soon as the videos are others."""
    videos = sorted((Path(found.root) / "videos").rglob("*.mp4"))
    said = [(str(path.relative_to(found.root)), path.stat().st_size, path.stat().st_mtime_ns) for path in videos]
    return f"{zlib.crc32(repr((sorted(keys), found.meta.total_frames, said)).encode()):08x}"
