"""Time. The only file that reads the host's clock or sleeps; everyone else is handed a `Clock`."""

from __future__ import annotations

import math
import time as host_time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Protocol

_SPIN = 0.001


class Clock(Protocol):
    """Seconds that only grow, and a way to let them pass."""

    def now(self) -> float: ...

    def wait_until(self, time: float) -> None:
        """Return at `time`, or at once if it has passed."""
        ...


class HostClock:
    """The host's monotonic clock: sleeps, then spins through the last millisecond."""

    def now(self) -> float:
        return host_time.monotonic()

    def wait_until(self, time: float) -> None:
        while (left := time - host_time.monotonic()) > 0.0:
            if left > _SPIN:
                host_time.sleep(left - _SPIN)


def wall_time() -> float:
    """Seconds since 1970: for labels on what is kept, never for pacing or for the order of things."""
    return host_time.time()


class SimClock:
    """Simulated time in lock-step: it moves only while somebody waits.

    `advance(to)` brings the simulated world to time `to`. With `realtime` each wait also waits for the host, from the
    first wait on; a world slower than the host is not hurried, its lateness is measured.
    """

    def __init__(
        self,
        advance: Callable[[float], None] | None = None,
        start: float = 0.0,
        *,
        realtime: bool = False,
        host: Clock | None = None,
    ) -> None:
        self.advance = advance
        self.late_waits = 0
        """Waits that ended later on the host than they should have."""
        self.worst_late_s = 0.0
        self._now = start
        self._host = (host or HostClock()) if realtime else None
        self._host_ahead: float | None = None

    @property
    def paced(self) -> bool:
        """It waits for the host: a second is a second, or more."""
        return self._host is not None

    def now(self) -> float:
        return self._now

    def wait_until(self, time: float) -> None:
        if time <= self._now:
            return
        if self._host is not None and self._host_ahead is None:
            self._host_ahead = self._host.now() - self._now
        if self.advance is not None:
            self.advance(time)
        self._now = time
        self._pace()

    def _pace(self) -> None:
        if self._host is None or self._host_ahead is None:
            return
        due = self._host_ahead + self._now
        late = self._host.now() - due
        if late > 0.0:
            self.late_waits += 1
            self.worst_late_s = max(self.worst_late_s, late)
        self._host.wait_until(due)


@dataclass(frozen=True, slots=True)
class Slot:
    """One turn of a loop: slot `index` of its schedule."""

    index: int
    due: float
    started: float
    missed: int
    """Slots that passed unused just before this one."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one named part of the loop has taken, in seconds."""

    count: int = 0
    total_s: float = 0.0
    worst_s: float = 0.0

    @property
    def mean_s(self) -> float:
        return self.total_s / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class TickerSummary:
    """How well a loop has kept its schedule."""

    ticks: int
    missed: int
    slack_median_s: float
    """Time left before the next slot when the loop came back, over the last ticks; NaN before there was one."""
    slack_min_s: float
    """The least since the start; negative is how far a turn overran."""
    worst_lateness_s: float
    """Longest from a slot's due time to its start."""
    sections: Mapping[str, Section]


class Ticker:
    """An absolute schedule: slot k is due at start + k * period, whatever happened before.

    A loop that comes back after a slot was due has missed it and gets the next one still to come; nothing is caught
    up in bursts. Slot 0 is the first call unless `start` is given. Sections are timed by `stopwatch` (the host), since
    a simulated clock stands still during the loop's body.
    """

    def __init__(
        self, clock: Clock, period: float, *, start: float | None = None, stopwatch: Clock | None = None
    ) -> None:
        if not (math.isfinite(period) and period > 0.0):
            raise ValueError(f"a period must be positive seconds, got {period}")
        self.period = period
        self._clock = clock
        self._stopwatch = stopwatch or HostClock()
        self._start = start
        self._index = -1
        self._ticks = 0
        self._missed = 0
        self._slack: deque[float] = deque(maxlen=1024)
        self._slack_min = math.inf
        self._worst_lateness = 0.0
        self._sections: dict[str, Section] = {}

    def __iter__(self) -> Iterator[Slot]:
        return self

    def __next__(self) -> Slot:
        return self.next()

    def next(self) -> Slot:
        """Wait for the next slot."""
        now = self._clock.now()
        if self._start is None:
            self._start = now
        planned = self._index + 1
        self._count_slack(self._start + planned * self.period - now)
        self._index = self._first_slot_from(self._start, now, planned)
        due = self._start + self._index * self.period
        self._clock.wait_until(due)
        started = self._clock.now()
        self._ticks += 1
        self._missed += self._index - planned
        self._worst_lateness = max(self._worst_lateness, started - due)
        return Slot(self._index, due, started, self._index - planned)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Time a named part of the loop's body."""
        begin = self._stopwatch.now()
        try:
            yield
        finally:
            took = self._stopwatch.now() - begin
            old = self._sections.get(name, Section())
            self._sections[name] = replace(
                old, count=old.count + 1, total_s=old.total_s + took, worst_s=max(old.worst_s, took)
            )

    def summary(self) -> TickerSummary:
        return TickerSummary(
            ticks=self._ticks,
            missed=self._missed,
            slack_median_s=median(self._slack) if self._slack else math.nan,
            slack_min_s=self._slack_min if self._slack else math.nan,
            worst_lateness_s=self._worst_lateness,
            sections=dict(self._sections),
        )

    def _count_slack(self, slack: float) -> None:
        if self._index < 0:
            return
        self._slack.append(slack)
        self._slack_min = min(self._slack_min, slack)

    def _first_slot_from(self, start: float, now: float, planned: int) -> int:
        """The least index >= planned that is not yet due; exact where the division rounds."""
        index = max(planned, math.ceil((now - start) / self.period))
        while index > planned and start + (index - 1) * self.period >= now:
            index -= 1
        while start + index * self.period < now:
            index += 1
        return index
