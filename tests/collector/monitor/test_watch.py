"""Viewers come and go with the session, and whatever happens to them stays with them."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from threading import Event, Timer, active_count
from threading import enumerate as threads

import pytest
from rich.console import Console

from dynacollect.collector.monitor import Address, watching
from dynacollect.collector.monitor.plain import PlainLines
from dynacollect.collector.monitor.watch import last_words
from dynacollect.collector.session.board import Board
from dynacollect.rig.errors import DynacollectError

from .made_board import AT, EVENTS, empty, ordinary, summary

ALTERNATE, BACK = "\x1b[?1049h", "\x1b[?1049l"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"

SESSION = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[1])
from made_board import ordinary
from dynacollect.collector.monitor import watch
watch.LEAVES_S = 60.0
with watch.watching(ordinary(), "live"):
    print("ready", flush=True)
    sys.stdin.readline()
    raise RuntimeError("a fault of the session")
"""
"""Its viewer is waited for however busy the machine is: one that is left behind leaves the terminal as it is. Tests
that run in the background may have been told to ignore Ctrl-C, and what they start with them."""


def terminal(**settings: object) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=100, height=30, **settings), file  # type: ignore[arg-type]


def test_the_live_view_takes_the_terminal_and_gives_it_back() -> None:
    console, file = terminal(force_terminal=True, color_system="truecolor")
    before = active_count()
    with watching(ordinary(), "live", console=console) as url:
        assert url == ""
    text = file.getvalue()
    assert text.index(ALTERNATE) < text.index("sessions/monday") < text.index(BACK)
    assert text.rindex(HIDDEN) < text.rindex(SHOWN)
    assert "kept 812 of 2000 (91 % of 892 verdicts)" in text[text.index(BACK) :]
    assert active_count() == before


@pytest.mark.slow
def test_the_live_view_follows_the_board() -> None:
    console, file = terminal(force_terminal=True)
    board = ordinary()
    with watching(board, "live", console=console):
        board.summary = summary(kept=1234)
        Event().wait(0.7)
    assert "1,234 / 2,000" in file.getvalue()


def test_where_there_is_no_terminal_it_is_lines_without_colours() -> None:
    console, file = terminal()
    with watching(ordinary(), "live", console=console):
        pass
    text = file.getvalue()
    assert "\x1b" not in text and "2026-11-21 22:10:05Z  #7 success (0.97): pick red_mug at 0.28 m/s" in text


def test_none_says_nothing_and_starts_nothing() -> None:
    console, file = terminal()
    before = active_count()
    with watching(ordinary(), "none", console=console):
        assert active_count() == before
    assert file.getvalue() == ""


def test_headless_serves_the_page_and_writes_lines() -> None:
    console, file = terminal()
    with watching(ordinary(), "headless", page=Address(port=0), console=console) as url:
        assert f"status page: {url}" in file.getvalue()
        with urllib.request.urlopen(f"{url}healthz", timeout=5) as answer:
            assert answer.read() == b"ok\n"
    assert "CALLS A PERSON" in file.getvalue()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}healthz", timeout=5)


def test_a_busy_port_is_told_before_anything_starts() -> None:
    console, _ = terminal()
    before = active_count()
    with watching(ordinary(), "none", page=Address(port=0), console=console) as url:
        port = int(url.rstrip("/").rsplit(":", 1)[1])
        with pytest.raises(DynacollectError), watching(ordinary(), "live", page=Address(port=port), console=console):
            pytest.fail("it began all the same")
    assert active_count() == before


@pytest.mark.parametrize("mode", ["live", "plain"])
def test_a_viewer_that_fails_ends_alone_and_says_so_in_one_line(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    console, file = terminal(force_terminal=True)
    board = ordinary()
    with watching(board, mode, console=console):  # type: ignore[arg-type]
        board.summary = None  # type: ignore[assignment]
        board.lines.append(None)  # type: ignore[arg-type]
        while any(thread.name.startswith("the ") for thread in threads()):
            Event().wait(0.02)
        board.summary = summary()
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "the session goes on" in said
    assert "kept 812" in file.getvalue()
    assert file.getvalue().count(ALTERNATE) == file.getvalue().count(BACK)


def test_the_sessions_own_exceptions_pass_and_the_terminal_is_given_back() -> None:
    console, file = terminal(force_terminal=True)
    with pytest.raises(KeyboardInterrupt), watching(ordinary(), "live", console=console):
        raise KeyboardInterrupt
    assert file.getvalue().rindex(BACK) > file.getvalue().rindex(ALTERNATE)
    assert file.getvalue().rindex(SHOWN) > file.getvalue().rindex(HIDDEN)


def read_until(terminal: int, text: bytes, enough: Callable[[bytes], bool]) -> bytes:
    """What is written to it until that is enough, or nobody is left to write."""
    while not enough(text):
        try:
            text += os.read(terminal, 65536)
        except OSError:
            break
    return text


@pytest.mark.slow
@pytest.mark.parametrize("how", ["interrupt", "raise"])
def test_a_real_terminal_is_given_back(how: str) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(Path(__file__).parent)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )  # fmt: skip
    os.close(slave)
    assert process.stdin is not None and process.stdout is not None
    too_long = Timer(120.0, process.kill)
    too_long.start()
    assert process.stdout.read(5) == b"ready"
    text = read_until(master, b"", lambda text: text.count(b"monday") >= 2)
    if how == "interrupt":
        process.send_signal(signal.SIGINT)
    else:
        process.stdin.close()
    shown = read_until(master, text, lambda _: False).decode()
    process.wait()
    too_long.cancel()
    os.close(master)
    last = "KeyboardInterrupt" if how == "interrupt" else "a fault of the session"
    assert shown.index(BACK) < shown.index("kept 812") < shown.index(last)
    assert shown.rindex(SHOWN) > shown.rindex(HIDDEN)


def test_lines_are_printed_once_each_whatever_the_pace() -> None:
    board = Board(summary())
    console, file = terminal()
    viewer, stop = PlainLines(board, console), Event()
    stop.set()
    for number in range(3):
        board.lines.append({"at": AT, "event": "quarantine", "object": f"thing{number}", "reason": "r"})
        viewer.run(stop)
        viewer.run(stop)
    board.lines.extend({"at": AT, "event": "quarantine", "object": f"more{n}", "reason": "r"} for n in range(500))
    viewer.run(stop)
    lines = file.getvalue().splitlines()
    assert [line.split()[2] for line in lines[:3]] == ["thing0", "thing1", "thing2"]
    assert [line.split()[2] for line in lines[3:]] == [f"more{n}" for n in range(300, 500)]


def test_what_does_not_matter_is_not_logged_and_long_lines_stay_one_line() -> None:
    board = Board(summary())
    board.lines.extend({"at": AT, **event} for event in EVENTS)
    board.lines.append({"at": AT, "event": "call", "reason": "r" * 300, "remedy": "x\ny"})
    console, file = terminal()
    stop = Event()
    stop.set()
    PlainLines(board, console).run(stop)
    lines = file.getvalue().splitlines()
    assert len(lines) == len(EVENTS)
    assert not any(line.endswith("90 deg") for line in lines), "attempts are told by their verdicts"


def test_last_words() -> None:
    assert last_words(summary(report="sessions/monday/report.html")).endswith("\nreport: sessions/monday/report.html")
    assert "called a person 1 time" in last_words(summary())
    assert last_words(empty().summary).startswith("kept 0 of 0\n")
