"""What a worker is told, and what it says when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ..session.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """One worker's session, begun or gone on with."""

    home: Path
    settings: Settings
    """With a seed of its own, and the successes that its session shall have in the end."""
    faults: tuple[str, ...] = ()
    realtime: bool = False
    webhook: str | None = None


class How(StrEnum):
    """A worker ends in one of these ways."""

    DONE = "done"
    """It has all that it was told to collect."""
    ENDED = "ended"
    """It could not go on, or was asked to end."""
    REFUSED = "refused"
    """Something that a person has to mend."""
    CRASHED = "crashed"
    """It was killed, or has a bug; it may be started again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """With the reason in words; empty where it is done."""

    how: How
    reason: str = ""


class Worker(Protocol):
    """One that was started."""

    def ended(self) -> Ended | None:
        """None while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to end safely; it does so on its own when whoever started it dies."""
        ...

    def kill(self) -> None:
        """End it now; what it has committed stays."""
        ...
