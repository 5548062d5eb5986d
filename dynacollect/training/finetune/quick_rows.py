"""The numbers of a data set in memory: most of what LeRobot's loader takes for a row is looking them up one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

Column = Tensor | Sequence[str]


def keep_rows(found: Any) -> None:
    """Let a LeRobot data set take its numbers from tensors; what they cannot hold stays as it is."""
    table: pa.Table = found.hf_dataset.data.table
    columns = {name: _column(table[name]) for name in table.column_names}
    if all(column is not None for column in columns.values()):
        # LeRobot's 0.6 has them there, and asks for a row, for some rows, and for some of a column.
        found.reader.hf_dataset = _Rows(columns)


class _Rows:
    """Gives what the library's own table would, for what is asked of it."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, str):
            return _Column(self._columns[which])
        if isinstance(which, int | np.integer):
            return {name: column[which] for name, column in self._columns.items()}
        return _Some(self._columns, which)


@dataclass(frozen=True, slots=True)
class _Column:
    """Its rows are lists, as LeRobot stacks them."""

    values: Any

    def __getitem__(self, which: Any) -> Any:
        return self.values[which] if isinstance(which, int | np.integer) else [self.values[row] for row in which]


@dataclass(frozen=True, slots=True)
class _Some:
    """Some rows, of which no column is looked at before it is asked for."""

    columns: Mapping[str, Any]
    which: Sequence[int]

    def __getitem__(self, name: str) -> list[Any]:
        return _Column(self.columns[name])[self.which]


def _column(column: pa.ChunkedArray) -> Column | None:
    """As the library would give them: numbers in torch's usual types."""
    if column.null_count:
        return None
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.to_pylist()
    values: Any = column.combine_chunks()
    shape = [len(column)]
    while pa.types.is_list(values.type) or pa.types.is_fixed_size_list(values.type):
        flat = values.flatten()
        if not shape[0] or len(flat) % int(np.prod(shape)):
            return None
        if pa.types.is_list(values.type) and len(set(np.diff(values.offsets.to_numpy()).tolist())) > 1:
            return None
        shape.append(len(flat) // int(np.prod(shape)))
        values = flat
    numbers = values.to_numpy(zero_copy_only=False)
    kind = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}.get(numbers.dtype.kind)
    return None if kind is None else torch.from_numpy(numbers.astype(kind).reshape(shape))
