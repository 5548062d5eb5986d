"""Everything that can be read of one damaged episode, tick by tick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ...rig.errors import DynacollectError
from ..raw.record import FILE, SIGNALS, EpisodeRecord, read_record
from .film import Film, film_in
from .messages import Messages, Said, messages_in


@dataclass(frozen=True, slots=True)
class Session:
    """What the sound episodes of a session have in common."""

    fps: float | None = None
    task: str = "unknown"
    robot: str = "unknown"
    headers: Mapping[str, bytes] | None = None
    """By camera: a decoder's configuration."""


@dataclass(frozen=True, slots=True, eq=False)
class Salvage:
    """What came back, before anything is written."""

    folder: Path
    record: EpisodeRecord | None
    """Its own, or what the signals repeat of it."""
    problem: str | None
    """Why it is not its own."""
    messages: Messages
    opening: tuple[Said, ...]
    """What was said before the first tick: the camera models."""
    ticks: Mapping[int, tuple[Said, ...]]
    """Complete ones: the row of the tick first, then everything up to the next."""
    films: Mapping[str, Film]
    fps: float
    expected: int
    """How many ticks there were, as far as anybody can tell."""

    def row(self, tick: int) -> dict[str, Any]:
        return json.loads(self.ticks[tick][0].data)


def salvage(folder: Path, session: Session) -> Salvage:
    """Read what can be read; nothing in the folder is touched."""
    messages = messages_in(_bytes(folder / SIGNALS))
    record, problem = _record(folder, messages)
    opening, ticks = _by_tick(messages)
    fps = record.fps if record else session.fps or _rate(ticks)
    count = record.ticks if record else max(ticks, default=-1) + 1 if messages.whole else None
    videos = record.videos if record else {}
    films = {}
    for name in sorted({*videos, *(path.stem for path in folder.glob("*.mp4"))}):
        video = videos.get(name)
        path = folder / (video.file if video else f"{name}.mp4")
        spare = (session.headers or {}).get(name, b"")
        films[name] = film_in(_bytes(path), fps, count, video.sums if video else (), spare)
    traces = [max(ticks, default=-1) + 1, *(film.last + 1 for film in films.values())]
    return Salvage(folder, record, problem, messages, opening, ticks, films, fps, count or max(traces))


def _record(folder: Path, messages: Messages) -> tuple[EpisodeRecord | None, str | None]:
    try:
        return read_record(folder), None
    except (DynacollectError, UnicodeDecodeError):
        problem = f"its {FILE} cannot be read" if (folder / FILE).exists() else f"its {FILE} is lost"
    signals = {"file": SIGNALS, "bytes": 0, "sha256": ""}
    try:
        return EpisodeRecord.model_validate({**messages.about, "signals": signals}), problem
    except ValidationError:
        return None, problem


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _by_tick(messages: Messages) -> tuple[tuple[Said, ...], dict[int, tuple[Said, ...]]]:
    """What comes with a tick follows its row in the file and carries its time."""
    opening: list[Said] = []
    groups: dict[int, list[Said]] = {}
    group = opening
    for each in messages.said:
        if each.topic == "/tick":
            group = groups[each.sequence] = [each]
        elif group is opening or each.topic not in ("/objects", "/command", "/tf") or each.time == group[0].time:
            group.append(each)
    complete = {
        tick: tuple(group) for tick, group in groups.items() if {"/arm", "/objects"} <= {each.topic for each in group}
    }
    return tuple(each for each in opening if each.topic not in ("/arm", "/objects", "/command", "/setpoints")), complete


def _rate(ticks: Mapping[int, tuple[Said, ...]]) -> float:
    """Ticks a second, to a whole number; 25 where there are too few to tell."""
    times = np.array([ticks[tick][0].time for tick in sorted(ticks)])
    steps = np.diff(times) / np.diff(sorted(ticks)) if len(times) > 1 else np.zeros(0)
    return float(round(1e9 / np.median(steps))) if len(steps) and np.median(steps) > 1e6 else 25.0
