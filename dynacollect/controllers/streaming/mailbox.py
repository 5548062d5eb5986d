"""One slot of shared memory from one process to another: the newest letter only, and neither side ever waits.

Nothing is pickled: a letter is arrays of fixed shapes. A number before and one after it, and a checksum, tell a letter
that was being written from one that is whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

Letter = Mapping[str, NDArray[Any]]
ALIGN = 16
_HEAD = 3
"""Numbers before a letter: of the one begun, of the one ended, and its checksum."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where one array lies."""

    offset: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


def layout_of(like: Letter) -> dict[str, Part]:
    """Of letters that have the shapes and types of this one."""
    parts, offset = {}, 0
    for name, array in like.items():
        parts[name] = Part(offset, array.shape, array.dtype.str)
        offset += -(-parts[name].size // ALIGN) * ALIGN
    return parts


class Mailbox:
    """One writer, one reader; made before the other process, and handed to it as it starts."""

    def __init__(self, context: BaseContext, like: Letter) -> None:
        self._parts = layout_of(like)
        last = max(self._parts.values(), key=lambda part: part.offset)
        self._head = context.RawArray("q", _HEAD)
        self._body = context.RawArray("B", last.offset + last.size)
        self._read = 0

    def put(self, letter: Letter) -> None:
        """In place of the last one."""
        head = self._head
        head[0] += 1
        for name, part in self._parts.items():
            self._view(part)[...] = letter[name]
        head[2] = zlib.crc32(memoryview(self._body))
        head[1] = head[0]

    def take(self) -> dict[str, NDArray[Any]] | None:
        """A copy of the letter if there is a new one, and it is whole."""
        number, checksum = self._head[1], self._head[2]
        if number == self._read:
            return None
        copy = bytes(self._body)
        if self._head[0] != number or zlib.crc32(copy) != checksum:
            return None
        self._read = number
        return {
            name: np.frombuffer(copy, part.dtype, int(np.prod(part.shape)), part.offset).reshape(part.shape)
            for name, part in self._parts.items()
        }

    def _view(self, part: Part) -> NDArray[Any]:
        return np.frombuffer(self._body, part.dtype, int(np.prod(part.shape)), part.offset).reshape(part.shape)
