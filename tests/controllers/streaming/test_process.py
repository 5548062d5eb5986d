"""Inference in its own process: whole letters, the newest observation, and everything that can become of a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dynacollect.controllers.streaming.child import WARM_UPS, Make
from dynacollect.controllers.streaming.chunk import Chunk
from dynacollect.controllers.streaming.letters import (
    answer_letter,
    answer_of,
    empty_answer,
    empty_request,
    request_letter,
    request_of,
    said_letter,
)
from dynacollect.controllers.streaming.mailbox import Mailbox
from dynacollect.controllers.streaming.process import InferenceProcess
from dynacollect.controllers.streaming.source import Answer, Request
from dynacollect.controllers.streaming.stream import Strategy
from dynacollect.rig.errors import DynacollectError

from .rehearsal import HERE, Loop, shown


def test_a_letter_arrives_as_it_was_and_once_and_only_the_newest() -> None:
    rng = np.random.default_rng(1)

    def letter(number: int) -> dict[str, np.ndarray]:
        return {"a": rng.random((3, 5)), "b": np.array([number]), "c": rng.integers(0, 255, 7, dtype=np.uint8)}

    box = Mailbox(get_context("spawn"), letter(0))
    assert box.take() is None
    sent = [letter(number) for number in range(5)]
    for one in sent[:3]:
        box.put(one)
    found = box.take()
    assert found is not None and all(np.array_equal(found[name], sent[2][name]) for name in sent[2])
    assert box.take() is None
    box.put(sent[3])
    box.put(sent[4])
    again = box.take()
    assert again is not None and again["b"] == 4 and found["b"] == 2, "what was taken is a copy"


def test_a_letter_that_is_still_being_written_is_not_taken() -> None:
    like = {"a": np.zeros(100)}
    box = Mailbox(get_context("spawn"), like)
    box.put({"a": np.ones(100)})
    box._body[8 * 50] ^= 1
    assert box.take() is None, "half another letter"
    box._body[8 * 50] ^= 1
    box._head[0] += 1
    assert box.take() is None, "another one has been begun"
    box.put({"a": np.full(100, 2.0)})
    found = box.take()
    assert found is not None and np.all(found["a"] == 2.0)


def test_requests_and_answers_survive_their_letters() -> None:
    rng = np.random.default_rng(2)
    rows = rng.random((9, 7))
    for left_over, committed in ((None, None), (rows, None), (None, rows[:4]), (rows[:0], None)):
        request = Request(7, shown(0.5), rng.random(6), 11, 3, 4, left_over, committed)
        back = request_of(request_letter(request, 64))
        assert (back.step, back.begins, back.episode, back.delay) == (7, 11, 3, 4)
        assert np.array_equal(back.state, request.state)
        assert back.seen["words"].tobytes() == b"pick it up" and np.all(back.seen["picture"] == 0.5)
        for one, other in ((left_over, back.left_over), (committed, back.committed)):
            assert (one is None) == (other is None) and (one is None or other is None or np.array_equal(one, other))
    answer = answer_of(answer_letter(Request(7, {}, HERE, 11, 3), rows, 0.2, 64))
    assert isinstance(answer, Answer) and np.array_equal(answer.chunk.actions, rows) and answer.took_s == 0.2
    assert (answer.chunk.made_at, answer.chunk.begins, answer.chunk.episode) == (7, 11, 3)
    assert answer_of(said_letter("it is broken", 64)) == "it is broken"
    assert empty_request(shown(), 64).keys() == request_letter(Request(0, shown(), HERE, 0), 64).keys()
    assert isinstance(answer_of(answer_letter(Request(0, {}, HERE, 0), np.zeros((20, 3)), 0.1, 64)), Answer)
    assert empty_answer(64).keys() == said_letter("", 64).keys()


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Where a new process finds them, too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module("odd_policies")


@contextmanager
def running(make: Make, strategy: Strategy = "laas") -> Iterator[Loop[InferenceProcess]]:
    with closing(InferenceProcess(make, shown())) as process:
        loop = Loop(process, strategy)
        process.warm_up(Request(0, shown(), HERE, 0), loop.clock, 30.0)
        yield loop


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["laas", "blocking"])
def test_a_warm_policy_drives_killed_or_frozen_it_is_noticed_and_a_new_one_goes_on(
    policies: ModuleType, strategy: Strategy
) -> None:
    with running(policies.steady, strategy) as loop:
        first = loop.until(lambda turn: turn.action is not None)
        assert first.action is not None
        chunk: Chunk = first.action.placed.chunk
        assert chunk.actions[0, 6] * 1000 >= WARM_UPS + 1, "made after the policy was warm"
        assert chunk.actions[0, 5] == pytest.approx(0.01 * (chunk.made_at % 100)), "from the observation that it says"
        for _ in range(15):
            turn = loop.turn()
            assert strategy == "blocking" or turn.action is None or round(turn.action.values[0] * 1000) == loop.step - 1

        os.kill(loop.inference.pid or 0, signal.SIGKILL)
        dead = loop.until(lambda turn: "ended" in turn.held)
        assert dead.action is None and "SIGKILL" in dead.held

        loop.inference.restart()
        assert "not warm yet" in loop.turn().held
        loop.until(lambda turn: turn.action is not None)

        os.kill(loop.inference.pid or 0, signal.SIGSTOP)
        frozen = loop.until(lambda turn: "not answered" in turn.held)
        assert frozen.action is None
        loop.inference.restart()
        assert loop.until(lambda turn: turn.action is not None).held == ""
        said = [why for _, why in loop.executor.course.holds]
        assert any("SIGKILL" in why for why in said) and any("not answered" in why for why in said)


@pytest.mark.slow
def test_a_policy_that_fails_says_why_and_one_that_goes_mad_is_held_until_it_recovers(policies: ModuleType) -> None:
    with running(policies.failing) as loop:
        loop.until(lambda turn: turn.action is not None)
        assert "ValueError: out of memory on the GPU" in loop.until(lambda turn: "ended" in turn.held).held
    with running(policies.mad) as loop:
        loop.until(lambda turn: turn.action is not None)
        loop.until(lambda turn: "NaN" in turn.held)
        loop.until(lambda turn: turn.action is not None)


@pytest.mark.slow
def test_a_policy_that_cannot_be_built_is_one_sentence(policies: ModuleType) -> None:
    with pytest.raises(DynacollectError, match="FileNotFoundError: no weights"), running(policies.unbuildable):
        pass
