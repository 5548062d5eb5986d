"""What the session tells: to the journal, and to those who look at it now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...rig.clock import wall_time
from .board import Board, Trouble
from .journal import Journal
from .standing import Standing

SHOWN = 12
"""Troubles that the board keeps."""


class Log:
    """The only writer of journal and board."""

    def __init__(self, folder: Path, board: Board, ring: Callable[[str, str], None] | None = None) -> None:
        self._journal, self._board, self._ring = Journal(folder, self._heard), board, ring
        self._troubles: deque[Trouble] = deque(maxlen=SHOWN)
        self._doing = board.summary.doing
        self.attempt: int | None = None
        self.calls = 0

    def say(self, event: str, **what: Any) -> None:
        self._journal.say(event, **what)

    def close(self) -> None:
        self._journal.close()

    def _heard(self, line: Mapping[str, Any]) -> None:
        """A line has been written."""
        self._board.lines.append(line)
        self._board.written += 1

    def shows(self, **what: Any) -> None:
        """Change the summary."""
        self._board.summary = replace(self._board.summary, **what)

    def fault(self, one: Standing) -> None:
        self.say("fault", name=one.rule.name, device=one.device, detail=one.detail, attempt=self.attempt)
        self._trouble(one, one.rule.deed, standing=True)

    def gone(self, key: tuple[str, str]) -> None:
        """It does not stand any more, whatever was done."""
        self._troubles = deque(
            (replace(each, standing=False) if (each.device, each.name) == key else each for each in self._troubles),
            SHOWN,
        )
        self.shows(troubles=tuple(self._troubles))

    def deed(self, one: Standing, number: int, ok: bool, seconds: float, why: str) -> None:
        about = {"name": one.rule.name, "device": one.device, "deed": one.rule.deed}
        self.say("deed", **about, **{"try": number, "ok": ok, "seconds": seconds, "why": why})
        self._trouble(one, f"{one.rule.deed} (try {number} of {one.rule.tries})", standing=not ok)

    def call(self, one: Standing) -> None:
        self.calls += 1
        reason = f"{one.device}: {one.rule.meaning}{f' ({one.detail})' if one.detail else ''}"
        self.say("call", name=one.rule.name, device=one.device, reason=reason, remedy=one.rule.remedy)
        self._trouble(one, "a person was called", standing=True)
        self._doing = self._board.summary.doing
        self.shows(doing="waiting", waits_for=f"{reason}: {one.rule.remedy}", human_calls=self.calls)
        if self._ring is not None:
            self._ring(reason, one.rule.remedy)

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """While something is done by hand that belongs to the work."""
        doing = self._board.summary.doing
        self.shows(doing="waiting", waits_for=what)
        try:
            yield
        finally:
            self.shows(doing=doing, waits_for="")

    def answered(self, one: Standing, seconds: float) -> None:
        self.say("answered", name=one.rule.name, device=one.device, seconds=seconds)
        self._trouble(one, "a person was called", standing=False)
        self.shows(doing=self._doing, waits_for="")

    def _trouble(self, one: Standing, deed: str, *, standing: bool) -> None:
        at = datetime.fromtimestamp(wall_time(), UTC).isoformat(timespec="seconds")
        rest = [each for each in self._troubles if (each.device, each.name) != one.key]
        self._troubles = deque([Trouble(at, one.rule.name, one.device, one.detail, deed, standing), *rest], SHOWN)
        self.shows(troubles=tuple(self._troubles))
