"""One client of the server: what it has asked last, and what it gets."""

from __future__ import annotations

from contextlib import suppress
from threading import Condition

from ..source import Request
from .messages import request_of
from .wire import StrangerError, Wire

SILENT_S = 5.0
"""A client says something every second; one that does not is gone."""


class Guest:
    """Its newest request waits until it is taken. `news` is told when there is one."""

    def __init__(self, wire: Wire, client: bytes, name: str, news: Condition) -> None:
        self._wire, self.client, self.name, self._news = wire, client, name, news
        self._slot: tuple[int, Request] | None = None
        self.is_warm = False
        """It has been told that the policy is warm."""

    def listen(self) -> None:
        """Read frames until there are no more; OSError or StrangerError says why."""
        while True:
            kind, fields = self._wire.receive(SILENT_S)
            if kind == "request":
                with self._news:
                    self._slot = request_of(fields)
                    self._news.notify_all()
            elif kind != "ping":
                raise StrangerError(f"a frame of kind '{kind[:20]}'")
            self._wire.send("got")

    def take(self) -> tuple[int, Request] | None:
        """Its newest request, once; with `news` held."""
        taken, self._slot = self._slot, None
        return taken

    def tell(self, kind: str, **fields: object) -> None:
        """A guest that has gone is told nothing; its reader says why it has."""
        with suppress(OSError):
            self._wire.send(kind, **fields)

    def leave(self) -> None:
        self._wire.hang_up()
