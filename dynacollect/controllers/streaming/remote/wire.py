"""Frames on a socket: bounded in size, read within a time, and of nothing but plain values and arrays of numbers."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from math import prod
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....rig.clock import HostClock
from ....rig.errors import DynacollectError

LARGEST, FROM_STRANGERS = 1 << 26, 1 << 12
"""Bytes of a frame, and of one whose sender has not shown the token yet."""
SEND_S = 5.0
"""Who takes nothing for so long is gone."""
DTYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"})
MOST_AXES = 6
_BOUNDS = {"max_str_len": 1 << 16, "max_array_len": 64, "max_map_len": 64, "max_ext_len": 0}

Fields = dict[str, Any]


class StrangerError(Exception):
    """What came, or is to be sent, is nothing that this wire carries."""


class Wire:
    """A connected socket. One thread may read while others send."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket, self._msgpack = connected, msgpack()
        self._clock, self._sending = HostClock(), Lock()
        connected.settimeout(SEND_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, kind: str, **fields: object) -> None:
        """OSError if the other side does not take it."""
        body = self._msgpack.packb({"kind": kind, **fields}, default=_packed)
        if len(body) > LARGEST:
            raise StrangerError(f"a frame of {len(body)} bytes is too large to send")
        with self._sending:
            self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive(self, seconds: float, most: int = LARGEST) -> tuple[str, Fields]:
        """Kind and fields of a whole frame that is there within so many seconds."""
        until = self._clock.now() + seconds
        (size,) = struct.unpack(">I", self._read(4, until))
        if not 0 < size <= most:
            raise StrangerError(f"a frame that claims {size} bytes")
        try:
            fields = self._msgpack.unpackb(self._read(size, until), max_bin_len=most, **_BOUNDS)
        except ValueError as error:
            raise StrangerError("a frame that is no msgpack") from error
        if not isinstance(fields, dict) or not isinstance(fields.get("kind"), str):
            raise StrangerError("a frame without a kind")
        return fields.pop("kind"), fields

    def hang_up(self) -> None:
        """Whoever reads or sends is told; the socket is closed by who opened it."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _read(self, size: int, until: float) -> bytearray:
        into = bytearray()
        while len(into) < size:
            _wait_for(self.socket, until - self._clock.now())
            part = self.socket.recv(min(size - len(into), 1 << 20))
            if not part:
                raise ConnectionResetError("the other side has hung up")
            into += part
        return into


def array_of(value: object) -> NDArray[Any]:
    """The array that a field holds."""
    if not isinstance(value, Mapping) or value.keys() != {"dtype", "shape", "data"}:
        raise StrangerError("a field that is no array")
    dtype, shape, data = value["dtype"], value["shape"], value["data"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise StrangerError("an array of a type that is not allowed")
    if not isinstance(shape, list) or len(shape) > MOST_AXES or any(type(n) is not int or n < 0 for n in shape):
        raise StrangerError("an array without a shape")
    if not isinstance(data, bytes) or prod(shape) * np.dtype(dtype).itemsize != len(data):
        raise StrangerError("an array whose bytes are not those of its shape")
    return np.frombuffer(data, dtype).reshape(shape)


def msgpack() -> Any:
    try:
        return import_module("msgpack")
    except ModuleNotFoundError as error:
        raise DynacollectError(
            "msgpack, by which policy servers are spoken to, is missing; run: pip install 'dynacollect[remote]'"
        ) from error


def _packed(value: object) -> dict[str, object]:
    """An array for the wire."""
    if not isinstance(value, np.ndarray):
        raise StrangerError(f"a {type(value).__name__} cannot be sent")
    little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    if little.dtype.str not in DTYPES:
        raise StrangerError(f"an array of {little.dtype} cannot be sent")
    return {"dtype": little.dtype.str, "shape": list(value.shape), "data": little.tobytes()}


def _wait_for(connected: socket.socket, seconds: float) -> None:
    """Until there is something to read; TimeoutError if there is nothing, also where this thread itself was held up."""
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    if not poll.poll(1000.0 * max(0.0, seconds)):
        raise TimeoutError("it does not answer")
