"""What a session holds, episode by episode and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..rig.errors import DynacollectError
from .export.facts import Facts
from .raw import RawEpisode
from .raw.record import FILE, EpisodeRecord

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """One episode; what cannot be read is None."""

    number: int
    task: str | None
    object: str | None
    """The first target."""
    instruction: str | None
    speed_m_s: float | None
    """Of the target while it moves, before the grasp."""
    success: bool | None
    reason: str
    """Of the verdict, or why it cannot be read."""
    seconds: float
    bytes: int
    phases: tuple[str, ...]
    faults: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all episodes."""

    episodes: int
    successes: int
    failures: int
    unsure: int
    """The cues disagree."""
    unreadable: int
    seconds: float
    bytes: int
    objects: dict[str, int]
    """Episodes with each."""
    tasks: dict[str, int]


def listed(folders: Sequence[Path], progress: Progress | None = None) -> list[Listed]:
    """All of them, in order, however damaged."""
    rows = []
    for done, folder in enumerate(folders, start=1):
        rows.append(_listed(folder))
        if progress is not None:
            progress(done, len(folders))
    return rows


def _listed(folder: Path) -> Listed:
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    try:
        episode = RawEpisode.open(folder)
    except (DynacollectError, UnicodeDecodeError):
        return Listed(
            int(folder.name), None, None, None, None, None, f"its {FILE} cannot be read", 0.0, size, (), 0
        )  # fmt: skip
    record, facts = episode.record, Facts(episode)
    return Listed(
        record.number, record.task, facts.target.name if facts.target else None,
        record.instructions[0] if record.instructions else None, _speed(facts), record.verdict.success,
        record.verdict.reason, record.ticks / record.fps, size, _phases(record), len(record.faults),
    )  # fmt: skip


def _speed(facts: Facts) -> float | None:
    try:
        return facts.speed
    except Exception:  # noqa: BLE001 # because damage may make the libraries fail in any way
        return None


def _phases(record: EpisodeRecord) -> tuple[str, ...]:
    return tuple(name for _, name, _ in record.phases)


def totals(rows: Sequence[Listed]) -> Totals:
    """Of these episodes."""
    known = [row for row in rows if row.task is not None]
    verdicts = Counter(row.success for row in known)
    return Totals(
        len(rows), verdicts[True], verdicts[False], verdicts[None], len(rows) - len(known),
        sum(row.seconds for row in rows), sum(row.bytes for row in rows),
        dict(Counter(row.object for row in known if row.object).most_common()),
        dict(Counter(row.task for row in known if row.task).most_common()),
    )  # fmt: skip
