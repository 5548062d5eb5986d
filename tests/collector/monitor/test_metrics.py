"""The metrics are valid in Prometheus' text format 0.0.4, read by a strict reader, and say what the board says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from dynacollect.collector.monitor.metrics import metrics
from dynacollect.collector.monitor.reading import Reader
from dynacollect.collector.session.board import Board

from .made_board import empty, hostile, ordinary

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)")
Labels = frozenset[tuple[str, str]]


def read(text: str) -> dict[tuple[str, Labels], float]:
    """Every sample; refuses what the format forbids."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    found: dict[tuple[str, Labels], float] = {}
    family = ""
    for line in text[:-1].split("\n"):
        if match := re.fullmatch(rf"# HELP ({NAME}) (?:[^\\]|\\\\|\\n)*", line):
            assert match[1] not in helped
            helped.add(match[1])
        elif match := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line):
            family = match[1]
            assert family not in kinds and family in helped
            assert (match[2] == "counter") == family.endswith("_total")
            kinds[family] = match[2]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == family, "samples stand together, after their TYPE"
            labels = [(name, unescaped(value)) for name, value in re.findall(LABEL, match[2] or "")]
            assert len({name for name, _ in labels}) == len(labels)
            key = family, frozenset(labels)
            assert key not in found, f"twice: {line}"
            found[key] = float(match[match.lastindex or 0])
            assert kinds[family] == "gauge" or found[key] >= 0 or math.isnan(found[key])
    return found


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text)


def of(board: Board) -> dict[tuple[str, Labels], float]:
    return read(metrics(Reader(board).read()))


@pytest.mark.parametrize("make", [ordinary, empty, hostile])
def test_the_format_is_kept(make: Callable[[], Board]) -> None:
    assert len(of(make())) > 20


def test_they_say_what_the_board_says() -> None:
    board = ordinary()
    found, summary = of(board), board.summary

    def value(name: str, **labels: str) -> float:
        return found[f"dynacollect_{name}", frozenset(labels.items())]

    assert value("episodes_total", outcome="kept") == summary.kept
    assert value("episodes_total", outcome="discarded") == summary.discarded
    assert value("episodes_wanted") == summary.wanted
    assert value("doing", doing="running") == 1 and value("doing", doing="waiting") == 0
    for share in summary.by_object:
        assert value("object_verdicts_total", object=share.label) == share.n
        assert value("object_successes_total", object=share.label) == share.success
    assert value("faults_standing", fault="camera_freeze", device="side_cam") == 1
    assert value("ticks_total") == board.now.ticks and value("missed_ticks_total") == board.now.missed
    assert value("object_speed_meters_per_second", object="pear") == pytest.approx(0.3)
    assert 0.010 < value("tick_work_median_seconds") < value("tick_work_p99_seconds") < 0.030
    assert value("journal_lines_total") == board.written


def test_labels_come_back_as_they_were() -> None:
    board = hostile()
    labels = dict(next(labels for name, labels in of(board) if name == "dynacollect_info"))
    assert labels["session"] == board.summary.session


def test_the_reader_of_this_test_is_strict() -> None:
    good = metrics(Reader(ordinary()).read())
    for bad in (good + "x 1\n", good[:-1], good.replace("_total", ""), good + good, good.replace('"kept"', '"k"e"')):
        with pytest.raises(AssertionError):
            read(bad)


def test_a_state_that_is_not_known_yet_is_served_too() -> None:
    board = ordinary()
    board.summary = replace(board.summary, doing="dancing")
    assert of(board)["dynacollect_doing", frozenset({("doing", "dancing")})] == 1
