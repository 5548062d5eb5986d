"""The wire to server.py, which describes it: mappings with arrays in them, each answered within a time."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rig.clock import HostClock
from ...rig.errors import DynacollectError

LARGEST = 1 << 28
"""Bytes of a message; what claims more is no message."""


class HungUpError(Exception):
    """The other side is gone."""


class StrangerError(Exception):
    """The other side speaks something else."""


class Channel:
    """A connection over which questions are asked one after the other. `address`: HOST:PORT, or a socket file."""

    def __init__(self, address: str) -> None:
        self._place, self._msgpack = _place(address), _msgpack()
        self._clock, self._until, self._number = HostClock(), 0.0, 0
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self, seconds: float) -> None:
        """Connect within so many seconds; OSError if nobody answers."""
        kind, place = self._place
        self._socket = socket.socket(kind, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        try:
            self._socket.connect(place)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, message: Mapping[str, object], seconds: float) -> dict[str, Any]:
        """The answer to a message; TimeoutError, HungUpError or StrangerError, and a closed channel, without one."""
        self._number, self._until = self._number + 1, self._clock.now() + seconds
        try:
            self._send({"id": self._number, **message})
            answer = self._receive()
        except TimeoutError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise HungUpError from error
        if not isinstance(answer, dict) or answer.get("id") != self._number:
            self.close()
            raise StrangerError
        return answer

    def _send(self, message: Mapping[str, object]) -> None:
        body = self._msgpack.packb(message)
        self._ready().sendall(struct.pack(">I", len(body)) + body)

    def _receive(self) -> object:
        """What came; None if that is no message."""
        (size,) = struct.unpack(">I", self._read(4))
        try:
            return self._msgpack.unpackb(self._read(size)) if 0 < size <= LARGEST else None
        except ValueError:
            return None

    def _read(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            part = self._ready().recv(min(left, 1 << 20))
            if not part:
                raise ConnectionResetError
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _ready(self) -> socket.socket:
        """The socket, which waits no longer than it may."""
        left = self._until - self._clock.now()
        if self._socket is None or left <= 0.0:
            raise TimeoutError
        self._socket.settimeout(left)
        return self._socket


def packed(array: NDArray[Any]) -> dict[str, object]:
    """An array for the wire."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {"dtype": little.dtype.str, "shape": list(little.shape), "data": little.tobytes()}


def unpacked(sent: Mapping[str, Any]) -> NDArray[Any]:
    """An array of the wire."""
    return np.frombuffer(sent["data"], np.dtype(sent["dtype"])).reshape(sent["shape"])


def _place(address: str) -> tuple[socket.AddressFamily, Any]:
    if "/" in address:
        return socket.AF_UNIX, address
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise DynacollectError(f"'{address}' is no address of a pose server; write HOST:PORT or the path of its socket")
    return socket.AF_INET, (host, int(port))


def _msgpack() -> Any:
    try:
        return import_module("msgpack")
    except ModuleNotFoundError as error:
        raise DynacollectError(
            "msgpack, by which FoundationPose's server is spoken to, is missing; "
            "run: pip install 'dynacollect[foundationpose]'"
        ) from error
