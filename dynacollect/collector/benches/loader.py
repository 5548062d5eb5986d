"""What a row of a data set costs a training: by LeRobot's loader as it is, and with what `train` puts in its place."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lerobot.datasets import LeRobotDataset

from ...rig.clock import HostClock
from ...training.finetune.frames import keep_frames
from ...training.finetune.quick_rows import keep_rows
from ...training.finetune.sources import DataSet, read_set

MOMENTS = (-2, 0)
CHUNK = 20
"""Pictures and actions of a row, as DynamicVLA takes them."""


@dataclass(frozen=True, slots=True)
class LoaderCost:
    """Of random rows, one after another in one process."""

    rows: int
    lerobot_ms: float
    """A row as LeRobot reads it."""
    numbers_ms: float
    """With the numbers in memory."""
    frames_ms: float
    """And all pictures decoded before."""
    decode_s: float
    """That took, once."""
    megabytes: float
    """Of decoded pictures."""


def bench_loader(name: str, rows: int, seed: int) -> LoaderCost:
    # LeRobot tells at length that its preferred decoder is missing; it then takes PyAV.
    logging.getLogger("lerobot.utils.import_utils").setLevel(logging.ERROR)
    data = read_set(name)
    chosen = np.random.default_rng(seed).integers(0, data.frames, rows).tolist()
    found, clock = _opened(data), HostClock()
    plain = _cost(found, chosen)
    keep_rows(found)
    numbers = _cost(found, chosen)
    with tempfile.TemporaryDirectory() as folder:
        begin = clock.now()
        keep_frames(found, Path(folder), "on", 0)
        took = clock.now() - begin
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.npy"))
        frames = _cost(found, chosen)
    return LoaderCost(rows, 1e3 * plain, 1e3 * numbers, 1e3 * frames, took, size / 1e6)


def _opened(data: DataSet) -> Any:
    pictures = {camera: [moment / data.fps for moment in MOMENTS] for camera in data.cameras}
    actions = {"action": [step / data.fps for step in range(CHUNK)]}
    return LeRobotDataset("dynacollect/bench", root=data.root, delta_timestamps={**pictures, **actions})


def _cost(found: Any, rows: list[int]) -> float:
    """Seconds for a row."""
    clock = HostClock()
    found[rows[0]]
    begin = clock.now()
    for row in rows:
        found[row]
    return (clock.now() - begin) / len(rows)
