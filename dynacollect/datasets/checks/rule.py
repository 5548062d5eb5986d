"""What a rule of the check is, as data, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
"""An error is data that is wrong; a warning is data that a person should look at before it is learnt from."""
Part = Literal["record", "signals", "video", "set", "table"]


@dataclass(frozen=True, slots=True)
class Note:
    """What a rule has to say, where it applies."""

    detail: str
    camera: str | None = None
    tick: int | None = None
    """Where to look."""
    episode: int | None = None
    """For rules of whole sets: the episode that it is about."""


@dataclass(frozen=True, slots=True)
class Rule[Evidence]:
    """One line of the table."""

    name: str
    looks_at: Part
    severity: Severity
    limit: float
    unit: str
    """Of the limit; empty where a thing is either right or wrong."""
    because: str
    """Why it matters, and why the limit is where it is."""
    find: Callable[[Evidence, float], Iterable[Note]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in one sentence."""

    rule: str
    severity: Severity
    episode: int | None
    """None is the set as a whole."""
    detail: str
    camera: str | None = None
    tick: int | None = None


def found[Evidence](rule: Rule[Evidence], evidence: Evidence, episode: int | None) -> list[Finding]:
    """What the rule says of this."""
    return [
        Finding(
            rule.name, rule.severity, note.episode if episode is None else episode, note.detail, note.camera, note.tick
        )
        for note in rule.find(evidence, rule.limit)
    ]
