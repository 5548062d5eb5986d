"""What watching costs the loop: paced ticks with real work, the monitor off and on in turn."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from rich.console import Console
from scipy.spatial.transform import RigidTransform

from ...rig.clock import HostClock, Ticker
from ...rig.nouns import Image, ObjectState
from ..monitor import Address, watching
from ..session.board import Board, Now, Share, Summary, Trouble
from .recording import CAMERAS, Load, natural

COLUMNS, ROWS = 200, 50
"""Of the terminal that is drawn on."""
WORK_MS = 12.0
"""Of one tick; how much work that is, is found out first."""
WARM_UP = 25
"""Ticks of each part that are not counted."""

TERMINAL = """
import os
count = 0
try:
    while part := os.read(0, 65536):
        count += len(part)
except OSError:
    pass
print(count)
"""
"""Reads the other end of a terminal in a process of its own, and says how much came."""
BROWSER = """
import http.client, select, sys
host, port, *cameras = sys.argv[1:]
count = 0
while not select.select([sys.stdin], [], [], 1.0)[0]:
    for path in ["/status.json", *(f"/camera/{camera}.jpg" for camera in cameras)]:
        line = http.client.HTTPConnection(host, int(port), timeout=5)
        line.request("GET", path)
        answer = line.getresponse()
        count += answer.status == 200 and len(answer.read()) > 0
        line.close()
print(count)
"""
"""Asks as the page does, each second, until its input ends; says how many answers came."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of ticks."""

    watched: bool
    median_ms: float
    p99_ms: float
    missed: int


@dataclass(frozen=True, slots=True)
class MonitorCost:
    """Off against on; the parts are in the order in which they ran."""

    parts: tuple[Part, ...]
    ticks: int
    """Of each part."""
    off_median_ms: float
    on_median_ms: float
    off_p99_ms: float
    on_p99_ms: float
    median_change: float
    """On against the off just before it, as a fraction; in the middle of all rounds."""
    off_spread: float
    """By how much parts without a monitor differ from their median, in the middle, as a fraction: what is noise."""
    drawn_bytes: int
    """That the terminal took."""
    answers: int
    """That the page gave."""


def bench_monitor(seconds: float = 10.0, rounds: int = 6, fps: float = 25.0) -> MonitorCost:
    """`rounds` times without and with a live view in a terminal and a page that is looked at; `seconds` each."""
    pictures = natural(Load())
    work = Work(pictures)
    parts: list[Part] = []
    off: list[float] = []
    on: list[float] = []
    drawn = answers = 0
    for _ in range(rounds):
        parts.append(_part(work, seconds, fps, off, _board(), watched=False))
        board = _board()
        with watched(board, CAMERAS) as seen:
            parts.append(_part(work, seconds, fps, on, board, watched=True))
        drawn, answers = drawn + seen[0], answers + seen[1]
    offs, ons = (np.array([part.median_ms for part in parts if part.watched == each]) for each in (False, True))
    return MonitorCost(
        tuple(parts), len(off) // rounds, float(np.median(off)), float(np.median(on)),
        float(np.quantile(off, 0.99)), float(np.quantile(on, 0.99)), float(np.median(ons / offs)) - 1.0,
        float(np.median(np.abs(offs / np.median(offs) - 1.0))), drawn, answers,
    )  # fmt: skip


