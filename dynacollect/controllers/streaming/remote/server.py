"""The server: one policy, which answers the newest observation of one client at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....rig.clock import HostClock
from ....rig.nouns import Vector
from ..child import WARM_UPS, Make
from ..chunk import WIDTH
from ..source import Request, Source
from .door import Door
from .guest import Guest
from .messages import MOST_ROWS
from .place import Place, place_of
from .secret import refuse_open_door
from .wire import msgpack

MOST_WORDS = 400
"""Characters of why a policy failed."""


class PolicyServer:
    """Bound at once; `run` builds the policy and serves it in the calling thread until `close`."""

    def __init__(self, make: Make, address: str, token: bytes = b"", say: Callable[[str], object] = str) -> None:
        msgpack()
        place = place_of(address)
        refuse_open_door(place, token)
        self._make, self._say, self._clock = make, say, HostClock()
        self._door = Door(place, token, say)
        self._warmed: set[frozenset[object]] = set()
        self.answered = self.failed = 0

    @property
    def place(self) -> Place:
        """With the port that was found where 0 was asked for."""
        return self._door.place

    @property
    def refused(self) -> int:
        return self._door.refused

    def run(self) -> None:
        source = self._make()
        self._door.open(supports_rtc=getattr(source, "supports_rtc", False))
        self._say(f"the policy is served at {self.place}")
        while work := self._door.newest():
            self._work(source, *work)

    def close(self) -> None:
        self._door.close()

    def _work(self, source: Source, guest: Guest, number: int, request: Request) -> None:
        begin = self._clock.now()
        try:
            actions = None if self._warms_up(source, guest, request) else _actions(source, request)
        except Exception as error:  # noqa: BLE001 # because whatever a policy raises is to be told to who holds the arm
            self.failed += 1
            why = f"{type(error).__name__}: {error}"[:MOST_WORDS]
            self._say(f"the policy failed: {why}")
            guest.tell("failed", number=number, why=why)
            return
        if actions is None:
            guest.tell("warm")
        else:
            self.answered += 1
            guest.tell("answer", number=number, actions=actions, took_s=self._clock.now() - begin)

    def _warms_up(self, source: Source, guest: Guest, request: Request) -> bool:
        """A guest's first request: inferences that compile, allocate and cache, if there are none of its shapes yet."""
        if guest.is_warm:
            return False
        shapes = frozenset((name, getattr(item, "shape", ())) for name, item in request.seen.items())
        if shapes not in self._warmed:
            for _ in range(WARM_UPS):
                _actions(source, request)
            self._warmed.add(shapes)
        guest.is_warm = True
        return True


def _actions(source: Source, request: Request) -> Vector:
    """Numbers may be nonsense, which who executes them looks at; their shape may not."""
    actions = np.asarray(source(request), dtype=float)
    if actions.ndim != 2 or actions.shape[1] != WIDTH:
        raise ValueError(f"actions of shape {actions.shape}, not (n, {WIDTH})")
    return actions[:MOST_ROWS]
