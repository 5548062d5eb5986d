"""The files of a push: those of the set, and what is made for the Hub only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..export.statement import FILE as STATEMENT
from ..raw.durable import digest

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

CARD = "README.md"
MOST_FILES = 100
"""In a commit."""
MOST_BYTES = 2 << 30
"""In a commit; one file may have more."""


@dataclass(frozen=True)
class Item:
    """One file."""

    path: str
    """In the repository."""
    source: Path | bytes

    @property
    def size(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.source).hexdigest() if isinstance(self.source, bytes) else digest(self.source)

    @cached_property
    def git_sha1(self) -> str:
        """As git names a file that it keeps itself."""
        data = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def is_there(self, there: RepoFile | None) -> bool:
        """Byte for byte."""
        if there is None or there.size != self.size:
            return False
        return there.lfs.sha256 == self.sha256 if there.lfs else there.blob_id == self.git_sha1


def items_of(folder: Path, made: Mapping[str, bytes]) -> list[Item]:
    """What the set has comes before what is made. First its statement, which marks the repository as the set's.

    Then what readers look at last, so that it never names what is not there yet.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path.relative_to(folder))]
    found = {path.relative_to(folder).as_posix(): Item(path.relative_to(folder).as_posix(), path) for path in paths}
    found = {path: Item(path, data) for path, data in made.items()} | found
    return sorted(found.values(), key=lambda item: (_rank(item.path), item.path))


def _rank(path: str) -> int:
    return 0 if path == STATEMENT else 2 if path.startswith("meta/") or path == CARD else 1


def batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """So many as go into one commit."""
    batch, size = list[Item](), 0
    for item in items:
        if batch and (len(batch) == MOST_FILES or size + item.size > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
