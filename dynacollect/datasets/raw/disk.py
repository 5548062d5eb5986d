"""Whether the disk holds what is to come."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection
from heapq import nlargest
from pathlib import Path

from ...rig.errors import DynacollectError

RESERVE = 256 << 20
"""Bytes that are left alone: other programs need to live, too."""
GUESSED = 16 << 20
"""Bytes of an episode before there is one to go by."""
MARGIN = 3.0
"""One episode may be so much larger than the largest of those before."""
NEWEST = 50
"""Episodes whose sizes are looked at."""


class DiskFullError(DynacollectError):
    """There is no room for the next episode; all before it are safe."""


def sizes(episodes: Path, newest: int = NEWEST) -> list[int]:
    """Bytes of the newest episodes, oldest first."""
    with os.scandir(episodes) as entries:
        names = nlargest(newest, (entry.name for entry in entries if entry.name.isdigit() and entry.is_dir()))
    return [size_of(episodes / name) for name in reversed(names)]


def size_of(episode: Path) -> int:
    """Bytes of its files."""
    return sum(file.stat().st_size for file in episode.iterdir())


def guard(episodes: Path, known: Collection[int]) -> None:
    """Refuse to begin an episode that may not fit, by the sizes of those before."""
    need = int(MARGIN * max(known, default=GUESSED)) + RESERVE
    free = shutil.disk_usage(episodes).free
    if free < need:
        raise DiskFullError(
            f"{episodes} has {free / 1e6:.0f} MB left and the next episode may need {need / 1e6:.0f} MB; make room, "
            "then give the same line again"
        )


def refused(episodes: Path, error: OSError) -> DynacollectError:
    """Why an episode cannot even be begun."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"{episodes} takes no more ({error.strerror}); make room, then give the same line again")
    return DynacollectError(f"cannot write beside {episodes} ({error}); name a folder that can be written to")


def forecast(episodes: Path, count: int) -> tuple[int, int]:
    """Bytes that so many more episodes will take at the size of those before, and bytes that are free for them."""
    return foreseen(episodes, sizes(episodes), count)


def foreseen(episodes: Path, known: Collection[int], count: int) -> tuple[int, int]:
    """The same where the sizes are known."""
    each = sum(known) / len(known) if known else GUESSED
    return round(each * count), max(shutil.disk_usage(episodes).free - RESERVE, 0)
