"""Who collects how many episodes, in which folder, from which seed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...datasets.raw.places import EPISODES
from ...datasets.raw.record import read_record

MOST = 1000
"""Workers of a session."""
SPACING = 1000
"""Between the seeds of workers. A session's episodes take 100,003 seeds for each of its own, and a few more for tables
that were set twice: no two workers meet before one of them has tried 80 million times."""


def seed_of(seed: int, worker: int) -> int:
    """No other seed of a session and number of a worker gives the same."""
    return (seed * MOST + worker + 1) * SPACING


def home_of(folder: Path, worker: int) -> Path:
    """The session of a worker."""
    return folder / f"worker-{worker:02d}"


def number_of(name: str) -> int:
    """Of the worker whose session has this name."""
    return int(name.removeprefix("worker-"))


def workers_of(folder: Path) -> tuple[Path, ...]:
    """The sessions of all workers that a folder ever had."""
    names = (path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ()
    found = sorted(number_of(name) for name in names if re.fullmatch(r"worker-[0-9]{2,3}", name))
    return tuple(home_of(folder, number) for number in found)


def kept(home: Path) -> int:
    """Successes that a session has."""
    place = home / EPISODES
    folders = [path for path in place.iterdir() if path.name.isdecimal()] if place.is_dir() else []
    return sum(read_record(folder).verdict.success is True for folder in folders)


def shares(wanted: int, have: Sequence[int], workers: int) -> list[int]:
    """What each of the first `workers` shall have in the end, `have` being what all have that ever were."""
    each, more = divmod(max(wanted - sum(have), 0), workers)
    before = [*have, *[0] * workers][:workers]
    return [count + each + (worker < more) for worker, count in enumerate(before)]
