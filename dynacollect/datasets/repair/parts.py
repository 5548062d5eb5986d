"""Which stretches of a damaged episode make an episode again, and what is to be said about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..raw.record import Ending, EpisodeRecord
from .salvage import Salvage

KEEP = 0.5
"""A camera of which less came back is left out; else the episode ends where its pictures end."""
LEAST = 2
"""Ticks of an episode."""


@dataclass(frozen=True, slots=True)
class Part:
    """Ticks in a row, with the cameras that have their pictures; none where there never were any."""

    ticks: range
    cameras: tuple[str, ...]

    def gaps(self, found: Salvage, tick: int) -> tuple[str, ...]:
        """Cameras whose picture of a tick did not come back."""
        return tuple(name for name in self.cameras if tick not in found.films[name].shots)


def parts_of(found: Salvage) -> list[Part]:
    """All that can stand alone, in order."""
    return [part for run in _runs(found) if (part := _part(found, run)) is not None]


def _runs(found: Salvage) -> Iterator[range]:
    start = before = None
    for tick in sorted(found.ticks):
        if before is None or start is None or tick != before + 1:
            if start is not None and before is not None:
                yield range(start, before + 1)
            start = tick
        before = tick
    if start is not None and before is not None:
        yield range(start, before + 1)


def _part(found: Salvage, run: range) -> Part | None:
    if not found.films:
        return Part(run, ()) if len(run) >= LEAST else None
    back = {name: [tick for tick in run if tick in film.shots] for name, film in found.films.items()}
    cameras = tuple(name for name, ticks in back.items() if ticks and len(ticks) >= KEEP * len(run))
    if not cameras:
        return None
    end = min(back[name][-1] for name in cameras) + 1
    complete = (tick for tick in run if all(tick in found.films[name].shots for name in cameras))
    ticks = range(next(complete, end), end)
    return Part(ticks, cameras) if len(ticks) >= LEAST else None


def record_of(found: Salvage, record: EpisodeRecord, part: Part) -> EpisodeRecord:
    """What the record says of these ticks; the verdict stands only where none is missing."""
    first, last = part.ticks[0], part.ticks[-1]
    times = [found.row(tick)["time"] for tick in (first, last)]
    past = [(0, name, why) for tick, name, why in record.phases if tick <= first][-1:]
    later = [(tick - first, name, why) for tick, name, why in record.phases if first < tick <= last + 1]
    whole = len(part.ticks) == found.expected
    phases = record.phases if whole else (*past, *later)
    slack = 1.0 / record.fps
    return record.model_copy(
        update={
            "ticks": len(part.ticks), "phases": tuple(phases),
            "verdict": record.verdict if whole else _open(record, found, part),
            "faults": tuple(each for each in record.faults if times[0] - slack <= each[0] <= times[1] + slack),
        }
    )  # fmt: skip


def _open(record: EpisodeRecord, found: Salvage, part: Part) -> Ending:
    was = {True: "success", False: "failure", None: "open"}[record.verdict.success]
    of = f"ticks {part.ticks[0]} to {part.ticks[-1]} of {found.expected}"
    reason = f"only {of} came back; of all it was {was}: {record.verdict.reason}"
    return Ending(success=None, confidence=0.0, reason=reason)
