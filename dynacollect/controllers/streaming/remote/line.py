"""The client's end of a connection: no more than one frame is under way, so that what waits is always the newest."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

from ....rig.clock import HostClock
from .wire import Fields, Wire

SILENT_S, PING_S = 3.0, 1.0
"""A frame that is not acknowledged by then is lost; and so often something is said where there is nothing to say."""
READ_S, LARGEST_ANSWER = 1.0, 1 << 16
"""A frame that has begun to come is there by then, and has at most so many bytes."""

Frame = tuple[str, Fields]


class Line:
    """Frames of `next_frame` out, frames in. A byte on `woken` says that there may be one to send."""

    def __init__(self, wire: Wire, woken: socket.socket, next_frame: Callable[[], Frame | None]) -> None:
        self._wire, self._woken, self._next, self._clock = wire, woken, next_frame, HostClock()
        self._poll = select.poll()
        self._poll.register(wire.socket, select.POLLIN)
        self._poll.register(woken, select.POLLIN)
        self._said_at, self._heard = self._clock.now(), True

    def turn(self) -> Frame | None:
        """Wait a while for one of both ways; TimeoutError if the other side says nothing any more."""
        due = self._said_at + (PING_S if self._heard else SILENT_S)
        ready = {fd for fd, _ in self._poll.poll(1000.0 * max(0.0, due - self._clock.now()))}
        if self._woken.fileno() in ready:
            self._woken.recv(1 << 12)
        spoken = self._wire.socket.fileno() in ready
        found = self._wire.receive(READ_S, LARGEST_ANSWER) if spoken else None
        if found is not None and found[0] == "got":
            self._heard, found = True, None
        if self._heard:
            self._say()
        elif not spoken and self._clock.now() - self._said_at >= SILENT_S:
            raise TimeoutError("it does not answer")
        return found

    def _say(self) -> None:
        now = self._clock.now()
        frame = self._next() or (("ping", {}) if now - self._said_at >= PING_S else None)
        if frame is not None:
            kind, fields = frame
            self._wire.send(kind, **fields)
            self._said_at, self._heard = now, False
