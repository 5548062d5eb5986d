"""Turning noisy checks into faults that stand and clear."""

from __future__ import annotations


class Alarm:
    """Stands after `checks` bad checks in a row, clears after as many good ones."""

    def __init__(self, checks: int = 3) -> None:
        self.standing = False
        self._checks = checks
        self._against = 0

    def update(self, bad: bool) -> bool:
        self._against = 0 if bad == self.standing else self._against + 1
        if self._against >= self._checks:
            self.standing = bad
            self._against = 0
        return self.standing


class Sustained:
    """True once a condition has held for `hold_s` seconds without a break."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._since: float | None = None

    def update(self, bad: bool, now: float) -> bool:
        if not bad:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= self._hold_s
