"""Waiting for what another thread will have done soon."""

from __future__ import annotations

from collections.abc import Callable

from dynacollect.rig.clock import HostClock

PATIENCE_S = 20.0


def until[T](look: Callable[[], T | None]) -> T:
    """What `look` gives once it is neither None nor False; fails where that never comes."""
    clock = HostClock()
    end = clock.now() + PATIENCE_S
    while clock.now() < end:
        found = look()
        if found is not None and found is not False:
            return found
        clock.wait_until(clock.now() + 0.003)
    raise AssertionError("it never came")
