"""A folder that changes from one state to the next at one instant; a kill at any time leaves one of the two."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...rig.errors import DynacollectError
from ..raw.durable import flushed

_EXCHANGE = 2
"""`RENAME_EXCHANGE` of Linux."""
_HERE = -100
"""`AT_FDCWD`."""


@dataclass(slots=True)
class Staged:
    """What a folder shall become."""

    path: Path
    ready: bool = False
    """Whether it shall take the folder's place; else nothing has happened."""


@contextmanager
def next_state(folder: Path) -> Iterator[Staged]:
    """The folder as it is, of links where it is there, to be changed.

    Files in it must not be written into, as they are the folder's, too: give the name to a file `anew`.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(_beside(folder, "lock"), folder):
        aside, old = _beside(folder, "next"), _beside(folder, "old")
        if old.exists() and not folder.exists():
            old.rename(folder)
        for left in (aside, old):
            shutil.rmtree(left, ignore_errors=True)
        try:
            if folder.exists():
                shutil.copytree(folder, aside, copy_function=_linked)
            else:
                aside.mkdir()
            staged = Staged(aside)
            yield staged
            if staged.ready:
                _flush(aside)
                _take_place(aside, folder, old)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def anew(path: Path) -> Path:
    """The name is free, and its folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


@contextmanager
def _locked(path: Path, folder: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before takes the file away, maybe after we have opened it.
            mine = os.fstat(handle).st_ino == path.stat().st_ino
        except OSError:
            mine = False
        if not mine:
            raise DynacollectError(f"{folder} is being built by another process; wait for it")
        try:
            yield
        finally:
            path.unlink()
    finally:
        os.close(handle)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _flush(folder: Path) -> None:
    """What is new in it; files with a second name were on the disk before."""
    for place, _, files in os.walk(folder):
        for name in files:
            path = Path(place, name)
            if path.stat().st_nlink == 1:
                flushed(path)
        flushed(Path(place))


def _take_place(aside: Path, folder: Path, old: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
    elif not _exchanged(aside, folder):
        # Between these two lines the folder is only there under its other name; the next build gives it back.
        folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    flushed(folder.parent)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two names at one instant; False where the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), str(other))
