"""What a board said at one moment, and the moments at which looking costs the loop nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np

from ...rig.clock import Clock, HostClock
from ..session.board import Board, Now, Summary

POLL_S = 0.003
POLLS = 15
"""Together a little more than a tick: a loop that ticks is caught, one that stands is not waited for."""
QUIET_S = 5.0
"""A session that is running and shows nothing new for longer has a problem."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The last ticks of the loop against its period."""

    median_ms: float
    p99_ms: float
    worst_ms: float
    period_ms: float
    ticks: int
    missed: int

    @property
    def slack_ms(self) -> float:
        """What an ordinary tick leaves of its period."""
        return self.period_ms - self.median_ms

    @property
    def least_slack_ms(self) -> float:
        return self.period_ms - self.worst_ms


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A board at one moment."""

    summary: Summary
    now: Now
    works: tuple[float, ...]
    timing: Timing
    lines: tuple[Mapping[str, Any], ...]
    written: int
    silent_s: float
    """Since anything on the board changed."""
    silent: bool
    """It should be ticking, and does not."""


class Reader:
    """Takes readings; never locks the board, never writes to it."""

    def __init__(self, board: Board, clock: Clock | None = None) -> None:
        self._board = board
        self._clock = clock or HostClock()
        self._last: tuple[object, ...] = ()
        self._changed_at = self._clock.now()

    def read(self) -> Reading:
        board = self._board
        self.pulse()
        # Copying a deque is one step for the interpreter: no append comes between.
        works, lines = tuple(board.works), tuple(board.lines)
        now = board.now
        timing = _timing(works, now)
        return Reading(board.summary, now, works, timing, lines, board.written, self.silent_s, self.silent)

    def pulse(self) -> None:
        """Notice whether anything has changed."""
        signs = (self._board.now, self._board.summary, self._board.written)
        if len(self._last) != len(signs) or any(new is not old for new, old in zip(signs, self._last, strict=True)):
            self._last, self._changed_at = signs, self._clock.now()

    @property
    def silent_s(self) -> float:
        return self._clock.now() - self._changed_at

    @property
    def silent(self) -> bool:
        return self._board.summary.doing == "running" and self.silent_s > QUIET_S

    def await_slack(self, stop: Event) -> None:
        """Return just after a tick has ended: the loop waits then, and what is drawn now takes nothing from it."""
        seen = self._board.now
        for _ in range(POLLS):
            if self._board.now is not seen or stop.wait(POLL_S):
                return


def _timing(works: tuple[float, ...], now: Now) -> Timing:
    known = np.array(works, float)
    known = known[np.isfinite(known)]
    if not known.size:
        known = np.array([np.nan])
    median, p99 = np.quantile(known, (0.5, 0.99))
    return Timing(float(median), float(p99), float(known.max()), now.period_ms, now.ticks, now.missed)
