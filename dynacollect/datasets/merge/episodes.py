"""The episodes of a built data set, ready to be written into another: rows as they are, pictures as packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...rig.errors import DynacollectError
from ..built import BuiltSet, Pictures
from ..export.clips import Clip, open_clip
from ..export.columns import NO_PHASE, Column
from ..export.layout import own_columns
from ..export.prepare import Prepared
from ..export.statistics import Stats, of_column

OWN = tuple(column.name for column in own_columns(1, 1, 0, 0, 0))


def episodes_of(built: BuiltSet, phases: list[str]) -> Iterator[Prepared]:
    """In order, with phases numbered as in this list; the packets of one are good until the next is asked for."""
    rows, films = _Rows(), {camera: _Film() for camera in built.ledger.cameras}
    try:
        for index, episode in enumerate(built.episodes):
            table = rows.of(built.rows_path(index), index)
            if len(table) != episode["length"]:
                raise _cut(built.rows_path(index), index)
            clips = {camera: film.of(built.pictures(index, camera), index) for camera, film in films.items()}
            found = Prepared(
                _columns(table, built), clips, _stats(episode), built.said(index), built.ledger.sources[index]
            )
            yield _renumbered(found, built.ledger.phases, phases)
    finally:
        for film in films.values():
            film.close()


class _Rows:
    """Of the file that was asked for last."""

    def __init__(self) -> None:
        self._path, self._table = Path(), pa.table({})

    def of(self, path: Path, index: int) -> pa.Table:
        if path != self._path:
            try:
                self._path, self._table = path, pq.read_table(path)
            except (OSError, pa.ArrowException) as error:
                raise DynacollectError(f"{path} cannot be read ({error}); build the set again") from error
        return self._table.filter(pc.field("episode_index") == index)


class _Film:
    """The packets of the file that was asked for last."""

    def __init__(self) -> None:
        self._clip: Clip | None = None

    def of(self, place: Pictures, index: int) -> Clip:
        if self._clip is None or self._clip.path != place.path:
            self.close()
            try:
                self._clip = open_clip(place.path)
            except DynacollectError as error:
                raise DynacollectError(f"{place.path} cannot be read; build the set again") from error
        packets = self._clip.packets[place.first : place.first + place.count]
        if len(packets) < place.count or not packets[0].is_keyframe:
            raise _cut(place.path, index)
        return replace(self._clip, packets=packets)

    def close(self) -> None:
        if self._clip is not None:
            self._clip.container.close()
            self._clip = None


def _cut(path: Path, index: int) -> DynacollectError:
    return DynacollectError(f"{path} does not hold all of episode {index}; build the set again")


def _columns(table: pa.Table, built: BuiltSet) -> list[Column]:
    return [
        Column(name, _values(table[name]), feature["names"] and tuple(feature["names"]))
        for name, feature in built.info["features"].items()
        if feature["dtype"] != "video" and name not in OWN
    ]


def _values(column: pa.ChunkedArray) -> NDArray[Any]:
    array = column.combine_chunks()
    if isinstance(array, pa.FixedSizeListArray):
        return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), -1)
    return array.to_numpy(zero_copy_only=False)


def _stats(episode: Any) -> dict[str, Stats]:
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for key, value in episode.items():
        if key.startswith("stats/"):
            _, name, which = key.split("/")
            found.setdefault(name, {})[which] = np.array(value)
    return {name: stats for name, stats in found.items() if name not in OWN}


def _renumbered(episode: Prepared, before: list[str], after: list[str]) -> Prepared:
    if after[: len(before)] == before:
        return episode
    number = {old: after.index(name) for old, name in enumerate(before)} | {NO_PHASE: NO_PHASE}
    columns = [
        replace(each, values=np.array([number[old] for old in each.values.tolist()])) if each.name == "phase" else each
        for each in episode.columns
    ]
    changed = {column.name: of_column(column) for column in columns if column.name == "phase"}
    return replace(episode, columns=columns, stats={**episode.stats, **changed})
