"""Builds in child processes that are killed, at a time or at a place; one line of JSON in, one out, for each.

A process of its own, as only one without threads may fork.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dynacollect.datasets.export import Options, build, staging
from dynacollect.rig.clock import HostClock


def deadly(done: Callable[..., object]) -> Callable[..., object]:
    """The same, and then the end."""

    def called(*arguments: object) -> None:
        done(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return called


def main() -> None:
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        child = os.fork()
        if child == 0:
            if order.get("no_swap"):
                staging._exchanged = lambda *_: False  # pyright: ignore[reportPrivateUsage]
            if place := order.get("place"):
                owner = Path if place == "rename" else staging
                setattr(owner, place, deadly(getattr(owner, place)))
            try:
                build([Path(session) for session in order["sessions"]], Path(order["out"]), Options(where="ticks > 0"))
            finally:
                os._exit(0)
        if (delay := order.get("kill_after")) is not None:
            clock = HostClock()
            clock.wait_until(clock.now() + delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"killed": os.WIFSIGNALED(status)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
