"""Rows and data sets with known contents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dynacollect.training.finetune.rows import Rows

POSE = ("x", "y", "z", "roll", "pitch", "yaw")


def rows_of(lengths: tuple[int, ...], seed: int = 0, state: int = 6, action: int = 7) -> Rows:
    """Random numbers, with angles all around."""
    rng = np.random.default_rng(seed)
    count = sum(lengths)
    states, actions = rng.normal(size=(count, state)), rng.normal(size=(count, action))
    for angle in (3, 5):
        if angle < min(state, action):
            states[:, angle], actions[:, angle] = rng.uniform(0, 2 * np.pi, (2, count))
    return Rows(states, actions, np.cumsum([0, *lengths[:-1]]))


def write_set(root: Path, rows: Rows, *, names: tuple[str, ...] = POSE, **info: Any) -> Path:
    """A data set without its pictures: what is known before anything heavy begins."""
    (root / "data/chunk-000").mkdir(parents=True)
    (root / "meta").mkdir()
    episode = np.repeat(np.arange(len(rows.begins)), rows.ends - rows.begins)
    table = pa.table(
        {
            "observation.state": pa.array(list(rows.state.astype(np.float32))),
            "action": pa.array(list(rows.action.astype(np.float32))),
            "episode_index": episode, "index": np.arange(len(episode)),
        }
    )  # fmt: skip
    # Two files, as large sets have.
    for number, part in enumerate((table.slice(0, 5), table.slice(5))):
        pq.write_table(part, root / f"data/chunk-000/file-{number:03d}.parquet")
    video = {"dtype": "video", "shape": [64, 96, 3], "names": ["height", "width", "channels"]}
    said = {
        "codebase_version": "v3.0", "fps": 25, "total_episodes": len(rows.begins), "total_frames": len(episode),
        "features": {
            "observation.images.opst_cam": video, "observation.images.wrist_cam": video,
            "observation.state": {"dtype": "float32", "shape": [rows.state.shape[1]], "names": list(names)},
            "action": {"dtype": "float32", "shape": [rows.action.shape[1]], "names": [*names, "gripper"]},
        },
        **info,
    }  # fmt: skip
    (root / "meta/info.json").write_text(json.dumps(said))
    return root
