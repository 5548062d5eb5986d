"""The time of a stand-in, which its process writes where others can read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..clock import Clock, HostClock

LOOK_S = 0.0005
"""Between two looks at the time while waiting for it."""
STOPPED_S = 0.5
"""A stand-in whose time has stood still for so long is gone: the host's time goes on in its place."""


class StandInTime:
    """One number in a file that two processes share: seconds since the stand-in began."""

    def __init__(self, path: Path) -> None:
        self._cell = np.memmap(path, np.float64, "r+", shape=(1,))

    @classmethod
    def create(cls, path: Path) -> StandInTime:
        np.zeros(1).tofile(path)
        return cls(path)

    def write(self, seconds: float) -> None:
        self._cell[0] = seconds

    def read(self) -> float:
        return float(self._cell[0])


class StretchedClock:
    """Follows the `Clock` protocol: a busy host stretches time for the robot and for those who command it alike."""

    def __init__(self, shared: StandInTime, host: Clock | None = None) -> None:
        self._shared, self._host = shared, host or HostClock()
        self._last = shared.read()
        self._moved_at = self._host.now()
        self._added = 0.0

    def now(self) -> float:
        told, host = self._shared.read(), self._host.now()
        if told != self._last:
            self._last, self._moved_at = told, host
        still = host - self._moved_at - STOPPED_S
        if still > self._added:
            self._added = still
        return told + self._added

    def wait_until(self, time: float) -> None:
        while self.now() < time:
            self._host.wait_until(self._host.now() + LOOK_S)
