"""A data set that was built, read back: what it says of itself, and of each of its episodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..rig.errors import DynacollectError
from .export.prepare import picture_key
from .export.statement import FILE, Ledger, read_ledger

INFO = "meta/info.json"
NUMBERS = ("episode_index", "tasks", "length", "dataset_from_index", "dataset_to_index")
PLACES = ("data/", "videos/", "meta/", "stats/")
"""LeRobot's part of what is said about an episode; the rest is ours."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where an episode's pictures of one camera are."""

    path: Path
    first: int
    """Picture in the file."""
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class BuiltSet:
    """Everything but rows and pictures."""

    folder: Path
    ledger: Ledger
    statement: Mapping[str, Any]
    info: Mapping[str, Any]
    episodes: Sequence[Mapping[str, Any]]
    """LeRobot's row about each, with statistics as `stats/FEATURE/WHICH` in both layouts."""

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def seconds(self) -> float:
        return sum(episode["length"] for episode in self.episodes) / self.ledger.fps

    def said(self, index: int) -> dict[str, Any]:
        """The columns that an episode has as a whole."""
        episode = self.episodes[index]
        return {key: value for key, value in episode.items() if key not in NUMBERS and not key.startswith(PLACES)}

    def rows_path(self, index: int) -> Path:
        """The file with an episode's rows."""
        return self.folder / self.info["data_path"].format(**self._numbers(index, "data"))

    def pictures(self, index: int, camera: str) -> Pictures:
        episode, key = self.episodes[index], picture_key(camera)
        path = self.info["video_path"].format(video_key=key, **self._numbers(index, f"videos/{key}"))
        begin = episode.get(f"videos/{key}/from_timestamp", 0.0)
        return Pictures(self.folder / path, round(begin * self.ledger.fps), episode["length"])

    def _numbers(self, index: int, kind: str) -> dict[str, int]:
        if self.ledger.options.format == "v2.1":
            return {"episode_chunk": index // self.info["chunks_size"], "episode_index": index}
        return {name: self.episodes[index][f"{kind}/{name}"] for name in ("chunk_index", "file_index")}


def read_built(folder: Path) -> BuiltSet:
    """Refused where `dataset build` has not written it, or where it is not whole."""
    if not (folder / FILE).is_file():
        raise DynacollectError(f"{folder} is no data set that dynacollect has built; name one, or build it first")
    ledger = read_ledger(folder)
    try:
        statement = json.loads((folder / FILE).read_text(encoding="utf-8"))
        info = json.loads((folder / INFO).read_text(encoding="utf-8"))
        episodes = _v21(folder) if info["codebase_version"] == "v2.1" else _v30(folder)
        whole = ledger is not None and len(episodes) == len(ledger.sources) == info["total_episodes"] > 0
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DynacollectError(f"{folder} cannot be read ({error}); build it again") from error
    if ledger is None or not whole:
        raise DynacollectError(f"{folder} does not hold the episodes that it lists; build it again")
    return BuiltSet(folder, ledger, statement, info, episodes)


def _v30(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / "meta/episodes").glob("*/*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def _v21(folder: Path) -> list[dict[str, Any]]:
    stats = [
        {f"stats/{name}/{which}": value for name, each in row["stats"].items() for which, value in each.items()}
        for row in _lines(folder / "meta/episodes_stats.jsonl")
    ]
    return [row | each for row, each in zip(_lines(folder / "meta/episodes.jsonl"), stats, strict=True)]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
