"""What a session shows while it runs. The loop only puts references here; who looks takes them at its own pace."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...rig.nouns import Image, ObjectState

LINES = 200


@dataclass(frozen=True, slots=True)
class Share:
    """Successes among the attempts that ended with a verdict."""

    label: str
    n: int
    success: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault that stands, or was the last to be dealt with."""

    at: str
    """ISO 8601, UTC."""
    name: str
    device: str
    detail: str
    deed: str
    """What was done, or is being done."""
    standing: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The session as a whole; replaced after every attempt and whenever it begins to wait."""

    session: str
    rig: str
    robot: str
    doing: str = "starting"
    """starting, checking, setting up, running, recovering, waiting, finishing, ended."""
    waits_for: str = ""
    """What a person or the world has to do before it goes on."""
    wanted: int = 0
    kept: int = 0
    failures: int = 0
    doubtful: int = 0
    discarded: int = 0
    attempt: int = 0
    by_speed: tuple[Share, ...] = ()
    by_object: tuple[Share, ...] = ()
    seconds: float = 0.0
    """On the session's clock, over all its runs."""
    per_hour: float = float("nan")
    """Kept episodes."""
    eta_s: float = float("nan")
    disk_free: int = 0
    disk_needed: int = 0
    """Bytes, for what is still to come."""
    human_calls: int = 0
    troubles: tuple[Trouble, ...] = ()
    """Newest first."""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """The tick."""

    time: float
    task: str = ""
    target: str = ""
    """Name in the catalogue."""
    instruction: str = ""
    phase: str = ""
    why: str = ""
    """The reason of the last transition."""
    objects: Mapping[str, ObjectState] = field(default_factory=dict)
    pictures: Mapping[str, Image] = field(default_factory=dict)
    """By camera, as captured; nobody writes into them."""
    ticks: int = 0
    missed: int = 0
    work_ms: float = float("nan")
    """Of this tick."""
    period_ms: float = 40.0
    waiting_to_encode: int = 0


@dataclass(slots=True)
class Board:
    """The newest of everything."""

    summary: Summary
    now: Now = field(default_factory=lambda: Now(0.0))
    works: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    """Milliseconds of the last ticks."""
    lines: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=LINES))
    """The last journal lines."""
    written: int = 0
    """Journal lines in all."""

    def tick(self, now: Now) -> None:
        """A tick has ended."""
        self.now = now
        self.works.append(now.work_ms)
