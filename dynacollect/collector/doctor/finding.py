"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "bad", "note"]
"""bad: what was asked for will not work. note: something is missing or slow that may not matter here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """With its remedy, unless it is good."""

    part: str
    state: State
    detail: str
    remedy: str = ""
