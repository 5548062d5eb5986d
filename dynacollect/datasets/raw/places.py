"""Where a session keeps its episodes, and which numbers are taken."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

EPISODES, IN_FLIGHT, LEFT_OVER, SET_ASIDE = "episodes", "in_flight", "left_over", "set_aside"
"""Committed; being recorded; left by a process that was killed; found wanting by the check."""
KEPT = 20
"""Of what killed processes left, the newest so many stay."""


def highest(session: Path) -> int:
    """The highest number that anything in the session has; 0 where there is nothing."""
    places = (session / name for name in (EPISODES, IN_FLIGHT, LEFT_OVER, SET_ASIDE))
    return max((number for place in places for number, _ in _numbered(place)), default=0)


def put_over(session: Path) -> tuple[Path, ...]:
    """Move what a killed process left in flight out of the way; what cannot be moved stays where it is."""
    home, moved = session / LEFT_OVER, list[Path]()
    for _, folder in sorted(_numbered(session / IN_FLIGHT)):
        with suppress(OSError):
            if _holds_something(folder):
                moved.append(_moved(folder, home))
            else:
                shutil.rmtree(folder)
    old = sorted(_numbered(home))[:-KEPT]
    for _, folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(folder for folder in moved if folder.exists())


def _numbered(place: Path) -> Iterator[tuple[int, Path]]:
    """What begins with a number; in left_over and set_aside there may be several of one: 000003 and 000003-2."""
    for path in place.iterdir() if place.is_dir() else ():
        if found := re.match(r"[0-9]+(?=$|-|\.)", path.name):
            yield int(found[0]), path


def _holds_something(folder: Path) -> bool:
    return any(path.is_file() and path.stat().st_size for path in folder.rglob("*"))


def _moved(folder: Path, home: Path) -> Path:
    home.mkdir(exist_ok=True)
    place, again = home / folder.name, 2
    while place.exists():
        place, again = home / f"{folder.name}-{again}", again + 1
    return folder.rename(place)
