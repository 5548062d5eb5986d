"""What the journal's lines say, read leniently: what is missing or odd is None, and the rest of a line still counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

LONGEST = 300
"""Characters that are kept of a text."""
LARGEST = 1e9
"""No number of a session is larger."""


def _or_none(value: object, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        return None


def printable(text: str) -> str:
    """Signs that any page can hold, and not too many of them."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])


_LENIENT = WrapValidator(_or_none)
Word = Annotated[str, AfterValidator(printable)]
Text = Annotated[Word | None, _LENIENT]
Finite = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Number = Annotated[Finite | None, _LENIENT]
Count = Annotated[Annotated[int, Field(ge=0, le=LARGEST)] | None, _LENIENT]
Flag = Annotated[bool | None, _LENIENT]
Words = Annotated[tuple[Word, ...] | None, _LENIENT]


class Event(BaseModel):
    """One line; fields that are not known here are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[AwareDatetime | None, _LENIENT] = None


class Settings(BaseModel):
    """Of a run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rig: Text = None
    robot: Text = None
    tasks: Words = None
    objects: Words = None
    episodes: Count = None
    seed: Count = None
    state: Text = None
    images: Flag = None


class SessionBegan(Event):
    """A start, or a resume."""

    run: Count = None
    version: Text = None
    settings: Annotated[Settings | None, _LENIENT] = None


class Checked(Event):
    """Of the pre-flight."""

    name: Text = None
    ok: Flag = None
    detail: Text = None
    remedy: Text = None


class AttemptBegan(Event):
    """What is to be tried."""

    attempt: Count = None
    task: Text = None
    object: Text = None
    speed: Number = None
    bin: Annotated[tuple[Finite, Finite] | None, _LENIENT] = None
    launcher: Text = None
    heading_deg: Number = None
    place: Text = None


class Reset(Event):
    """The table was set and looked at."""

    attempt: Count = None
    tries: Count = None
    ok: Flag = None
    reason: Text = None


class Cue(BaseModel):
    """One of the two opinions about an attempt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    says: Flag = None
    detail: Text = None


class Spread(BaseModel):
    """Of all ticks of an attempt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    median: Number = None
    p99: Number = None


class Verdict(Event):
    """How an attempt ended."""

    attempt: Count = None
    outcome: Annotated[Literal["success", "failure", "doubtful", "discarded"] | None, _LENIENT] = None
    episode: Count = None
    reason: Text = None
    confidence: Number = None
    cues: Annotated[dict[Word, Cue] | None, _LENIENT] = None
    seconds: Number = None
    cycle_s: Number = None
    speed_seen: Number = None
    ticks: Count = None
    missed: Count = None
    work_ms: Annotated[Spread | None, _LENIENT] = None
    age_ms: Annotated[Spread | None, _LENIENT] = None
    phases: Annotated[tuple[tuple[Text, Number], ...] | None, _LENIENT] = None


class FaultSeen(Event):
    """Something keeps a device from doing its work."""

    name: Text = None
    device: Text = None
    detail: Text = None
    attempt: Count = None


class Deed(Event):
    """What was done against a fault, and whether it went away."""

    name: Text = None
    device: Text = None
    deed: Text = None
    ok: Flag = None
    seconds: Number = None


class Called(Event):
    """A person is needed."""

    name: Text = None
    device: Text = None
    reason: Text = None
    remedy: Text = None


class Answered(Event):
    """The reason of a call went away."""

    name: Text = None
    device: Text = None
    reason: Text = None
    seconds: Number = None


class Quarantined(Event):
    """An object is no longer used."""

    object: Text = None
    reason: Text = None


class Drift(Event):
    """How far each camera's background is from where it was at the start."""

    cameras: Annotated[dict[Word, Number] | None, _LENIENT] = None


class Ended(Event):
    """A run ended in order."""

    reason: Text = None


class Wish(BaseModel):
    """What an episode's record says of its attempt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt: Count = None
    object: Text = None
    speed: Number = None
    bin: Count = None
    sector: Count = None
    side: Text = None


class Made(BaseModel):
    """Of the provenance in an episode's record."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    launcher: Text = None
    wish: Annotated[Wish | None, _LENIENT] = None


EVENTS: Mapping[str, type[Event]] = {
    "session": SessionBegan,
    "check": Checked,
    "attempt": AttemptBegan,
    "reset": Reset,
    "verdict": Verdict,
    "fault": FaultSeen,
    "deed": Deed,
    "call": Called,
    "answered": Answered,
    "quarantine": Quarantined,
    "drift": Drift,
    "end": Ended,
}
"""By the name in the journal."""


def understood(line: Mapping[str, Any]) -> Event | None:
    """The event of a journal line; None where this version does not know it."""
    model = EVENTS.get(str(line.get("event")))
    return None if model is None else model.model_validate(line)


def day(moment: datetime | None) -> str:
    """As people write it, in UTC."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
