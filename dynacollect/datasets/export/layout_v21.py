"""LeRobot v2.1, for lerobot 0.3: files of their own for every episode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from .join import Film
from .layout import CHUNK, features, own_columns, own_stats, table, write_json, write_lines, write_split
from .prepare import Prepared, picture_key
from .staging import anew
from .statement import Ledger

DATA = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
VIDEO = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"


class LayoutV21:
    """Goes on after the last episode in the folder."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self._folder, self._ledger = folder, ledger
        self._features: dict[str, Any] = {}
        self._episodes = _read_lines(folder / "meta/episodes.jsonl")
        self._stats = _read_lines(folder / "meta/episodes_stats.jsonl")
        self._tasks = {row["task"]: row["task_index"] for row in _read_lines(folder / "meta/tasks.jsonl")}
        self._rows = sum(episode["length"] for episode in self._episodes)

    def add(self, episode: Prepared) -> None:
        index, fps = len(self._episodes), self._ledger.fps
        self._features = self._features or features(episode, self._ledger)
        task = self._tasks.setdefault(episode.task, len(self._tasks))
        own = own_columns(episode.rows, fps, index, self._rows, task)
        place = {"episode_chunk": index // CHUNK, "episode_index": index}
        pq.write_table(table([*episode.columns, *own]), anew(self._folder / DATA.format(**place)))
        for camera, clip in episode.clips.items():
            film = Film(self._folder / VIDEO.format(**place, video_key=picture_key(camera)), clip, fps)
            film.add(clip)
            film.close()
        self._episodes.append({"episode_index": index, "tasks": [episode.task], "length": episode.rows, **episode.said})
        self._stats.append({"episode_index": index, "stats": {**episode.stats, **own_stats(own)}})
        self._rows += episode.rows

    def close(self) -> None:
        """None is open between two episodes."""

    def finish(self) -> None:
        meta = self._folder / "meta"
        write_lines(meta / "episodes.jsonl", self._episodes)
        write_lines(meta / "episodes_stats.jsonl", self._stats)
        write_lines(
            meta / "tasks.jsonl", [{"task_index": number, "task": task} for task, number in self._tasks.items()]
        )
        write_json(meta / "info.json", self._info())
        write_split(self._folder, [episode["id"] for episode in self._episodes], self._ledger.options.validation)

    def _info(self) -> dict[str, Any]:
        ledger, count = self._ledger, len(self._episodes)
        return {
            "codebase_version": "v2.1", "robot_type": ledger.robot, "total_episodes": count,
            "total_frames": self._rows, "total_tasks": len(self._tasks),
            "total_videos": count * len(ledger.cameras), "total_chunks": -(-count // CHUNK), "chunks_size": CHUNK,
            "fps": ledger.fps, "splits": {"train": f"0:{count}"}, "data_path": DATA, "video_path": VIDEO,
            "features": self._features,
        }  # fmt: skip


def _read_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
