"""Several sessions as one: every episode gets a number of its own; its videos and signals stay the very same files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..rig.errors import DynacollectError
from .raw.durable import flushed, named, written
from .raw.places import EPISODES, SET_ASIDE
from .raw.record import FILE, EpisodeRecord, read_record

PLAN = "merged.json"
"""In the merged session: which episode comes from where, by number; written before the first of them is there."""
STAGE = "merging"
"""In the merged session: what is being put together."""
FORMAT = 1

Retold = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""What the provenance shall say in the merged session, of a source's name and what it said there."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a merged episode comes from."""

    session: str
    """Name of the source's folder."""
    number: int


def merge_sessions(sources: Sequence[Path], out: Path, retold: Retold | None = None) -> tuple[Origin, ...]:
    """Put all committed episodes of some sessions into `out`; the first origin is that of episode 1, and so on.

    Episodes are numbered in the order in which they began. Those that an earlier merge brought keep their numbers, and
    no file of a source is changed. It may be killed at any time: the same call goes on.
    """
    homes = {source.name: source for source in sources}
    if len(homes) < len(sources):
        raise DynacollectError("two of the sessions have the same name; rename the folder of one")
    known = merged_from(out)
    if not known and _numbers(out / EPISODES):
        raise DynacollectError(f"{out} has episodes of its own; name another folder")
    new = _new(homes, frozenset(known))
    origins = (*known, *new)
    if new:
        out.mkdir(parents=True, exist_ok=True)
        plan = {"format": FORMAT, "episodes": [[each.session, each.number] for each in origins]}
        written(out / PLAN, json.dumps(plan))
    _bring(origins, homes, out, retold or _as_it_was)
    return origins


def merged_from(session: Path) -> tuple[Origin, ...]:
    """Of its episodes from number 1 on; empty where nothing was merged."""
    path = session / PLAN
    if not path.exists():
        return ()
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        if plan["format"] > FORMAT:
            raise DynacollectError(f"{path} has format {plan['format']}, newer than {FORMAT}; update dynacollect")
        return tuple(Origin(str(name), int(number)) for name, number in plan["episodes"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DynacollectError(
            f"{path} cannot be read ({error}); move {EPISODES} and it away, and merge again"
        ) from error


def _as_it_was(_: str, provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    return provenance


def _new(homes: Mapping[str, Path], known: frozenset[Origin]) -> list[Origin]:
    """Committed and not yet merged, in the order in which they began."""
    found = [
        (read_record(folder).started, origin.session, origin.number)
        for name, home in homes.items()
        for origin, folder in _committed(name, home)
        if origin not in known
    ]
    return [Origin(name, number) for _, name, number in sorted(found)]


def _committed(name: str, home: Path) -> Iterator[tuple[Origin, Path]]:
    for number, folder in sorted(_numbers(home / EPISODES).items()):
        yield Origin(name, number), folder


def _numbers(place: Path) -> dict[int, Path]:
    return {int(path.name): path for path in place.iterdir() if path.name.isdecimal()} if place.is_dir() else {}


def _bring(origins: Sequence[Origin], homes: Mapping[str, Path], out: Path, retold: Retold) -> None:
    """All that are not there; what the check has set aside stays there."""
    set_aside = {int(path.name.split("-")[0]) for path in (out / SET_ASIDE).glob("[0-9]*") if path.is_dir()}
    there = _numbers(out / EPISODES).keys() | set_aside
    missing = [(number, each) for number, each in enumerate(origins, 1) if number not in there]
    stage = out / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    if not missing:
        return
    (out / EPISODES).mkdir(exist_ok=True)
    stage.mkdir()
    for number, origin in missing:
        source = homes[origin.session] / EPISODES / f"{origin.number:06d}" if origin.session in homes else None
        if source is not None and source.is_dir():
            _placed(source, origin, number, stage, out / EPISODES, retold)
    stage.rmdir()


def _placed(source: Path, origin: Origin, number: int, stage: Path, episodes: Path, retold: Retold) -> None:
    """One episode, whole the moment it has its name."""
    record, aside = read_record(source), stage / f"{number:06d}"
    aside.mkdir()
    for path in source.iterdir():
        if path.name != FILE and path.is_file():
            _same(path, aside / path.name)
    written(aside / FILE, _renumbered(record, origin, number, retold).model_dump_json(indent=1))
    named(aside, episodes / aside.name)


def _renumbered(record: EpisodeRecord, origin: Origin, number: int, retold: Retold) -> EpisodeRecord:
    came = {"merged_from": {"session": origin.session, "number": origin.number}}
    provenance = {**retold(origin.session, record.provenance), **came}
    return record.model_copy(update={"number": number, "provenance": provenance})


def _same(path: Path, again: Path) -> None:
    """The same file under a second name; a copy where the disk knows no second names."""
    try:
        os.link(path, again)
    except OSError:
        shutil.copyfile(path, again)
        flushed(again)
