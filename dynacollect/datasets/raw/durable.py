"""Files that are there for good once they have their name: write aside, flush to the disk, rename."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def flushed(path: Path) -> None:
    """Return when the disk has what a file or a directory holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def written(path: Path, text: str) -> None:
    """A small file that is there whole or not at all."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    flushed(aside)
    aside.rename(path)
    flushed(path.parent)


def named(aside: Path, final: Path) -> None:
    """Give a directory whose files are flushed its final name, which must be free."""
    flushed(aside)
    if final.exists():
        raise FileExistsError(f"{final} is there already")
    aside.rename(final)
    flushed(final.parent)
