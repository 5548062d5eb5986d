"""What lies in a session's folder: committed episodes, told of in the journal or not, and the room that they take."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from ...datasets.raw.record import EpisodeRecord, read_record
from ...rig.errors import DynacollectError
from ...training.trials import BINS
from ..session.tally import outcome_of
from ..session.wish import SECTORS
from .events import AttemptBegan, Made, Verdict, Wish

KINDS = {".mp4": "videos", ".mcap": "signals", ".json": "records"}


@dataclass(frozen=True, slots=True)
class Untold:
    """An episode that was committed just before its run was killed."""

    begun: AttemptBegan
    ending: Verdict


@dataclass(slots=True)
class Disk:
    """Of one session."""

    episodes: int = 0
    """Folders."""
    bytes: Counter[str] = field(default_factory=Counter)
    """By kind of file."""
    unreadable: list[int] = field(default_factory=list)
    """Their record is damaged."""
    missing: list[int] = field(default_factory=list)
    """Told of in the journal, and not there."""
    untold: list[Untold] = field(default_factory=list)
    """There, and not told of."""
    launchers: dict[int, str] = field(default_factory=dict)
    """By episode, where its record names one."""


def look(session: Path, told: Collection[int]) -> Disk:
    """`told` are the numbers that the journal has."""
    disk, there = Disk(), set[int]()
    for folder in _folders(session / "episodes"):
        number = int(folder.name)
        there.add(number)
        _weigh(folder, disk)
        try:
            record = read_record(folder)
        except DynacollectError:
            disk.unreadable.append(number)
            continue
        if (launcher := Made.model_validate(record.provenance).launcher) is not None:
            disk.launchers[number] = launcher
        if number not in told:
            disk.untold.append(_untold(number, record))
    disk.episodes = len(there)
    disk.missing = sorted(set(told) - there)
    return disk


def _folders(home: Path) -> list[Path]:
    try:
        found = [path for path in home.iterdir() if path.name.isdecimal() and path.is_dir()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name))


def _weigh(folder: Path, disk: Disk) -> None:
    try:
        with os.scandir(folder) as files:
            for file in files:
                if file.is_file(follow_symlinks=False):
                    kind = KINDS.get(Path(file.name).suffix, "other files")
                    disk.bytes[kind] += file.stat(follow_symlinks=False).st_size
    except OSError:
        return


def _untold(number: int, record: EpisodeRecord) -> Untold:
    wish = Made.model_validate(record.provenance).wish or Wish()
    target = next((thing.name for thing in record.things if thing.role == "target"), None)
    begun = {
        "attempt": wish.attempt,
        "task": record.task,
        "object": wish.object or target,
        "speed": wish.speed,
        "bin": None if wish.bin is None or wish.bin >= len(BINS) else BINS[wish.bin],
        "heading_deg": None if wish.sector is None else 360.0 / SECTORS * wish.sector,
        "place": wish.side,
    }
    ending = {
        "attempt": wish.attempt,
        "outcome": outcome_of(record.verdict.success),
        "episode": number,
        "reason": record.verdict.reason,
        "confidence": record.verdict.confidence,
        "seconds": record.ticks / record.fps if record.fps > 0 else None,
        "ticks": record.ticks,
    }
    return Untold(AttemptBegan.model_validate(begun), Verdict.model_validate(ending))
