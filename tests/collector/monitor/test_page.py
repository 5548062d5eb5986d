"""The status page over real sockets: what it serves, what it refuses, and that nobody can wear it out."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import cv2
import numpy as np
import pytest

from dynacollect.collector.monitor import server
from dynacollect.collector.monitor.metrics import CONTENT_TYPE
from dynacollect.collector.monitor.page import PICTURE_WIDTH, Address, StatusPage, names_this_machine
from dynacollect.collector.monitor.server import IDLE_S, MOST
from dynacollect.collector.session.board import Board
from dynacollect.rig.errors import DynacollectError

from .made_board import hostile, ordinary, picture, summary

HOST = "127.0.0.1"


class Served:
    """A page that runs, and one that asks it."""

    def __init__(self, board: Board, port: int = 0) -> None:
        self.board, self.page, self.stop = board, StatusPage(board, Address(HOST, port)), Event()
        self.port = int(self.page.url.rstrip("/").rsplit(":", 1)[1])
        self.thread = Thread(target=self.page.run, args=(self.stop,), daemon=True)
        self.thread.start()

    def ask(self, path: str, method: str = "GET", host: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        line = http.client.HTTPConnection(HOST, self.port, timeout=10)
        line.putrequest(method, path, skip_host=host is not None)
        if host:
            line.putheader("Host", host)
        line.endheaders()
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer, body

    def status(self) -> dict[str, Any]:
        return json.loads(self.ask("/status.json")[1])

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def let_go(line: socket.socket) -> bool:
    """Whether the server has ended it, and not because it was idle."""
    line.settimeout(IDLE_S / 3)
    try:
        return line.recv(100) == b""
    except ConnectionError:
        return True


@pytest.fixture
def served() -> Iterator[Served]:
    page = Served(ordinary())
    yield page
    page.end()


def test_the_json_is_the_board(served: Served) -> None:
    told, board = served.status(), served.board
    for name in ("session", "rig", "robot", "doing", "waits_for", "wanted", "kept", "failures", "doubtful", "discarded",
                 "attempt", "per_hour", "eta_s", "disk_free", "disk_needed", "human_calls"):  # fmt: skip
        assert told[name] == getattr(board.summary, name)
    assert [(s["label"], s["n"], s["success"]) for s in told["by_speed"]] == [
        (s.label, s.n, s.success) for s in board.summary.by_speed
    ]
    assert told["timing"]["median_ms"] == pytest.approx(np.median(board.works))
    assert told["timing"]["slack_ms"] == pytest.approx(40.0 - np.median(board.works))
    assert [each["target"] for each in told["now"]["objects"]] == [False, True, False]
    assert told["now"]["objects"][0]["towards_deg"] == pytest.approx(90.0)
    assert told["journal"][-1]["text"] == "run ended: the count is reached"
    assert told["written"] == board.written


def test_what_is_not_a_number_is_null_and_nothing_breaks() -> None:
    page = Served(hostile())
    try:
        told = page.status()
        assert told["eta_s"] is None and told["now"]["objects"][0]["position"][0] is None
        assert told["session"] == page.board.summary.session
        assert page.ask("/metrics")[0].status == 200
    finally:
        page.end()


def test_pictures_come_small_and_as_they_are(served: Served) -> None:
    scene = cv2.resize(picture(1, 12, 9), (960, 720)).astype(np.uint8)
    served.board.tick(type(served.board.now)(1.0, pictures={"left cam": scene}))
    answer, body = served.ask("/camera/left%20cam.jpg")
    assert answer.status == 200 and answer.headers["Content-Type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert shown is not None and shown.shape[1] <= 1.5 * PICTURE_WIDTH
    step = scene.shape[1] // shown.shape[1]
    assert np.abs(shown.astype(float) - scene[::step, ::step]).mean() < 6.0
    assert served.ask("/camera/other.jpg")[0].status == 404


def test_metrics_page_and_health(served: Served) -> None:
    answer, body = served.ask("/metrics")
    assert answer.headers["Content-Type"] == CONTENT_TYPE and b'outcome="kept"} 812' in body
    answer, body = served.ask("/")
    assert b"<!DOCTYPE html>" in body and b"http" not in body.replace(b"http-equiv", b"")
    assert "default-src 'self'" in (answer.headers["Content-Security-Policy"] or "")
    assert served.ask("/healthz")[1] == b"ok\n"
    for path in ("/style.css", "/script.js"):
        answer, body = served.ask(path)
        assert answer.status == 200 and b"//" not in body


def test_head_has_the_headers_and_no_body(served: Served) -> None:
    for path in ("/", "/metrics", "/camera/side_cam.jpg", "/nowhere"):
        got, body = served.ask(path)
        head, nothing = served.ask(path, "HEAD")
        assert nothing == b"" and head.status == got.status
        if path != "/metrics":
            assert int(head.headers["Content-Length"] or 0) == len(body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_whatever_could_change_something_is_refused(served: Served, method: str) -> None:
    answer, _ = served.ask("/status.json", method)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/x", "/web/index.html", "/../page.py", "/%2e%2e/page.py", "//etc/passwd", "/camera/",
             "/camera/../../x.jpg", "/status.json/", "/script.js%00", "/camera/%2e%2e%2fpage.py"],
)  # fmt: skip
def test_nothing_else_is_there(served: Served, path: str) -> None:
    assert served.ask(path)[0].status == 404


def test_a_page_elsewhere_whose_name_points_here_learns_nothing(served: Served) -> None:
    for host in (
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.1.4",
        "",
    ):
        answer, body = served.ask("/status.json", host=host)
        assert answer.status == 421 and b"monday" not in body
    for host in ("localhost", "localhost:9999", "127.0.0.1", "[::1]:80", "rig.localhost"):
        assert served.ask("/status.json", host=host)[0].status == 200


def test_hosts_by_name() -> None:
    assert names_this_machine("LOCALHOST:1")
    for host in ("[", "::", "a:b:c", "@localhost.com", "0.0.0.0", "127.1", "localhost:80@evil.example"):
        assert not names_this_machine(host), host


def test_a_busy_port_is_one_sentence_with_the_remedy(served: Served) -> None:
    with pytest.raises(DynacollectError, match=rf"{served.port}.*--status-port"):
        StatusPage(ordinary(), Address(HOST, served.port))
    for address in (Address("no.such.host.invalid", 0), Address(HOST, 70000), Address("203.0.113.7", 0)):
        with pytest.raises(DynacollectError, match="--status-host"):
            StatusPage(ordinary(), address)


@pytest.mark.slow
def test_clients_that_never_end_their_question_keep_nobody_out(served: Served) -> None:
    slow = [socket.create_connection((HOST, served.port)) for _ in range(2 * MOST)]
    for number, line in enumerate(slow):
        try:
            line.sendall(b"GET /status.json HTTP/1.1\r\nX: " + b"a" * number)
        except OSError:
            assert number < MOST, "only the oldest make room"
    for _ in range(3):
        assert served.status()["kept"] == 812
    assert served.thread.is_alive()
    assert all(let_go(line) for line in slow[:MOST]), "the oldest made room"
    for line in slow:
        line.close()


def test_a_client_that_sends_a_letter_now_and_then_has_a_deadline(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "DEADLINE_S", 0.6)
    with socket.create_connection((HOST, served.port)) as line:
        line.settimeout(0.1)
        for _ in range(int(10 * (IDLE_S + 2))):
            try:
                line.sendall(b"G")
                if line.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it may go on for ever")


def test_clients_that_go_away_or_talk_nonsense_harm_nothing(served: Served) -> None:
    for words in (b"", b"\x00\xff\x16\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70000):
        with socket.create_connection((HOST, served.port)) as line:
            line.sendall(words)
    assert served.status()["kept"] == 812


@pytest.mark.slow
def test_it_ends_at_once_and_gives_its_port_back_though_clients_hang_on() -> None:
    page = Served(ordinary())
    with socket.create_connection((HOST, page.port)) as line:
        line.sendall(b"GET / HT")
        page.end()
        assert let_go(line)
        again = Served(ordinary(), page.port)
        assert again.status()["kept"] == 812
        again.end()


def test_what_goes_wrong_in_an_answer_is_told_to_who_asked(served: Served) -> None:
    served.board.now = None  # type: ignore[assignment]
    assert served.ask("/status.json")[0].status == 500
    assert served.ask("/")[0].status == 200


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here")
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_it(served: Served, tmp_path: Path, width: int) -> None:
    served.board.summary = summary(doing="waiting", waits_for="release the emergency stop <b>now</b>")
    done = subprocess.run(
        [str(shutil.which("chromium")), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
         f"--window-size={width},900", "--virtual-time-budget=3000", "--dump-dom", served.page.url],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    dom = done.stdout
    for words in ("waits for you: release the emergency stop &lt;b&gt;now&lt;/b&gt;", "812 / 2000", "8 h 10 min",
                  "tennis_ball", "128/130", "camera_freeze of side_cam", "run ended: the count is reached",
                  'src="camera/opst_cam.jpg?', "211 GB"):  # fmt: skip
        assert words in dom, words
    assert "no answer from the session" not in dom
