"""The live view on every size of terminal: full, never wider, never an error; the important stays longest."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from dynacollect.collector.monitor.drawing import Section, rooms
from dynacollect.collector.monitor.reading import QUIET_S, Reader
from dynacollect.collector.monitor.screen import Screen
from dynacollect.collector.monitor.thumbnails import half_blocks
from dynacollect.collector.session.board import Board
from dynacollect.rig.clock import SimClock

from .made_board import empty, hostile, now, ordinary, summary

BOARDS = {"ordinary": ordinary, "empty": empty, "hostile": hostile}
PAINTED = re.compile(r"\x1b\[\d+D(?:\x1b\[[\d;]*m▀)+\x1b\[0m")
"""Pixels over blank cells: back, and as many again."""
CODES = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]")


def drawn(board: Board, width: int, height: int, *, colours: bool = True, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    console = Console(
        file=file, width=width, height=height, force_terminal=colours, legacy_windows=False,
        color_system="truecolor" if colours else None,
    )  # fmt: skip
    console.print(Screen(Reader(board).read()), end="")
    file.flush()
    return raw.getvalue().decode(encoding)


def seen(text: str) -> list[str]:
    """What the eye sees: lines without colours, and pictures as the blanks below them."""
    return CODES.sub("", PAINTED.sub("", text)).split("\n")


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize(
    ("width", "height"), [(40, 10), (60, 16), (80, 24), (119, 30), (120, 30), (160, 50), (250, 70)]
)
def test_every_line_fills_the_terminal_and_none_is_wider(name: str, width: int, height: int) -> None:
    lines = seen(drawn(BOARDS[name](), width, height))
    assert [cell_len(line) for line in lines] == [width] * height
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("width", range(41, 251, 19))
def test_widths_between(width: int) -> None:
    for board in (ordinary(), hostile()):
        assert {cell_len(line) for line in seen(drawn(board, width, 35))} == {width}


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 3), (20, 2), (300, 1), (12, 60)])
def test_absurd_terminals_are_no_error(width: int, height: int) -> None:
    for make in BOARDS.values():
        assert len(seen(drawn(make(), width, height))) == height


def test_the_ordinary_terminal_has_all_that_matters() -> None:
    text = "\n".join(seen(drawn(ordinary(), 80, 24)))
    for words in ("RUNNING", "812 / 2,000", "meet", "tennis_ball", "will be here", "p99", "slack", "211 GB", "128/130",
                  "139/171", "camera_freeze", "145", "8 h 10 min"):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(("width", "height"), [(40, 10), (80, 24), (200, 60)])
def test_a_person_who_is_called_sees_it_on_every_terminal(width: int, height: int) -> None:
    board = ordinary()
    board.summary = summary(doing="waiting", waits_for="release the emergency stop")
    raw = drawn(board, width, height)
    assert re.search(r"\x1b\[1;37;41m  WAITS FOR YOU", raw), "on red"
    text = " ".join(" ".join(seen(raw)).split())
    assert "WAITS FOR YOU: release the emergency stop" in text and "WAITING" in text


def test_a_loop_that_stands_still_is_told() -> None:
    clock = SimClock()
    board = ordinary()
    reader = Reader(board, clock)
    reader.read()
    clock.wait_until(QUIET_S + 1)
    assert reader.read().silent
    board.tick(now())
    assert not reader.read().silent
    board.summary = replace(board.summary, doing="waiting")
    clock.wait_until(3 * QUIET_S)
    reader.read()
    clock.wait_until(6 * QUIET_S)
    assert not reader.read().silent, "who waits for a person need not tick"


def test_pictures_show_only_in_true_colour_and_where_there_is_room() -> None:
    assert PAINTED.search(drawn(ordinary(), 160, 50))
    assert not PAINTED.search(drawn(ordinary(), 80, 24))
    assert "▀" not in drawn(ordinary(), 160, 50, colours=False)


def test_a_terminal_without_colours_or_unicode_gets_plain_letters() -> None:
    assert "\x1b" not in drawn(ordinary(), 100, 30, colours=False)
    assert "RUNNING" in drawn(ordinary(), 100, 30, encoding="ascii")


def test_half_blocks_carry_the_picture() -> None:
    image = np.zeros((360, 480, 3), np.uint8)
    image[:180] = (250, 10, 20)
    rows = half_blocks(image, 24)
    assert len(rows) == 9 and all(row.count("▀") == 24 for row in rows)
    assert rows[0].startswith("\x1b[38;2;250;10;20;48;2;250;10;20m")
    assert rows[-1].startswith("\x1b[38;2;0;0;0;48;2;0;0;0m")


def test_room_goes_to_the_first_ranks_and_is_never_more_than_there_is() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        sections = [
            Section("t" * int(rng.integers(2)), [[]] * int(rng.integers(8)), rank, least=int(rng.integers(1, 5)))
            for rank in rng.permutation(6)
        ]
        height = int(rng.integers(40))
        given = rooms(sections, height)
        assert sum(given) <= height
        assert all(room <= section.height for room, section in zip(given, sections, strict=True))
        if sum(given) < height:
            short = [s for s, room in zip(sections, given, strict=True) if 0 < room < s.height]
            assert not short, "room is left while one that is shown wants more"
