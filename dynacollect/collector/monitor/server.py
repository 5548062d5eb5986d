"""A small HTTP server that nobody can wear out: few connections, each with a deadline, the oldest makes room."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock
from typing import Any

from ...rig.clock import HostClock
from ...rig.errors import DynacollectError

MOST = 24
"""Connections at once."""
DEADLINE_S = 8.0
"""No connection lives longer, whatever it sends."""
IDLE_S = 4.0
"""A connection that sends or takes nothing for so long is closed."""

Socket = socket.socket


class BoundedServer(ThreadingHTTPServer):
    """Each request has its connection and its thread; the handler answers HTTP/1.0."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self, host: str, port: int, handler: Callable[[Any, Any, TCPServer], BaseHTTPRequestHandler]) -> None:
        self._clock, self._lock = HostClock(), Lock()
        self._open: dict[Socket, float] = {}
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), handler)
        except (OSError, OverflowError) as error:
            raise DynacollectError(
                f"the status page cannot be served at {host}:{port} ({getattr(error, 'strerror', None) or error}); "
                "choose another --status-port (0 takes any that is free) or --status-host"
            ) from error

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Without asking a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.port

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= MOST:
                _cut(next(iter(self._open)))
                del self._open[next(iter(self._open))]
            self._open[request] = self._clock.now()
        request.settimeout(IDLE_S)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called twice a second: whoever is past the deadline is cut off."""
        with self._lock:
            now = self._clock.now()
            for request in [request for request, since in self._open.items() if now - since > DEADLINE_S]:
                _cut(request)
                del self._open[request]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; nothing goes to the terminal from here."""

    def close(self) -> None:
        """Stop listening and cut what is open."""
        self.server_close()
        with self._lock:
            for request in self._open:
                _cut(request)
            self._open.clear()


def _cut(request: Socket) -> None:
    """Wake the thread that waits for it; that thread closes it."""
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
