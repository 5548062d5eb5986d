"""What both of LeRobot's layouts share: its own columns, features, tasks, and the split."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from .columns import Column
from .prepare import Prepared, picture_key
from .staging import anew
from .statement import Ledger
from .statistics import Stats, of_column

CHUNK = 1000
"""Files in a folder."""


class Layout(Protocol):
    """A data set on the disk that grows by episodes."""

    def add(self, episode: Prepared) -> None: ...

    def finish(self) -> None:
        """Write what belongs to the whole."""
        ...

    def close(self) -> None:
        """Close all files, finished or not."""
        ...


def own_columns(rows: int, fps: int, index: int, begin: int, task: int) -> list[Column]:
    """LeRobot's: row time, and the numbers of row, episode and task."""
    frames = np.arange(rows)
    return [
        Column("timestamp", (frames / fps).astype(np.float32)),
        Column("frame_index", frames),
        Column("episode_index", np.full(rows, index)),
        Column("index", begin + frames),
        Column("task_index", np.full(rows, task)),
    ]


def features(episode: Prepared, ledger: Ledger) -> dict[str, Any]:
    """As `info.json` declares them."""
    width, height = ledger.size
    info = {
        "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
        "video.fps": ledger.fps, "video.channels": 3, "has_audio": False, "is_depth_map": False,
    }  # fmt: skip
    picture = {"dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"], "info": info}
    own = own_columns(1, ledger.fps, 0, 0, 0)
    return {
        **{picture_key(camera): picture for camera in ledger.cameras},
        **{column.name: column.feature for column in [*episode.columns, *own]},
    }


def table(columns: Iterable[Column]) -> pa.Table:
    """Vectors as lists of one length."""
    return pa.table({column.name: _array(column) for column in columns})


def own_stats(columns: Iterable[Column]) -> dict[str, Stats]:
    return {column.name: of_column(column) for column in columns}


def write_json(path: Path, value: object) -> None:
    anew(path).write_text(json.dumps(value, indent=4, default=_listed) + "\n", encoding="utf-8")


def write_lines(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    lines = [json.dumps(value, default=_listed) for value in values]
    anew(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_split(folder: Path, ids: Sequence[str], share: float) -> None:
    """`meta/splits.json`: an episode's side depends on its id alone, so that it never changes as a set grows."""
    held = [zlib.crc32(each.encode()) / 2**32 < share for each in ids]
    sides = {"train": [k for k, out in enumerate(held) if not out], "val": [k for k, out in enumerate(held) if out]}
    write_json(folder / "meta/splits.json", sides)


def _array(column: Column) -> pa.Array:
    flat = pa.array(column.values.reshape(-1))
    return flat if column.values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, column.values.shape[1])


def _listed(value: Any) -> Any:
    return value.tolist()
