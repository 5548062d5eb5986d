"""The two sockets between an evaluation server and its client, from either side; on this machine only."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Literal

from ....rig.errors import DynacollectError
from ..remote.place import place_of
from ..remote.wire import StrangerError
from .plain import dumped, loaded

PORTS = 3186, 3188
"""Of observations, and of actions: where the public code has them unless told otherwise."""
LARGEST = 1 << 26
"""Bytes of a message; who sends more is cut off."""
MOST_WAITING = 64
"""Messages; a side that looks away for longer loses some."""
LINGER_MS = 500
"""For the last words to be taken."""

Message = dict[str, Any]


class Ends:
    """Mappings out and in; what cannot be delivered is lost, as the public code has it."""

    def __init__(
        self, side: Literal["client", "server"], host: str = "127.0.0.1", ports: tuple[int, int] = PORTS
    ) -> None:
        self._zmq = zmq = _zmq()
        if not place_of(f"{host}:{ports[0]}").is_here:
            raise DynacollectError(f"{host} is another machine, and this protocol is safe on none; use 127.0.0.1")
        self._context = zmq.Context()
        observations, actions = (f"tcp://{host}:{port}" for port in ports)
        self._in = self._socket(zmq.SUB if side == "client" else zmq.PULL)
        self._out = self._socket(zmq.PUSH if side == "client" else zmq.PUB)
        if side == "client":
            self._in.setsockopt(zmq.SUBSCRIBE, b"")
            self._in.connect(observations)
            self._out.connect(actions)
        else:
            self._bind(self._out, observations)
            self._bind(self._in, actions)
        self.strangers = 0
        """Messages that were none."""

    def send(self, **fields: object) -> None:
        with suppress(self._zmq.Again):
            self._out.send(dumped(fields), flags=self._zmq.NOBLOCK)

    def receive(self, seconds: float = 0.0) -> list[Message]:
        """All that has come, the oldest first; waits at most so long for the first of it."""
        found: list[Message] = []
        if self._in.poll(1000.0 * seconds):
            with suppress(self._zmq.Again):
                while True:
                    self._keep(self._in.recv(flags=self._zmq.NOBLOCK), found)
        return found

    def close(self) -> None:
        for each in (self._in, self._out):
            each.close()
        self._context.term()

    def _keep(self, data: bytes, found: list[Message]) -> None:
        try:
            message = loaded(data)
        except StrangerError:
            self.strangers += 1
            return
        if isinstance(message, Mapping):
            found.append(dict(message))
        else:
            self.strangers += 1

    def _socket(self, kind: int) -> Any:
        made = self._context.socket(kind)
        made.setsockopt(self._zmq.LINGER, LINGER_MS)
        made.setsockopt(self._zmq.MAXMSGSIZE, LARGEST)
        made.setsockopt(self._zmq.SNDHWM, MOST_WAITING)
        made.setsockopt(self._zmq.RCVHWM, MOST_WAITING)
        return made

    def _bind(self, made: Any, address: str) -> None:
        try:
            made.bind(address)
        except self._zmq.ZMQError as error:
            self.close()
            raise DynacollectError(f"{address} cannot be listened at ({error}); name other ports") from error


def _zmq() -> Any:
    try:
        return import_module("zmq")
    except ModuleNotFoundError as error:
        raise DynacollectError(
            "pyzmq, by which the public code is spoken to, is missing; run: pip install 'dynacollect[bridge]'"
        ) from error
