"""The journal's lines in words, for the views that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["plain", "quiet", "good", "warn", "bad", "alarm"]
Line = Mapping[str, Any]

MOVED_PX = 1.0
"""A background that shifted by less is not worth a line."""


@dataclass(frozen=True, slots=True)
class Said:
    """One line for a person."""

    at: str
    """ISO 8601, UTC."""
    tone: Tone
    text: str
    matters: bool
    """Worth a line in a log that is read the next morning."""


def told(lines: Iterable[Line], since: int = 0) -> list[Said]:
    """Lines from number `since` on, in order; a verdict repeats what its attempt was, where that line is among all."""
    attempts: dict[str, Line] = {}
    said = []
    for index, line in enumerate(lines):
        number = str(line.get("attempt"))
        if line.get("event") == "attempt":
            attempts[number] = line
        if index >= since and (words := say(line, attempts.get(number, {}))) is not None:
            said.append(words)
    return said


def say(line: Line, attempt: Line) -> Said | None:
    """One line, if there is anything to say; `attempt` is the one that it belongs to, or nothing."""
    at, event = str(line.get("at", "")), str(line.get("event", "?"))
    try:
        words = WORDS.get(event, _other)({**attempt, **line})
    except (KeyError, TypeError, ValueError, AttributeError):
        words = _other(line)
    return Said(at, words[0], clean(words[1]), words[2]) if words is not None else None


def clean(text: str) -> str:
    """What a device or a file said must not steer the terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def duration(seconds: float) -> str:
    """Short, for people; nothing known is a dash."""
    if not 0.0 <= seconds < 1e9:
        return "-"
    minutes, hours = seconds / 60.0, seconds / 3600.0
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 99.5:
        return f"{minutes:.0f} min"
    return f"{int(hours)} h {int(minutes) % 60:02d} min" if hours < 48 else f"{hours / 24:.1f} d"


def size(count: float) -> str:
    """Bytes, for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000.0
    return f"{count:.1f} TB"


_Words = tuple[Tone, str, bool]


def _session(line: Line) -> _Words:
    settings = line["settings"]
    what = f"{', '.join(settings['tasks'])} on {settings['robot']}, {len(settings['objects'])} objects"
    return "plain", f"run {line['run']}: {what}, {settings['episodes']} episodes wanted", True


def _check(line: Line) -> _Words:
    if line["ok"]:
        return "quiet", f"check {line['name']}: {line['detail']}", True
    return "bad", f"check {line['name']}: {line['detail']}; {line['remedy']}", True


def _attempt(line: Line) -> _Words:
    how = [line.get("launcher"), line.get("place"), f"{line['heading_deg']:.0f} deg" if line.get("heading_deg") else ""]
    extra = "".join(f", {each}" for each in how if each)
    low, high = line["bin"]
    return "quiet", f"#{line['attempt']} {line['task']} {line['object']}, {low:g} to {high:g} m/s{extra}", False


def _reset(line: Line) -> _Words:
    number, tries = line["attempt"], line["tries"]
    if line["ok"]:
        return ("warn", f"#{number} was set up at try {tries}", True) if tries > 1 else (
            "quiet", f"#{number} is set up", False)  # fmt: skip
    return "bad", f"#{number} could not be set up in {tries} tries: {line['reason']}", True


def _verdict(line: Line) -> _Words:
    tones: dict[str, Tone] = {"success": "good", "failure": "bad", "doubtful": "warn", "discarded": "quiet"}
    what = f" {line['task']} {line['object']}" if "object" in line else ""
    speed = f" at {line['speed_seen']:.2f} m/s" if line.get("speed_seen") is not None else ""
    took = f" ({line['seconds']:.1f} s, cycle {line['cycle_s']:.0f} s)" if line.get("cycle_s") is not None else ""
    late = f", {line['missed']} ticks missed" if line.get("missed") else ""
    sure = f" ({line['confidence']:.2f})" if line.get("confidence") is not None else ""
    outcome = line["outcome"]
    text = f"#{line['attempt']} {outcome}{sure}:{what}{speed}: {line['reason']}{took}{late}"
    return tones.get(outcome, "plain"), text, True


def _fault(line: Line) -> _Words:
    return "warn", f"{line['name']} of {line['device']}: {line['detail']}", True


def _deed(line: Line) -> _Words:
    end = "it went away" if line["ok"] else "it is still there"
    took = f" after {line['seconds']:.1f} s"
    text = f"{line['name']} of {line['device']}: {line['deed']}, try {line['try']}: {end}{took}"
    return "good" if line["ok"] else "warn", text, True


def _call(line: Line) -> _Words:
    return "alarm", f"CALLS A PERSON: {line['reason']}; {line['remedy']}", True


def _answered(line: Line) -> _Words:
    return "good", f"goes on after {duration(line['seconds'])}: {line['reason']}", True


def _quarantine(line: Line) -> _Words:
    return "warn", f"{line['object']} is no longer used: {line['reason']}", True


def _drift(line: Line) -> _Words | None:
    moved = {name: shift for name, shift in line["cameras"].items() if shift is not None and shift >= MOVED_PX}
    each = ", ".join(f"{shift:.1f} px in {name}" for name, shift in moved.items())
    return ("warn", f"the background has moved by {each}", True) if moved else None


def _end(line: Line) -> _Words:
    return "plain", f"run ended: {line['reason']}", True


def _other(line: Line) -> _Words:
    rest = ", ".join(f"{key}={value}" for key, value in line.items() if key not in ("at", "event"))
    return "plain", f"{line.get('event', '?')}: {rest}", True


WORDS: dict[str, Callable[[Line], _Words | None]] = {
    "session": _session,
    "check": _check,
    "attempt": _attempt,
    "reset": _reset,
    "verdict": _verdict,
    "fault": _fault,
    "deed": _deed,
    "call": _call,
    "answered": _answered,
    "quarantine": _quarantine,
    "drift": _drift,
    "end": _end,
}
