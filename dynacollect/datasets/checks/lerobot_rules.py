"""Rules of a LeRobot data set's tables: what trainers take for granted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .lerobot import Tables
from .rule import Note


def unreadable(tables: Tables, _: float) -> Iterator[Note]:
    yield from (Note(problem) for problem in tables.problems)
    if not tables.columns or not tables.episodes:
        yield Note("it has no rows")


def videos(tables: Tables, _: float) -> Iterator[Note]:
    for camera in tables.cameras:
        for each in tables.episodes:
            chunk, file = (int(each[f"videos/{camera}/{key}"]) for key in ("chunk_index", "file_index"))
            path = tables.info["video_path"].format(video_key=camera, chunk_index=chunk, file_index=file)
            if not (tables.folder / path).is_file():
                yield Note(f"{path} is not there", camera, episode=int(each["episode_index"]))


def counts(tables: Tables, _: float) -> Iterator[Note]:
    rows = len(next(iter(tables.columns.values()), ()))
    for key, count, what in (("total_episodes", len(tables.episodes), "episodes"), ("total_frames", rows, "rows")):
        if tables.info.get(key) != count:
            yield Note(f"it says {tables.info.get(key)} {what}, and has {count}")
    for each in tables.episodes if tables.columns else ():
        number, mine = int(each["episode_index"]), tables.rows_of(each)
        length = len(mine["episode_index"])
        if length != each["length"]:
            yield Note(f"it has {length} rows instead of {each['length']}", episode=number)
        elif not np.array_equal(mine["frame_index"], np.arange(length)):
            yield Note("its rows are not numbered from 0 on", episode=number)
        elif (each["dataset_from_index"], each["dataset_to_index"]) != (mine["index"][0], mine["index"][-1] + 1):
            yield Note("its rows are not where the table of episodes says", episode=number)


def times(tables: Tables, limit: float) -> Iterator[Note]:
    """`limit` in rows: trainers find pictures by these times."""
    for each in tables.episodes if tables.columns else ():
        mine = tables.rows_of(each)
        off = np.abs(mine["timestamp"] * float(tables.info["fps"]) - mine["frame_index"])
        if np.max(off, initial=0.0) > limit:
            worst = int(off.argmax())
            yield Note(f"row {worst} has the time {mine['timestamp'][worst]:.3f} s", tick=worst,
                       episode=int(each["episode_index"]))  # fmt: skip


def not_numbers(tables: Tables, _: float) -> Iterator[Note]:
    for each in tables.episodes:
        for name, column in tables.rows_of(each).items():
            if column.dtype.kind != "f" and column.dtype != object:
                continue
            wrong = ~np.isfinite(column.astype(float)).reshape(len(column), -1).all(axis=1)
            if wrong.any():
                yield Note(f"{name} is no number in {wrong.sum()} rows", tick=int(wrong.argmax()),
                           episode=int(each["episode_index"]))  # fmt: skip
    for name, stats in tables.stats.items():
        if not all(np.isfinite(np.array(values, float)).all() for values in stats.values()):
            yield Note(f"the statistics of {name} are no numbers")


def statistics(tables: Tables, limit: float) -> Iterator[Note]:
    """`limit` as a share of the spread; of what is in the tables, not of pictures."""
    for name, column in tables.columns.items():
        stats = tables.stats.get(name)
        if stats is None or column.dtype.kind not in "fiu" or not np.isfinite(column).all():
            continue
        rows = column.reshape(len(column), -1).astype(float)
        spread = np.maximum(np.ptp(rows, axis=0), 1e-6)
        for key, values in (("min", rows.min(axis=0)), ("max", rows.max(axis=0)), ("mean", rows.mean(axis=0))):
            told = np.array(stats[key], float).reshape(-1)
            off = np.abs(told - values) / spread if told.shape == values.shape else np.array([np.inf])
            if off.max() > limit:
                yield Note(f"the {key} of {name} is not that of its rows")


def tasks(tables: Tables, _: float) -> Iterator[Note]:
    """Every row points to a text, and every episode names its own."""
    if "task_index" not in tables.columns:
        return
    total = int(tables.info.get("total_tasks") or 0)
    wrong = (tables.columns["task_index"] < 0) | (tables.columns["task_index"] >= total)
    for number in sorted(set(tables.columns["episode_index"][wrong].tolist())):
        yield Note(f"its task is none of the {total} there are", episode=int(number))
