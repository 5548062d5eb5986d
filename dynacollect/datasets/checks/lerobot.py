"""A LeRobot v3 data set as cases that the rules of raw episodes can judge, and its tables beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...rig.errors import DynacollectError
from ..raw.record import Ending, EpisodeRecord, KeptFile, Video
from .case import Case, Traits, View, figures_of
from .looks import Looks, look_at_spans

INFO = "meta/info.json"
NO_FILE = KeptFile(file="", bytes=0, sha256="")


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Everything but pictures."""

    folder: Path
    info: Mapping[str, Any]
    episodes: Sequence[Mapping[str, Any]]
    """One row each."""
    columns: Mapping[str, NDArray[Any]]
    """(rows, ...) of all episodes, one after the other."""
    stats: Mapping[str, Any]
    splits: Mapping[str, Sequence[int | str]]
    problems: tuple[str, ...]
    """What cannot be read."""

    @property
    def cameras(self) -> dict[str, Mapping[str, Any]]:
        """Features that are videos, by name."""
        return {name: each for name, each in self.info["features"].items() if each.get("dtype") == "video"}

    def rows_of(self, episode: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """The rows that say they belong to an episode."""
        mine = self.columns["episode_index"] == episode["episode_index"] if self.columns else np.zeros(0, bool)
        return {name: column[mine] for name, column in self.columns.items()}


def read_tables(folder: Path) -> Tables:
    """All tables; refused where it is no such data set."""
    try:
        info = json.loads((folder / INFO).read_text(encoding="utf-8"))
        version = str(info["codebase_version"])
        features = dict(info["features"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DynacollectError(
            f"{folder} is no LeRobot data set ({error!r}); name a session, or one of v3.0"
        ) from error
    if not version.startswith("v3"):
        raise DynacollectError(
            f"{folder} is of LeRobot {version}; check the session that it was made of, or build v3.0"
        )
    problems: list[str] = []
    episodes = _rows(folder, "meta/episodes", problems)
    columns = _columns(folder, features, problems)
    stats, splits = (_json(folder / name, problems) for name in ("meta/stats.json", "meta/splits.json"))
    return Tables(folder, info, episodes, columns, stats, splits, tuple(problems))


def _rows(folder: Path, below: str, problems: list[str]) -> list[dict[str, Any]]:
    rows = [row for table in _parquet(folder, below, problems, skip="stats/") for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row["episode_index"])


def _columns(folder: Path, features: Mapping[str, Any], problems: list[str]) -> dict[str, NDArray[Any]]:
    tables = list(_parquet(folder, "data", problems))
    names = [name for name in tables[0].column_names if name in features] if tables else []
    return {name: np.concatenate([_array(table[name]) for table in tables]) for name in names}


def _parquet(folder: Path, below: str, problems: list[str], skip: str = "\0") -> Iterator[pa.Table]:
    for path in sorted((folder / below).rglob("*.parquet")):
        try:
            file = pq.ParquetFile(path)
            yield file.read([name for name in file.schema_arrow.names if not name.startswith(skip)])
        except (OSError, pa.ArrowException) as error:
            problems.append(f"{path.relative_to(folder)} cannot be read ({error})")


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    return np.array(column.to_pylist())


def _json(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        problems.append(f"{path.name} cannot be read ({error})")
        return {}


def cases_of(tables: Tables) -> Iterator[tuple[Case, Traits]]:
    """Episode after episode; every video file is decoded once."""
    looks = {name: _looks(tables, name) for name in tables.cameras}
    for episode in tables.episodes:
        record = _record(tables, episode)
        views = tuple(
            View(name, video, record, found, None)
            for name, video in record.videos.items()
            if (found := looks[name].get(record.number)) is not None
        )
        case = Case(tables.folder, record.number, record, None, views=views)
        yield case, _traits(tables, episode, case)


def _looks(tables: Tables, camera: str) -> dict[int, Looks]:
    """By episode; none of those whose file is not there."""
    files: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for episode in tables.episodes:
        place = tuple(int(episode[f"videos/{camera}/{key}"]) for key in ("chunk_index", "file_index"))
        files.setdefault((place[0], place[1]), []).append(episode)
    found: dict[int, Looks] = {}
    for (chunk, file), group in files.items():
        path = tables.folder / tables.info["video_path"].format(video_key=camera, chunk_index=chunk, file_index=file)
        group.sort(key=lambda episode: episode[f"videos/{camera}/from_timestamp"])
        starts = [float(episode[f"videos/{camera}/from_timestamp"]) for episode in group]
        seen = look_at_spans(path, starts) if path.is_file() else []
        found |= dict(zip((int(episode["episode_index"]) for episode in group), seen, strict=False))
    return found


def _record(tables: Tables, episode: Mapping[str, Any]) -> EpisodeRecord:
    """What there is of a record; the rest is left open."""
    info, fps = tables.info, float(tables.info["fps"])
    videos = {}
    for name, feature in tables.cameras.items():
        names, shape = list(feature.get("names") or ("height", "width", "channels")), list(feature["shape"])
        height, width = (int(shape[names.index(name)]) for name in ("height", "width"))
        videos[name] = Video(**NO_FILE.model_dump(), width=width, height=height, codec="h264", gop=1)
    return EpisodeRecord(
        number=int(episode["episode_index"]), id=str(episode.get("id") or f"episode {episode['episode_index']}"),
        task=str(episode.get("kind") or ""), instructions=tuple(episode.get("tasks") or ()),
        robot=str(info.get("robot_type")), fps=fps, ticks=int(episode["length"]),
        started=str(episode.get("started") or ""), wall_minus_clock=0.0, things=(),
        verdict=Ending(success=episode.get("success"), confidence=1.0, reason=""), phases=(), videos=videos,
        signals=NO_FILE,
    )  # fmt: skip


def _traits(tables: Tables, episode: Mapping[str, Any], case: Case) -> Traits:
    rows, record = tables.rows_of(episode), _record(tables, episode)
    figures = figures_of(case) | {
        f"mean of {name}[{place}]": float(value)
        for name, column in rows.items()
        if name in ("observation.state", "action") and column.dtype.kind == "f" and len(column)
        for place, value in enumerate(np.atleast_1d(column.mean(axis=0)))
    }
    return Traits(
        record.number, record, record.ticks / record.fps, None,
        {view.camera: view.looks.digest for view in case.views if view.looks.count},
        {view.camera: view.looks.mean for view in case.views if view.looks.count}, {}, figures,
    )  # fmt: skip
