"""Inference on a server: what is offered goes there, and the arm's loop never waits for it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Event, Lock, Thread

from ....rig.clock import Clock
from ....rig.errors import DynacollectError
from ....rig.nouns import Vector
from ..chunk import Chunk
from ..delay import Delay
from ..process import LEAST_PATIENCE_S, LOOK_S, PATIENCE
from ..source import Answer, Request
from .line import Frame, Line
from .meeting import CLIENT, MEET_S, RefusedError, be_received
from .messages import answer_of, request_fields, text, whole
from .place import place_of
from .secret import refuse_open_door
from .wire import Fields, StrangerError, Wire, msgpack

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 3.0
"""Between attempts to connect: twice as long each time."""
LEAVE_S = 2.0
"""For the thread to end."""


class RemoteInference:
    """Follows the `Inference` protocol, and connects again by itself. What is offered must not change afterwards."""

    def __init__(self, address: str, token: bytes = b"") -> None:
        msgpack()
        self._place, self._token = place_of(address), token
        refuse_open_door(self._place, token)
        self._client = secrets.token_bytes(CLIENT)
        self._took, self._lock, self._closed = Delay(), Lock(), Event()
        self._number = 0
        self._wire: Wire | None = None
        self._answers: list[tuple[int, Answer]] = []
        self._forget("not yet", final=False)
        self.supports_rtc = False
        """Whether the policy does; known once it is warm."""
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = Thread(target=self._stay_connected, daemon=True, name="remote inference")
        self._thread.start()

    def _forget(self, why: str, *, final: bool) -> None:
        """Nothing that was asked will be answered any more, and whoever answers next has to become warm."""
        with self._lock:
            self._slot: tuple[int, Request] | None = None
            self._open: dict[int, Request] = {}
            """What has been sent and may be answered, by number; without what it showed."""
            self._asked: int | None = None
            """Number of the newest observation that an answer is expected for."""
            self._first: int | None = None
            """Of the first one: what was offered before the policy was warm does not count."""
            self._silent_since = 0.0
            self._apart, self._final = why, final
            """Why there is no connection; empty while there is one."""
            self._failed = ""
            self._armed = False

    @property
    def armed(self) -> bool:
        """The policy is warm; what is offered from now on is answered."""
        return self._armed

    @property
    def waiting(self) -> bool:
        return self._asked is not None

    def offer(self, request: Request, now: float) -> None:
        with self._lock:
            self._number += 1
            self._slot = (self._number, request)
            if self._armed:
                if self._asked is None:
                    self._silent_since = now
                self._asked = self._number
                self._first = self._first or self._number
        self._nudge()

    def collect(self, now: float) -> Sequence[Answer]:
        with self._lock:
            come, self._answers = self._answers, []
            found = [answer for number, answer in come if self._first is not None and number >= self._first]
            if found:
                self._silent_since = now
            if come and self._asked is not None and come[-1][0] >= self._asked:
                self._asked = None
        for answer in found:
            self._took.add(answer.took_s)
        return found

    def trouble(self, now: float) -> str:
        with self._lock:
            if self._apart:
                return f"no connection to the policy server at {self._place}: {self._apart}"
            if self._failed:
                return f"the policy failed: {self._failed}"
            if not self._armed:
                return "the policy is not warm yet"
            silent = now - self._silent_since
            if self._asked is not None and silent > max(LEAST_PATIENCE_S, PATIENCE * self._took.value):
                return f"the policy server has not answered for {silent:.1f} s"
        return ""

    def warm_up(self, request: Request, clock: Clock, within_s: float = 120.0) -> None:
        """Show it an observation, and wait until it is warm; before the arm is let go of."""
        until = clock.now() + within_s
        while not self._armed:
            if self._slot is None and not self._open:
                self.offer(request, clock.now())
            if self._final or self._failed:
                raise DynacollectError(f"{self.trouble(clock.now())}; mend that, then start again")
            if clock.now() > until:
                raise DynacollectError(
                    f"{self.trouble(clock.now())}, for {within_s:.0f} s; look at the server's output"
                )
            clock.wait_until(clock.now() + LOOK_S)

    def close(self) -> None:
        self._closed.set()
        self._nudge()
        if self._wire is not None:
            self._wire.hang_up()
        self._thread.join(LEAVE_S)
        if not self._thread.is_alive():
            self._wake.close()
            self._woken.close()

    def _nudge(self) -> None:
        """A full pipe has woken the thread already."""
        with suppress(OSError):
            self._wake.send(b"\0")

    def _stay_connected(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._closed.is_set():
            final = False
            try:
                self._converse()
                why = "closed"
            except RefusedError as error:
                why, final = str(error), error.final
            except (OSError, StrangerError) as error:
                why = getattr(error, "strerror", None) or str(error)
            pause = FIRST_PAUSE_S if self._armed else min(2.0 * pause, LONGEST_PAUSE_S)
            self._forget(why, final=final)
            self._closed.wait(pause)

    def _converse(self) -> None:
        place = self._place
        with socket.socket(place.family, socket.SOCK_STREAM) as connecting:
            connecting.settimeout(MEET_S)
            connecting.connect((place.host, place.port))
            self._wire = wire = Wire(connecting)
            self.supports_rtc = be_received(wire, self._token, self._client)
            with self._lock:
                self._apart, self._final = "", False
            line = Line(wire, self._woken, self._next)
            while not self._closed.is_set():
                frame = line.turn()
                if frame is not None:
                    self._hear(*frame)

    def _next(self) -> Frame | None:
        """The newest observation, for the line."""
        with self._lock:
            taken, self._slot = self._slot, None
            if taken is None:
                return None
            number, request = taken
            self._open[number] = replace(request, seen=None)
        return "request", request_fields(number, request)

    def _hear(self, kind: str, fields: Fields) -> None:
        if kind == "warm":
            with self._lock:
                self._armed, self._failed = True, ""
        elif kind == "answer":
            self._keep(*answer_of(fields))
        elif kind == "failed":
            with self._lock:
                self._failed = text(fields.get("why"))
                self._asked = None if whole(fields.get("number")) == self._asked else self._asked
        else:
            raise StrangerError(f"a frame of kind '{kind[:20]}'")

    def _keep(self, number: int, actions: Vector, took_s: float) -> None:
        with self._lock:
            request = self._open.get(number)
            if request is None:
                raise StrangerError("an answer to what was not asked")
            self._open = {later: open_ for later, open_ in self._open.items() if later > number}
            self._failed = ""
            chunk = Chunk(actions, request.step, request.begins, request.episode)
            self._answers.append((number, Answer(chunk, took_s)))
