"""The journals of all workers as one, in the order of time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from pathlib import Path
from typing import Any

from ...datasets.raw.durable import flushed
from ..session.journal import FILE, Line, read_journal
from .shares import MOST, number_of

WORKER = "worker"
"""The field that names who said a line; what the session says itself has none."""
DEVICES = ("fault", "deed", "call", "answered")
"""Events of a device: each worker has devices of its own."""
RUNS = {"session": "worker began", "end": "worker ended"}
"""A worker's run is no run of the whole session."""

Numbers = Mapping[tuple[str, int], int]
"""Of a worker's name and the number of an episode: its number in the merged session."""


def attempt_of(worker: str, attempt: int) -> int:
    """The number of a worker's attempt in the merged session; attempt 17 of worker 3 is 17003."""
    return attempt * MOST + number_of(worker)


def merge_journals(folder: Path, homes: Sequence[Path], numbers: Numbers) -> None:
    """Write the session's journal anew: its own lines, and those of its workers as they are now."""
    own = (line for line in read_journal(folder) if WORKER not in line)
    theirs = [_retold(home, numbers) for home in homes]
    path = folder / FILE
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        for _, line in merge(_timed(own), *map(_timed, theirs), key=lambda timed: timed[0]):
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    flushed(folder)


def _timed(lines: Iterator[Line]) -> Iterator[tuple[str, Line]]:
    """Each with a time that never goes back, as the order of one journal is what happened."""
    latest = ""
    for line in lines:
        latest = max(latest, str(line.get("at", "")))
        yield latest, line


def _retold(home: Path, numbers: Numbers) -> Iterator[Line]:
    return (_as_merged(home.name, line, numbers) for line in read_journal(home))


def _as_merged(worker: str, line: Line, numbers: Numbers) -> Line:
    event = str(line["event"])
    told: dict[str, Any] = {**line, "event": RUNS.get(event, event), WORKER: worker}
    if isinstance(line.get("attempt"), int):
        told["attempt"] = attempt_of(worker, line["attempt"])
    if isinstance(line.get("episode"), int):
        told["episode"] = numbers.get((worker, line["episode"]))
    if event in DEVICES:
        told["device"] = f"{line.get('device') or 'unknown'} of {worker}"
    if event == "check":
        told["name"] = f"{line.get('name')} of {worker}"
    return told
