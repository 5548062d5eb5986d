"""The journal in words: every event of the contract has its sentence, anything else passes."""

from __future__ import annotations

import pytest

from dynacollect.collector.monitor.worded import WORDS, duration, size, told

from .made_board import EVENTS, hostile


def test_every_event_has_words_of_its_own_that_name_what_it_holds() -> None:
    said = dict(zip((event["event"] for event in EVENTS), told(EVENTS), strict=False))
    assert set(WORDS) == {event["event"] for event in EVENTS}
    for event, words in said.items():
        assert "=" not in words.text, f"{event} fell back to naming its fields"
    assert "red_mug" in said["attempt"].text
    assert said["call"].tone == "alarm" and "release it" in said["call"].text


def test_a_verdict_says_what_its_attempt_was_even_where_that_line_is_older_than_what_is_told() -> None:
    at = next(index for index, event in enumerate(EVENTS) if event["event"] == "verdict")
    first = told(EVENTS, since=at)[0]
    assert "pick red_mug" in first.text and "success" in first.text and first.tone == "good"
    assert told(EVENTS, since=at) == told(EVENTS)[-len(told(EVENTS, since=at)) :]


def test_a_background_that_stayed_is_not_worth_a_line() -> None:
    assert told([{"event": "drift", "cameras": {"side_cam": 0.2, "wrist_cam": None}}]) == []


def test_unknown_events_fields_and_kinds_of_values_pass() -> None:
    (said,) = told([{"at": "t", "event": "eclipse", "moons": 2}])
    assert said.text == "eclipse: moons=2" and said.matters
    for words in told(hostile().lines):
        assert words.text.isprintable()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (29430.0, "8 h 10 min"), (3e5, "3.5 d"), (float("nan"), "-"),
     (float("inf"), "-"), (-1.0, "-")],
)  # fmt: skip
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_sizes() -> None:
    assert [size(each) for each in (0, 999, 1000, 34.5e9, 2e12)] == ["0 B", "999 B", "1 kB", "34 GB", "2.0 TB"]
