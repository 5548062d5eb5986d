"""The status page: a session in a browser, as JSON and as metrics; nothing can be changed through it."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import cv2

from ...rig.clock import HostClock
from ...rig.nouns import Image
from ..session.board import Board
from .metrics import CONTENT_TYPE, metrics
from .once import Once
from .reading import Reader
from .server import BoundedServer
from .status import status

PORT = 8642
FRESH_S = 0.3
"""Answers are not made anew more often, however many ask."""
PICTURE_WIDTH = 360
QUALITY = 70
"""Of the JPEGs."""
WEB = {"/": ("index.html", "text/html"), "/style.css": ("style.css", "text/css"),
       "/script.js": ("script.js", "text/javascript")}  # fmt: skip
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Answer = tuple[str, bytes]
"""Content type and body."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served; port 0 takes any that is free."""

    host: str = "127.0.0.1"
    port: int = PORT


class StatusPage:
    """Listens from the start, answers while it runs."""

    name = "the status page"

    def __init__(self, board: Board, address: Address) -> None:
        self._answers = Answers(board)
        self._server = BoundedServer(address.host, address.port, self._handler)
        host = f"[{address.host}]" if ":" in address.host else address.host
        self._guarded = _is_loopback(str(self._server.server_address[0]))
        self.url = f"http://{host}:{self._server.port}/"

    def run(self, stop: Event) -> None:
        """Until told to stop."""
        serving = Thread(target=self._server.serve_forever, name="status-page", daemon=True)
        serving.start()
        try:
            while serving.is_alive() and not stop.wait(1.0):
                self._answers.reader.pulse()
        finally:
            self._server.shutdown()
            self._server.close()

    def _handler(self, request: Any, client_address: Any, server: Any) -> BaseHTTPRequestHandler:
        return _Handler(request, client_address, server, self._answers, guarded=self._guarded)


class Answers:
    """What there is at each path; made in the pauses of the loop, and kept for a moment."""

    def __init__(self, board: Board) -> None:
        self.reader = Reader(board)
        self._board, self._never = board, Event()
        clock = HostClock()
        self._kept = {
            "/status.json": Once(self._status, FRESH_S, clock),
            "/metrics": Once(self._metrics, FRESH_S, clock),
        }
        self._pictures = Once(self._all_pictures, FRESH_S, clock)

    def at(self, path: str) -> Answer | None:
        """None where nothing is."""
        if path in self._kept:
            return self._kept[path].get()
        if path in WEB:
            return _resource(path)
        if path == "/healthz":
            return "text/plain; charset=utf-8", b"silent\n" if self._silent() else b"ok\n"
        return self._pictures.get().get(path)

    def _silent(self) -> bool:
        self.reader.pulse()
        return self.reader.silent

    def _status(self) -> Answer:
        self.reader.await_slack(self._never)
        document = json.dumps(status(self.reader.read()), ensure_ascii=False, allow_nan=False)
        return "application/json; charset=utf-8", document.encode(errors="replace")

    def _metrics(self) -> Answer:
        self.reader.await_slack(self._never)
        return CONTENT_TYPE, metrics(self.reader.read()).encode(errors="replace")

    def _all_pictures(self) -> dict[str, Answer]:
        self.reader.await_slack(self._never)
        pictures = self._board.now.pictures
        return {f"/camera/{name}.jpg": ("image/jpeg", _jpeg(picture)) for name, picture in pictures.items()}


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD; every other method is refused."""

    server_version, sys_version = "dynacollect", ""

    def __init__(self, request: Any, client_address: Any, server: Any, answers: Answers, *, guarded: bool) -> None:
        self._answers, self._guarded = answers, guarded
        super().__init__(request, client_address, server)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._refuse
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """The terminal belongs to the session."""

    def _refuse(self) -> None:
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, _words("only GET and HEAD"), with_body=True, Allow="GET, HEAD")

    def _answer(self, *, with_body: bool) -> None:
        if self._guarded and not names_this_machine(self.headers.get("Host", "")):
            self._send(HTTPStatus.MISDIRECTED_REQUEST, _words("ask for localhost"), with_body=with_body)
            return
        path = unquote(self.path.partition("?")[0])
        try:
            answer = self._answers.at(path)
        except Exception as error:  # noqa: BLE001 # because whoever asks shall learn of it, and nobody else
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, _words(type(error).__name__), with_body=with_body)
            return
        if answer is None:
            self._send(HTTPStatus.NOT_FOUND, _words("nothing is here"), with_body=with_body)
            return
        silent = path == "/healthz" and answer[1] != b"ok\n"
        self._send(HTTPStatus.SERVICE_UNAVAILABLE if silent else HTTPStatus.OK, answer, with_body=with_body)

    def _send(self, code: HTTPStatus, answer: Answer, *, with_body: bool, **more: str) -> None:
        kind, body = answer
        self.send_response(code)
        for name, value in {**HEADERS, **more, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def names_this_machine(host: str) -> bool:
    """Whether a Host header is one that a person here would use: a page elsewhere whose name points here is not."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _words(text: str) -> Answer:
    return "text/plain; charset=utf-8", f"{text}\n".encode()


@cache
def _resource(path: str) -> Answer:
    name, kind = WEB[path]
    return f"{kind}; charset=utf-8", (files(__package__) / "web" / name).read_bytes()


def _jpeg(picture: Image) -> bytes:
    step = max(1, round(picture.shape[1] / PICTURE_WIDTH))
    small = picture[::step, ::step, ::-1].copy()
    return cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1].tobytes()
