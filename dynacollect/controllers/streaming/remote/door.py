"""Who comes in at a policy server: whoever has the token, and one at a time, since one client holds the arm."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import BoundedSemaphore, Condition, Event, Thread

from ....rig.errors import DynacollectError
from ..source import Request
from .guest import Guest
from .meeting import Caller, RefusedError, receive, refuse, welcome
from .place import Place
from .wire import StrangerError, Wire

MOST_CALLERS = 8
"""Connections at once, all but one of which can only be refused."""
LOOK_S = 0.2
"""Between looks whether to end."""


class Door:
    """Bound at once, so that a wrong address is known early; callers are let in once it is `open`."""

    def __init__(self, place: Place, token: bytes, say: Callable[[str], object]) -> None:
        self._token, self._say = token, say
        self._news, self._places = Condition(), BoundedSemaphore(MOST_CALLERS)
        self._guest: Guest | None = None
        self._supports_rtc, self._closed = False, Event()
        self._thread = Thread(target=self._answer, daemon=True, name="policy server's door")
        self.refused = 0
        self._socket = _bound(place)
        self.place = Place(place.family, place.host, self._socket.getsockname()[1])

    def open(self, *, supports_rtc: bool) -> None:
        self._supports_rtc = supports_rtc
        if self._closed.is_set():
            return
        self._socket.listen()
        self._socket.settimeout(LOOK_S)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        with self._news:
            guest = self._guest
            self._news.notify_all()
        if guest:
            guest.leave()

    def newest(self) -> tuple[Guest, int, Request] | None:
        """Wait for what the guest wants next; None once it is closed."""
        with self._news:
            while not self._closed.is_set():
                found = self._guest.take() if self._guest else None
                if self._guest and found:
                    return self._guest, *found
                self._news.wait(LOOK_S)
        return None

    def _answer(self) -> None:
        while not self._closed.is_set():
            try:
                connected, (host, port, *_) = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                # As when there are too many open files: that may pass.
                self._closed.wait(LOOK_S)
                continue
            if self._places.acquire(blocking=False):
                Thread(target=self._attend, args=(connected, f"{host}:{port}"), daemon=True).start()
            else:
                connected.close()

    def _attend(self, connected: socket.socket, name: str) -> None:
        try:
            with connected:
                self._serve(Wire(connected), name)
        except RefusedError as error:
            self.refused += 1
            self._say(f"{name} is refused: {error}")
        except (OSError, StrangerError) as error:
            self._say(f"{name} is gone: {error}")
        finally:
            self._places.release()

    def _serve(self, wire: Wire, name: str) -> None:
        try:
            caller = receive(wire, self._token)
            guest = self._let_in(wire, caller, name)
        except RefusedError as error:
            refuse(wire, str(error), final=error.final)
            raise
        try:
            welcome(wire, caller, supports_rtc=self._supports_rtc)
            self._say(f"{name} holds the arm")
            guest.listen()
        finally:
            with self._news:
                if self._guest is guest:
                    self._guest = None

    def _let_in(self, wire: Wire, caller: Caller, name: str) -> Guest:
        """From now on it holds the arm, and its own former connection does no longer."""
        guest = Guest(wire, caller.client, name, self._news)
        with self._news:
            if self._guest and self._guest.client != caller.client:
                raise RefusedError("another client holds the arm", final=False)
            former, self._guest = self._guest, guest
        if former:
            former.leave()
        return guest


def _bound(place: Place) -> socket.socket:
    made = socket.socket(place.family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((place.host, place.port))
    except OSError as error:
        made.close()
        raise DynacollectError(f"{place} cannot be listened at ({error.strerror}); choose another address") from error
    return made
