"""What is said about an episode as a whole; signals are read when somebody asks for what needs them."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import Any

import numpy as np

from ...rig.nouns import Vector
from ..instructions import MOVING, instructions
from ..raw import RawEpisode, Thing
from ..raw.reader import Signals
from ..scene import HEALTHY, scene_at_motion, speeds

SHUT = 0.01
"""m; fingers that shall be no further apart are to close."""


class Facts:
    """The facts of one episode by their names in conditions."""

    def __init__(self, raw: RawEpisode) -> None:
        self.raw, self.record = raw, raw.record
        self.session = raw.folder.resolve().parent.parent.name

    @property
    def name(self) -> str:
        """For people."""
        return f"episode {self.record.number} of {self.session}"

    def __getitem__(self, name: str) -> Any:
        record, verdict = self.record, self.record.verdict
        simple = {
            "success": verdict.success is True, "failure": verdict.success is False, "unsure": verdict.success is None,
            "confidence": verdict.confidence, "reason": verdict.reason, "ticks": record.ticks,
            "seconds": record.ticks / record.fps, "number": record.number, "faults": len(record.faults),
            "task": record.task, "robot": record.robot, "object": self._named("target"),
            "container": self._named("container"), "colour": (self.target and self.target.colour) or "",
            "session": self.session, "id": record.id, "started": record.started,
            "objects": tuple(thing.name for thing in record.things), "cameras": tuple(record.videos),
            "phases": tuple(name for _, name, _ in record.phases),
            "instruction": record.instructions[0] if record.instructions else "",
        }  # fmt: skip
        return simple[name] if name in simple else getattr(self, name)

    @property
    def target(self) -> Thing | None:
        """The first one."""
        return next((thing for thing in self.record.things if thing.role == "target"), None)

    @cached_property
    def signals(self) -> Signals:
        return self.raw.signals()

    @cached_property
    def widths(self) -> Vector:
        """(n,) m that the fingers shall be apart at each tick."""
        return self.signals.widths

    @cached_property
    def speed(self) -> float:
        """Of the target while it moves and the hand has not closed yet, m/s; 0 where it never does."""
        if self.target is None:
            return 0.0
        shut = np.flatnonzero(self.widths <= SHUT)
        before = speeds(self.signals, self.target.key)[: shut[0] if len(shut) else None]
        moving = before[before > MOVING]
        return float(np.median(moving)) if len(moving) else 0.0

    @cached_property
    def quality(self) -> float:
        """Confidence of the verdict x share of ticks with a healthy target x share of fresh pictures."""
        rows = self.signals
        fresh = [name in row["frames"] for row in rows.ticks for name in self.record.videos] or [True]
        healthy = [self._health(index) >= HEALTHY for index in range(len(rows.objects))] if self.target else [True]
        return float(self.record.verdict.confidence * np.mean(fresh) * np.mean(healthy))

    def instructions(self, count: int) -> tuple[str, ...]:
        """The recorded ones, then as many grounded ones; at least one."""
        scene = scene_at_motion(self.record.things, self.signals)
        grounded = instructions(scene, count, zlib.crc32(self.record.id.encode()))
        name = self.target.words[0] if self.target and self.target.words else self._named("target").replace("_", " ")
        found = (*self.record.instructions, *grounded) or (f"pick up the {name or 'object'}",)
        return tuple(dict.fromkeys(found))

    def _named(self, role: str) -> str:
        return next((thing.name for thing in self.record.things if thing.role == role), "")

    def _health(self, index: int) -> float:
        state = self.signals.objects[index].get(self.target.key) if self.target else None
        return 0.0 if state is None else state["health"]