class Work:
    """What a tick does: pictures through OpenCV, small matrices, and the language itself, about a third each."""

    def __init__(self, pictures: list[Image]) -> None:
        self._pictures = pictures
        self._matrix = np.eye(12) + 0.01 * np.arange(144.0).reshape(12, 12) / 144.0
        self._repeats = 1
        clock, took = HostClock(), []
        for index in range(30):
            begin = clock.now()
            self.do(self.seen(index))
            took.append(1e3 * (clock.now() - begin))
        self._repeats = max(1, round(WORK_MS / float(np.median(took))))

    def seen(self, index: int) -> dict[str, Image]:
        """The pictures of a tick."""
        every = self._pictures
        return {name: every[(index + 7 * number) % len(every)] for number, name in enumerate(CAMERAS)}

    def do(self, seen: dict[str, Image]) -> float:
        """The same amount each time."""
        total = 0.0
        for _ in range(self._repeats):
            for picture in seen.values():
                total += float(cv2.GaussianBlur(picture[::2, ::2], (5, 5), 0).mean())
            state = np.ones(12)
            for _ in range(40):
                state = np.linalg.solve(self._matrix, state)
            total += float(state.sum()) + sum(1e-9 * number * number for number in range(8000))
        return total


def _part(work: Work, seconds: float, fps: float, kept: list[float], board: Board, *, watched: bool) -> Part:
    clock = HostClock()
    ticker = Ticker(clock, 1.0 / fps)
    took, missed = [], 0
    for index in range(WARM_UP + round(seconds * fps)):
        slot = ticker.next()
        missed += slot.missed
        seen = work.seen(index)
        begin = clock.now()
        work.do(seen)
        took.append(1e3 * (clock.now() - begin))
        board.tick(_now(slot.started, index, missed, took[-1], seen, 1e3 / fps))
    took = took[WARM_UP:]
    kept += took
    return Part(watched, float(np.median(took)), float(np.quantile(took, 0.99)), missed)


@contextmanager
def watched(board: Board, cameras: Sequence[str]) -> Iterator[list[int]]:
    """By everything at once; fills in what the terminal took and how many answers came."""
    seen = [0, 0]
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with ExitStack() as stack:
        terminal = stack.enter_context(_process(TERMINAL, stdin=master))
        os.close(master)
        with os.fdopen(slave, "w", encoding="utf-8") as file:
            console = Console(file=file, force_terminal=True, color_system="truecolor", width=COLUMNS, height=ROWS)
            with watching(board, "live", page=Address(port=0), console=console) as url:
                host, port = url.removeprefix("http://").rstrip("/").split(":")
                browser = stack.enter_context(_process(BROWSER, host, port, *cameras, stdin=subprocess.PIPE))
                yield seen
                seen[1] = int(browser.communicate(timeout=20)[0])
        seen[0] = int(terminal.communicate(timeout=20)[0])


@contextmanager
def _process(script: str, *words: str, stdin: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", script, *words], stdin=stdin, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _now(time: float, index: int, missed: int, work_ms: float, seen: dict[str, Image], period_ms: float) -> Now:
    place = RigidTransform.from_translation([0.4, 0.001 * (index % 200), 0.03])
    states = {
        name: ObjectState(name, place, np.array([0.0, 0.2, 0.0]), np.zeros(3), 1e-6 * np.eye(12), time, 0.9)
        for name in ("tennis_ball", "red_mug", "pear")
    }
    return Now(
        time, "pick", "tennis_ball", "pick up the tennis ball", "meet", "will be here soon", states, seen, index + 1,
        missed, work_ms, period_ms,
    )  # fmt: skip


def _board() -> Board:
    shares = tuple(Share(label, 100, 90) for label in ("0", "0 to 0.15", "0.15 to 0.35", "0.35 to 0.55"))
    at = "2026-01-01T00:00:00.000+00:00"
    trouble = Trouble(at, "camera_gap", "side_cam", "no new picture", "waits for one", True)
    board = Board(
        Summary(
            "bench", "cell", "panda", "running", wanted=2000, kept=360, failures=40, attempt=400, by_speed=shares,
            by_object=shares, seconds=9000.0, per_hour=144.0, eta_s=41000.0, troubles=(trouble,),
        )
    )  # fmt: skip
    for number in range(150):
        board.lines.append({"at": at, "event": "reset", "attempt": number, "tries": 1, "ok": True, "reason": ""})
        board.written += 1
    return board
