"""Whether the disk holds what is to come."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...rig.errors import DynacollectError

RESERVE = 256 << 20
"""Bytes that are left alone: other programs need to live, too."""
GUESSED = 16 << 20
"""Bytes of an episode before there is one to go by."""
MARGIN = 3.0
"""One episode may be so much larger than the largest so far."""


class DiskFullError(DynacollectError):
    """There is no room for the next episode; all before it are safe."""


def sizes(episodes: Path, newest: int = 50) -> list[int]:
    """Bytes of the newest episodes."""
    folders = sorted((path for path in episodes.iterdir() if path.is_dir()), reverse=True)[:newest]
    return [sum(file.stat().st_size for file in folder.iterdir()) for folder in folders]


def guard(episodes: Path, largest: int | None) -> None:
    """Refuse to begin an episode that may not fit."""
    need = int(MARGIN * (largest or GUESSED)) + RESERVE
    free = shutil.disk_usage(episodes).free
    if free < need:
        raise DiskFullError(
            f"{episodes} has {free / 1e6:.0f} MB left and the next episode may need {need / 1e6:.0f} MB; make room, "
            "then give the same line again"
        )


def forecast(episodes: Path, count: int) -> tuple[int, int]:
    """Bytes that so many more episodes will take at the size of those before, and bytes that are free for them."""
    known = sizes(episodes)
    each = sum(known) / len(known) if known else GUESSED
    return round(each * count), max(shutil.disk_usage(episodes).free - RESERVE, 0)
