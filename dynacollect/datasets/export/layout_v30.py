"""LeRobot v3.0: many episodes to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .join import Join
from .layout import CHUNK, features, own_columns, own_stats, table, write_json, write_split
from .prepare import Prepared, picture_key
from .staging import anew
from .statement import Ledger
from .statistics import together

ROWS = 250_000
"""Of a data file: some 100 MB."""
EPISODES = 1000
"""Of a file of episodes."""


class LayoutV30:
    """Goes on where the files in the folder end."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self._folder, self._ledger = folder, ledger
        self._features: dict[str, Any] = {}
        self._episodes = _read_episodes(folder)
        self._first_new = len(self._episodes)
        self._tasks = _read_tasks(folder)
        last = self._episodes[-1] if self._episodes else None
        self._rows = last["dataset_to_index"] if last else 0
        self._data = _Data(lambda number: folder / _place("data", number, "parquet"), _files(last, "data"))
        self._films = {
            camera: Join(self._film_path(camera), ledger.fps, _files(last, f"videos/{picture_key(camera)}"))
            for camera in ledger.cameras
        }

    def add(self, episode: Prepared) -> None:
        fps, index, begin, end = self._ledger.fps, len(self._episodes), self._rows, self._rows + episode.rows
        self._features = self._features or features(episode, self._ledger)
        task = self._tasks.setdefault(episode.task, len(self._tasks))
        own = own_columns(episode.rows, fps, index, begin, task)
        file = self._data.add(table([*episode.columns, *own]))
        row = {
            "episode_index": index, "tasks": [episode.task], "length": episode.rows, **episode.said,
            "dataset_from_index": begin, "dataset_to_index": end, **_numbers("data", file),
        }  # fmt: skip
        for camera, film in self._films.items():
            placed, key = film.add(episode.clips[camera]), f"videos/{picture_key(camera)}"
            row |= _numbers(key, placed.file)
            row[f"{key}/from_timestamp"] = placed.first / fps
            row[f"{key}/to_timestamp"] = (placed.first + placed.count) / fps
        row |= _numbers("meta/episodes", index // EPISODES)
        for name, stats in {**episode.stats, **own_stats(own)}.items():
            row |= {f"stats/{name}/{which}": value.tolist() for which, value in stats.items()}
        self._episodes.append(row)
        self._rows = end

    def close(self) -> None:
        self._data.close()
        for film in self._films.values():
            film.close()

    def finish(self) -> None:
        self.close()
        for number in range(self._first_new // EPISODES, -(-len(self._episodes) // EPISODES)):
            part = self._episodes[number * EPISODES : (number + 1) * EPISODES]
            pq.write_table(pa.Table.from_pylist(part), anew(self._folder / _place("meta/episodes", number, "parquet")))
        tasks = pd.DataFrame({"task_index": list(self._tasks.values())}, index=pd.Index(self._tasks, name="task"))
        tasks.to_parquet(anew(self._folder / "meta/tasks.parquet"))
        write_json(self._folder / "meta/stats.json", self._stats())
        write_json(self._folder / "meta/info.json", self._info())
        ids = [episode["id"] for episode in self._episodes]
        write_split(self._folder, ids, self._ledger.options.validation)

    def _film_path(self, camera: str) -> Callable[[int], Path]:
        return lambda number: self._folder / _place(f"videos/{picture_key(camera)}", number, "mp4")

    def _stats(self) -> dict[str, Any]:
        found: dict[str, list[dict[str, np.ndarray]]] = {}
        for episode in self._episodes:
            by_name: dict[str, dict[str, np.ndarray]] = {}
            for key, value in episode.items():
                if key.startswith("stats/"):
                    _, name, which = key.split("/")
                    by_name.setdefault(name, {})[which] = np.array(value)
            for name, stats in by_name.items():
                found.setdefault(name, []).append(stats)
        return {name: together(stats) for name, stats in found.items()}

    def _info(self) -> dict[str, Any]:
        ledger, count = self._ledger, len(self._episodes)
        pattern = "chunk-{chunk_index:03d}/file-{file_index:03d}"
        return {
            "codebase_version": "v3.0", "robot_type": ledger.robot, "fps": ledger.fps,
            "total_episodes": count, "total_frames": self._rows, "total_tasks": len(self._tasks),
            "chunks_size": CHUNK, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200,
            "splits": {"train": f"0:{count}"},
            "data_path": f"data/{pattern}.parquet", "video_path": f"videos/{{video_key}}/{pattern}.mp4",
            "features": self._features,
        }  # fmt: skip


class _Data:
    """Rows of many episodes, one row group each; goes on in the last file as if it had been written at once."""

    def __init__(self, path_of: Callable[[int], Path], files: int) -> None:
        self._path_of, self._file = path_of, files - 1
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0

    def add(self, rows: pa.Table) -> int:
        """The number of the file."""
        if self._writer is None and self._file >= 0:
            before = pq.ParquetFile(self._path_of(self._file))
            groups = [before.read_row_group(number) for number in range(before.num_row_groups)]
            before.close()
            self._begin(rows.schema)
            for group in groups:
                self._write(group)
        if self._writer is None or self._rows + len(rows) > ROWS:
            self.close()
            self._file += 1
            self._begin(rows.schema)
        self._write(rows)
        return self._file

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _begin(self, schema: pa.Schema) -> None:
        self._writer, self._rows = pq.ParquetWriter(anew(self._path_of(self._file)), schema), 0

    def _write(self, rows: pa.Table) -> None:
        if self._writer is not None:
            self._writer.write_table(rows)
            self._rows += len(rows)


def _place(folder: str, number: int, ending: str) -> str:
    return f"{folder}/chunk-{number // CHUNK:03d}/file-{number % CHUNK:03d}.{ending}"


def _numbers(key: str, number: int) -> dict[str, int]:
    return {f"{key}/chunk_index": number // CHUNK, f"{key}/file_index": number % CHUNK}


def _files(last: dict[str, Any] | None, key: str) -> int:
    """So many files there are."""
    return 0 if last is None else last[f"{key}/chunk_index"] * CHUNK + last[f"{key}/file_index"] + 1


def _read_episodes(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / "meta/episodes").glob("*/*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def _read_tasks(folder: Path) -> dict[str, int]:
    path = folder / "meta/tasks.parquet"
    return (
        {}
        if not path.exists()
        else {str(task): int(number) for task, number in pd.read_parquet(path)["task_index"].items()}
    )
