"""A value that many ask for and that is made only so often."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from ...rig.clock import Clock


class Once[T]:
    """Makes it when it is asked for and the last one is older than `fresh_s`; who comes meanwhile waits for it."""

    def __init__(self, make: Callable[[], T], fresh_s: float, clock: Clock) -> None:
        self._make, self._fresh_s, self._clock = make, fresh_s, clock
        self._lock = Lock()
        self._made: tuple[float, T] | None = None

    def get(self) -> T:
        with self._lock:
            if self._made is None or self._clock.now() - self._made[0] >= self._fresh_s:
                value = self._make()
                self._made = self._clock.now(), value
            return self._made[1]
