"""What went wrong and what became of it: faults, calls of a person, and objects that are no longer used."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .attempts import UNKNOWN
from .events import Answered, Called, Deed, Event, FaultSeen, Quarantined, SessionBegan

Key = tuple[str, str]
"""Name and device."""


@dataclass(slots=True)
class Fault:
    """All faults of one name."""

    seen: int = 0
    recovered: int = 0
    """A deed made it go away."""
    stopped: int = 0
    """A person was called."""
    seconds: float = 0.0
    """From the first deed until the fault was gone, of those that recovered."""
    detail: str = ""
    """Of the first."""
    devices: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> int:
        """Gone by themselves, or given up: with no deed that helped, and nobody called."""
        return self.seen - self.recovered - self.stopped


@dataclass(slots=True)
class Call:
    """Of a person."""

    call: Called
    seconds: float | None = None
    """Until the reason went away; None where that is not known."""


@dataclass(slots=True)
class Troubles:
    """Grows with the journal."""

    faults: defaultdict[str, Fault] = field(default_factory=lambda: defaultdict(Fault))
    calls: list[Call] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    _standing: dict[Key, None] = field(default_factory=dict)
    """Oldest first."""

    def add(self, event: Event) -> None:
        """The next line."""
        match event:
            case FaultSeen():
                self._seen(event)
            case Deed():
                self._done(event)
            case Called():
                self._called(event)
            case Answered():
                self._answered(event)
            case Quarantined():
                self.quarantined.append(event)
            case SessionBegan():
                self._standing.clear()
            case _:
                pass

    def _seen(self, event: FaultSeen) -> None:
        key = _key(event)
        fault = self.faults[key[0]]
        fault.seen += 1
        fault.devices[key[1]] += 1
        fault.detail = fault.detail or event.detail or ""
        self._standing[key] = None

    def _done(self, event: Deed) -> None:
        key = _key(event)
        if key not in self._standing:
            return
        fault = self.faults[key[0]]
        fault.deeds[event.deed or UNKNOWN] += 1
        if event.ok:
            fault.recovered += 1
            fault.seconds += event.seconds or 0.0
            del self._standing[key]

    def _called(self, event: Called) -> None:
        self.calls.append(Call(event))
        key = _key(event) if event.name is not None else next(reversed(self._standing), None)
        if key in self._standing:
            self.faults[key[0]].stopped += 1
            del self._standing[key]

    def _answered(self, event: Answered) -> None:
        waiting = [one for one in self.calls if one.seconds is None]
        same = [one for one in waiting if _about(one.call) == _about(event)]
        for one in (same or waiting)[-1:]:
            one.seconds = event.seconds


def _key(event: FaultSeen | Deed | Called) -> Key:
    return event.name or UNKNOWN, event.device or UNKNOWN


def _about(event: Called | Answered) -> Key:
    """By name and device where these are told, else by the reason."""
    return (event.reason or UNKNOWN, UNKNOWN) if event.name is None else (event.name, event.device or UNKNOWN)
