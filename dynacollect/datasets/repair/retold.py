"""The record of an episode told anew: from its rows, where its own is lost and the signals do not repeat it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import DecodeError

from ..raw.record import EpisodeRecord, Thing
from ..raw.signals import INFO, WARNING
from .salvage import Salvage, Session

LOST = "its record was lost"


def retold(found: Salvage, session: Session) -> EpisodeRecord:
    """The record of all of it; what nobody knows any more is left open, so that no data set takes it for a success."""
    derived = {
        "number": 0, "id": "", "task": session.task, "instructions": (), "robot": session.robot, "fps": found.fps,
        "ticks": found.expected, "started": _started(found), "wall_minus_clock": _offset(found),
        "things": tuple(_thing(key) for key in _keys(found)),
        "verdict": {"success": None, "confidence": 0.0, "reason": LOST}, "phases": tuple(_phases(found)),
        "faults": tuple(_faults(found)), "videos": {}, "signals": {"file": "", "bytes": 0, "sha256": ""},
    }  # fmt: skip
    return EpisodeRecord.model_validate(derived)


def _started(found: Salvage) -> str:
    first = next(iter(found.messages.said), None)
    return datetime.fromtimestamp((first.time if first else 0) / 1e9, UTC).isoformat()


def _offset(found: Salvage) -> float:
    """From the host's clock to seconds since 1970: every row carries both."""
    tick = next(iter(found.ticks), None)
    return 0.0 if tick is None else found.ticks[tick][0].time / 1e9 - found.row(tick)["time"]


def _keys(found: Salvage) -> list[str]:
    rows = (json.loads(each.data) for each in found.messages.said if each.topic == "/objects")
    return list(dict.fromkeys(key for row in rows for key in row))


def _thing(key: str) -> Thing:
    """The cell's keys begin with the role."""
    role = "target" if key.startswith("target") else "container" if key.startswith("container") else "distractor"
    return Thing(key=key, name=key, role=role)


def _phases(found: Salvage) -> Iterator[tuple[int, str, str]]:
    reasons = {(round(log_s, 3), name): why for log_s, level, name, why in _logged(found) if level == INFO}
    before = None
    for tick in sorted(found.ticks):
        phase = found.row(tick)["phase"]
        if phase != before:
            yield tick, phase, reasons.get((round(found.ticks[tick][0].time / 1e9, 3), phase), "")
        before = phase


def _faults(found: Salvage) -> Iterator[tuple[float, str, str]]:
    offset = _offset(found)
    yield from ((log_s - offset, name, why) for log_s, level, name, why in _logged(found) if level == WARNING)


def _logged(found: Salvage) -> Iterator[tuple[float, int, str, str]]:
    for each in found.messages.said:
        if each.topic == "/log":
            try:
                log = Log.FromString(each.data)
            except DecodeError:
                continue
            yield each.time / 1e9, log.level, log.name, log.message
