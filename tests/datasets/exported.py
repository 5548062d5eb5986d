"""Reads an exported data set by what its files say, without the code that wrote it."""

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq

from dynacollect.rig.nouns import Image


def info(root: Path) -> dict[str, Any]:
    return json.loads((root / "meta/info.json").read_text())


def statement(root: Path) -> dict[str, Any]:
    return json.loads((root / "meta/dynacollect.json").read_text())


def episodes(root: Path) -> list[dict[str, Any]]:
    """Their rows in the meta data, whichever the layout."""
    if (root / "meta/episodes.jsonl").exists():
        return [json.loads(line) for line in (root / "meta/episodes.jsonl").read_text().splitlines()]
    return [row for path in sorted(root.glob("meta/episodes/*/*.parquet")) for row in pq.read_table(path).to_pylist()]


def columns(root: Path, episode: int) -> dict[str, np.ndarray]:
    """All rows of one episode."""
    tables = [pq.read_table(path) for path in sorted(root.glob("data/*/*.parquet"))]
    found = {
        name: np.array([row for table in tables for row in table[name].to_pylist()]) for name in tables[0].column_names
    }
    mine = found["episode_index"] == episode
    return {name: values[mine] for name, values in found.items()}


def pictures(root: Path, episode: int, key: str) -> Iterator[Image]:
    """Of one episode, found in their file by time, as trainers do."""
    said, row = info(root), episodes(root)[episode]
    begin, end = row.get(f"videos/{key}/from_timestamp", 0.0), row.get(f"videos/{key}/to_timestamp", 1e9)
    numbers = {
        "chunk_index": row.get(f"videos/{key}/chunk_index"), "file_index": row.get(f"videos/{key}/file_index"),
        "episode_chunk": episode // said["chunks_size"], "episode_index": episode,
    }  # fmt: skip
    half = 0.5 / said["fps"]
    with av.open(str(root / said["video_path"].format(video_key=key, **numbers))) as container:
        for frame in container.decode(video=0):
            time = float((frame.pts or 0) * Fraction(frame.time_base or 1))
            if begin - half < time < end - half:
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def hashes(root: Path) -> dict[str, str]:
    """Of all files."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
