"""Inference on a server over real sockets: right answers, the newest observation, and all that becomes of networks."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event

import numpy as np
import pytest

from dynacollect.controllers.streaming.child import WARM_UPS
from dynacollect.controllers.streaming.remote.client import RemoteInference
from dynacollect.controllers.streaming.remote.server import PolicyServer
from dynacollect.controllers.streaming.source import Answer, Request, Source
from dynacollect.controllers.streaming.stream import Strategy
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from .odd_policies import Policy
from .policy_servers import TOKEN, ServerProcess, relay, serving
from .rehearsal import HERE, Loop, did, shown, telling

CLOCK = HostClock()
RNG = np.random.default_rng(3)


def until[T](found: Callable[[], T], seconds: float = 10.0) -> T:
    """What it gives as soon as that is something."""
    end = CLOCK.now() + seconds
    while not (got := found()):
        assert CLOCK.now() < end, f"not within {seconds} s"
        CLOCK.wait_until(CLOCK.now() + 0.002)
    return got


@contextmanager
def warm(address: str, token: bytes = TOKEN) -> Iterator[RemoteInference]:
    with closing(RemoteInference(address, token)) as inference:
        inference.warm_up(Request(0, shown(), HERE, 0), CLOCK, 20.0)
        yield inference


def answer_to(inference: RemoteInference, request: Request) -> Answer:
    inference.offer(request, CLOCK.now())
    return until(lambda: inference.collect(CLOCK.now()))[-1]


class Patient:
    """A source that begins an answer when it is let, and remembers what it was asked."""

    def __init__(self) -> None:
        self.go, self.begun, self.asked = Event(), Event(), []
        self.go.set()

    def __call__(self, request: Request) -> Vector:
        self.asked.append(request)
        self.begun.set()
        assert self.go.wait(10.0)
        return telling(request)


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_policy_elsewhere_answers_what_it_answers_here() -> None:
    seen: list[Request] = []

    def source(request: Request) -> Vector:
        seen.append(request)
        rows = np.full((20, 7), float(request.seen["picture"].mean()))
        return rows + request.begins + 10 * request.delay + len(request.seen.get("task", "")) + request.state.sum()

    with serving(source) as address, warm(address) as inference:
        assert len(seen) == WARM_UPS, "the policy is warm before anybody counts on it"
        for step in range(5):
            shows = {"picture": RNG.random((48, 64, 3)).astype(np.float32), "task": "pick up the apple." + step * "!"}
            rows = RNG.random((step, 7))
            request = Request(step, shows, RNG.random(6), step + 2, 4, 3, None, rows)
            answer = answer_to(inference, request)
            assert np.array_equal(answer.chunk.actions, source(request))
            assert (answer.chunk.made_at, answer.chunk.begins, answer.chunk.episode) == (step, step + 2, 4)
            there = seen[-2]
            assert np.array_equal(there.seen["picture"], shows["picture"]) and there.left_over is None
            assert there.committed is not None and np.array_equal(there.committed, rows)
            assert 0.0 <= answer.took_s < 5.0 and not inference.waiting and not inference.trouble(CLOCK.now())


def test_the_newest_observation_is_answered_and_those_in_between_are_not() -> None:
    source = Patient()
    with serving(source) as address, warm(address) as inference:
        source.asked.clear()
        source.begun.clear()
        source.go.clear()
        inference.offer(Request(1, shown(), HERE, 1), CLOCK.now())
        assert source.begun.wait(5.0)
        for step in range(2, 200):
            inference.offer(Request(step, shown(), HERE, step), CLOCK.now())
        # What is under way has to be there before the policy looks again; it reads on while it works.
        until(lambda: not inference._slot and len(inference._open) >= 2)
        CLOCK.wait_until(CLOCK.now() + 0.1)
        source.go.set()
        found: list[Answer] = []
        until(lambda: found.extend(inference.collect(CLOCK.now())) or not inference.waiting)
        assert [answer.chunk.made_at for answer in found] == [1, 199] == [request.step for request in source.asked]


def test_an_offer_waits_for_nobody() -> None:
    """For no server, and for one that never says a word: who waited for these would stand here for ever."""
    large = {"picture": np.zeros((2, 480, 640, 3), np.uint8)}
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for address in (free_address(), f"127.0.0.1:{mute.getsockname()[1]}"):
            with closing(RemoteInference(address, TOKEN)) as inference:
                for step in range(1000):
                    inference.offer(Request(step, large, HERE, step), CLOCK.now())
                    assert not inference.collect(CLOCK.now())
                assert not inference.waiting and "no connection" in inference.trouble(CLOCK.now())


@pytest.mark.slow
def test_one_client_holds_the_arm_and_the_next_one_has_it_when_that_has_gone() -> None:
    said: list[str] = []
    with (
        serving(telling, said=said) as address,
        warm(address) as first,
        closing(RemoteInference(address, TOKEN)) as second,
    ):
        until(lambda: "another client holds the arm" in second.trouble(CLOCK.now()))
        for step in range(3):
            assert answer_to(first, Request(step, shown(), HERE, step)).chunk.made_at == step
        with pytest.raises(DynacollectError, match="another client"):
            second.warm_up(Request(0, shown(), HERE, 0), CLOCK, 0.3)
        first.close()
        second.warm_up(Request(0, shown(), HERE, 0), CLOCK, 20.0)
        assert answer_to(second, Request(9, shown(), HERE, 9)).chunk.made_at == 9
    assert any("is refused" in line for line in said)


def test_a_client_whose_connection_broke_has_its_place_back_at_once() -> None:
    """The server has not been told, as when a cable is pulled: the old connection is still open there."""
    with serving(telling) as address, warm(address) as before, closing(RemoteInference(address, TOKEN)) as again:
        again._client = before._client
        again.warm_up(Request(0, shown(), HERE, 0), CLOCK, 4.0)
        assert answer_to(again, Request(1, shown(), HERE, 1)).chunk.made_at == 1
        before.close()


@pytest.mark.slow
def test_a_wrong_token_is_said_at_once_and_mends_by_itself() -> None:
    address = free_address()
    with closing(RemoteInference(address, TOKEN)) as inference:
        with serving(telling, address, b"another token of 30 characters"):
            until(lambda: "another token" in inference.trouble(CLOCK.now()))
            with pytest.raises(DynacollectError, match="another token"):
                inference.warm_up(Request(0, shown(), HERE, 0), CLOCK)
        with serving(telling, address):
            until(lambda: "token" not in inference.trouble(CLOCK.now()))
            inference.warm_up(Request(0, shown(), HERE, 0), CLOCK, 20.0)


def test_a_policy_that_fails_is_said_and_what_it_answers_next_counts() -> None:
    class Sometimes:
        asked = 0

        def __call__(self, request: Request) -> Vector:
            self.asked += 1
            if WARM_UPS < self.asked <= WARM_UPS + 2:
                raise ValueError("out of memory on the GPU")
            return telling(request, 20) if self.asked != WARM_UPS + 3 else np.zeros((20, 3))

    with serving(Sometimes()) as address, warm(address) as inference:
        for step, why in enumerate(["ValueError: out of memory on the GPU"] * 2 + [r"shape (20, 3), not (n, 7)"]):
            inference.offer(Request(step, shown(), HERE, step), CLOCK.now())
            until(lambda: not inference.waiting)
            assert why in inference.trouble(CLOCK.now()) and not inference.collect(CLOCK.now())
        assert answer_to(inference, Request(9, shown(), HERE, 9)).chunk.made_at == 9
        assert not inference.trouble(CLOCK.now())


def test_a_policy_that_cannot_become_warm_is_one_sentence() -> None:
    def broken(request: Request) -> Vector:
        raise KeyError(request.seen["nothing"])

    failed = pytest.raises(DynacollectError, match="the policy failed: KeyError: 'nothing'; mend")
    with serving(broken) as address, closing(RemoteInference(address, TOKEN)) as inference, failed:
        inference.warm_up(Request(0, shown(), HERE, 0), CLOCK, 20.0)


def test_what_the_policy_can_do_is_known_here() -> None:
    class Chunking:
        supports_rtc = True

        def __call__(self, request: Request) -> Vector:
            return telling(request)

    for source, able in ((telling, False), (Chunking(), True)):
        with serving(source) as address, warm(address) as inference:
            assert inference.supports_rtc is able


def test_the_first_answers_after_a_pause_are_of_what_was_asked_then() -> None:
    """An episode ends, nobody asks for some seconds, and the connection is still there."""
    with serving(telling) as address, warm(address) as inference:
        assert answer_to(inference, Request(1, shown(), HERE, 1)).chunk.made_at == 1
        CLOCK.wait_until(CLOCK.now() + 0.3)
        assert not inference.trouble(CLOCK.now() + 1e6), "nothing was asked, so nothing is missing"
        assert answer_to(inference, Request(0, shown(), HERE, 0, 1)).chunk.episode == 1


def test_a_server_that_cannot_be_built_says_so() -> None:
    def unbuildable() -> Source:
        raise FileNotFoundError("no weights in /nowhere")

    with closing(PolicyServer(unbuildable, "127.0.0.1:0", TOKEN)) as server, pytest.raises(FileNotFoundError):
        server.run()


@contextmanager
def driven(policy: str, strategy: Strategy = "laas") -> Iterator[tuple[ServerProcess, Loop[RemoteInference]]]:
    address = free_address()
    with closing(ServerProcess(policy, address)) as server, closing(RemoteInference(address, TOKEN)) as inference:
        inference.warm_up(Request(0, shown(), HERE, 0), CLOCK, 30.0)
        yield server, Loop(inference, strategy)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["laas", "blocking"])
def test_killed_or_frozen_the_arm_holds_and_it_goes_on_by_itself(strategy: Strategy) -> None:
    with driven("steady", strategy) as (server, loop):
        first = loop.until(lambda turn: turn.action is not None).action
        assert first is not None and first.placed.chunk.actions[0, 6] * 1000 >= WARM_UPS + 1
        for _ in range(15):
            turn = loop.turn()
            assert strategy == "blocking" or turn.action is None or round(turn.action.values[0] * 1000) == loop.step - 1

        server.send(signal.SIGKILL)
        dead = loop.until(lambda turn: "no connection" in turn.held)
        assert dead.action is None
        loop.until(lambda turn: "Connection refused" in turn.held)
        server.close()
        server.start()
        loop.until(lambda turn: turn.action is not None)

        server.send(signal.SIGSTOP)
        assert loop.until(lambda turn: "has not answered for" in turn.held).action is None
        assert loop.until(lambda turn: "no connection" in turn.held).action is None
        server.send(signal.SIGCONT)
        loop.until(lambda turn: turn.action is not None)
        for _ in range(15):
            turn = loop.turn()
            assert turn.action is None or turn.action.age < 20, "nothing of before is executed"


@pytest.mark.slow
def test_frozen_for_a_moment_it_goes_on_with_the_same_connection() -> None:
    with driven("steady") as (server, loop):
        loop.until(lambda turn: turn.action is not None)
        server.send(signal.SIGSTOP)
        loop.until(lambda turn: "has not answered for" in turn.held)
        server.send(signal.SIGCONT)
        loop.until(lambda turn: turn.action is not None)
        assert not any("no connection" in why for _, why in loop.executor.course.holds)


@pytest.mark.slow
def test_nan_is_held_until_the_policy_recovers() -> None:
    with driven("mad") as (_, loop):
        loop.until(lambda turn: turn.action is not None)
        loop.until(lambda turn: "NaN" in turn.held)
        loop.until(lambda turn: turn.action is not None)


@pytest.mark.slow
def test_a_network_that_swallows_everything_is_noticed_and_left() -> None:
    """Between both stands a relay that stops carrying without closing anything, as a pulled cable does."""
    with serving(Policy()) as address, relay(address) as (front, cut), warm(front) as inference:
        loop = Loop(inference, "laas")
        loop.until(lambda turn: turn.action is not None)
        cut.set()
        loop.until(lambda turn: "has not answered for" in turn.held)
        loop.until(lambda turn: "no connection" in turn.held)
        cut.clear()
        again = loop.until(lambda turn: turn.action is not None)
        assert did(loop.step - 1, again) is not None
