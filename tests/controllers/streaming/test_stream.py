"""The law on step labels, without time."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.controllers.streaming.chunk import Chunk, nonsense
from dynacollect.controllers.streaming.stream import (
    Strategy,
    Stream,
    ahead_of,
    arrived,
    asks,
    emptied,
    next_action,
    restarted,
)

LABELLED: tuple[Strategy, ...] = ("laas", "rtc", "future-state")


def chunk(made_at: int, n: int = 20, episode: int = 0) -> Chunk:
    return Chunk(np.full((n, 7), float(made_at)), made_at, made_at, episode)


@pytest.mark.parametrize("strategy", LABELLED)
def test_what_is_for_steps_that_have_passed_is_dropped(strategy: Strategy) -> None:
    stream = arrived(Stream(strategy), chunk(10), 16)
    action = next_action(stream, 16)
    assert action is not None and action.row == 6 and action.age == 6
    assert next_action(stream, 29) is not None
    assert next_action(stream, 30) is None
    assert arrived(Stream(strategy), chunk(10), 30).placed == ()


@pytest.mark.parametrize("strategy", LABELLED)
def test_the_newest_chunk_wins_where_chunks_overlap_in_whatever_order_they_come(strategy: Strategy) -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        chunks = [chunk(int(made), int(rng.integers(1, 30))) for made in rng.choice(40, 6, replace=False)]
        stream, now = Stream(strategy), 40
        for one in chunks:
            stream = arrived(stream, one, now)
        for step in range(now, 75):
            covering = [one for one in chunks if one.made_at <= step < one.made_at + len(one.actions)]
            action = next_action(stream, step)
            assert (action is None) == (not covering)
            if action is not None:
                newest = max(one.made_at for one in covering)
                assert action.values[0] == newest and action.row == step - newest


@pytest.mark.parametrize("strategy", ["blocking", "continuous"])
def test_without_labels_a_chunk_is_executed_from_its_first_action_as_it_arrives(strategy: Strategy) -> None:
    stream = arrived(Stream(strategy), chunk(10), 16)
    actions = ahead_of(stream, 16)
    assert [action.row for action in actions] == list(range(20))
    stream = arrived(stream, chunk(16), 22)
    assert [action.row for action in ahead_of(stream, 22)] == list(range(20))
    assert arrived(stream, chunk(12), 23) == stream, "an older chunk that comes late is of no use"


def test_an_action_that_was_executed_can_still_be_looked_up() -> None:
    stream = arrived(arrived(Stream("laas"), chunk(0), 6), chunk(6), 12)
    before, after = next_action(stream, 11), next_action(stream, 12)
    assert before is not None and before.values[0] == 0.0, "at step 11 the second chunk had not arrived"
    assert after is not None and after.values[0] == 6.0


def test_nothing_of_a_former_episode_counts() -> None:
    stream = restarted(arrived(Stream("laas"), chunk(0), 3))
    assert next_action(stream, 3) is None
    assert next_action(arrived(stream, chunk(0), 3), 3) is None
    assert next_action(arrived(stream, chunk(0, episode=1), 3), 3) is not None


def test_blocking_asks_only_when_nothing_is_left_and_nothing_is_on_its_way() -> None:
    empty = Stream("blocking")
    full = arrived(empty, chunk(0), 6)
    assert asks(empty, 0, waiting=False) and not asks(empty, 0, waiting=True)
    assert not asks(full, 25, waiting=False) and asks(full, 26, waiting=False)
    assert asks(emptied(full), 7, waiting=False)


def test_who_is_told_what_will_be_executed_is_asked_once_that_is_known() -> None:
    asked = {strategy for strategy in (*LABELLED, "continuous") if asks(Stream(strategy), 0, waiting=True)}
    assert asked == {"laas", "continuous"}
    assert all(asks(Stream(strategy), 0, waiting=False) for strategy in LABELLED)


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (np.full((20, 7), np.nan), "NaN"),
        (np.full((20, 7), np.inf), "NaN or infinite"),
        (np.zeros((20, 6)), "shape"),
        (np.zeros((0, 7)), "shape"),
        (np.full((20, 7), 50.0), "no poses"),
    ],
)
def test_nonsense_is_noticed(actions: np.ndarray, word: str) -> None:
    assert word in nonsense(actions)
    assert nonsense(np.full((20, 7), 0.5)) == ""
