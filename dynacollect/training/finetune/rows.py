"""The numbers of a data set without its pictures: states, actions, and where episodes begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...rig.errors import DynacollectError

STATE, ACTION = "observation.state", "action"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Of all episodes, in order."""

    state: Numbers
    """[rows, state]."""
    action: Numbers
    """[rows, action]."""
    begins: NDArray[np.int64]
    """[episodes]: first row of each."""

    @property
    def ends(self) -> NDArray[np.int64]:
        """[episodes]: the row after the last of each."""
        return np.append(self.begins[1:], len(self.state))


def read_rows(root: Path) -> Rows:
    """LeRobot's own files, in layout v3.0."""
    names = [STATE, ACTION, "episode_index", "index"]
    try:
        table = pa.concat_tables([pq.read_table(path, columns=names) for path in sorted(root.glob("data/*/*.parquet"))])
        table = table.sort_by("index")
        episode = _column(table, "episode_index")[:, 0]
        begins = np.flatnonzero(np.diff(episode, prepend=-1.0))
        return Rows(_column(table, STATE), _column(table, ACTION), begins)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DynacollectError(
            f"the rows of {root} cannot be read ({_first_line(error)}); run: dynacollect dataset check {root}"
        ) from None


def _column(table: pa.Table, name: str) -> Numbers:
    values: Any = table[name].combine_chunks()
    while not pa.types.is_primitive(values.type):
        values = values.flatten()
    return values.to_numpy(zero_copy_only=False).astype(np.float64).reshape(len(table), -1)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
