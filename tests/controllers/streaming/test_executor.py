"""What is executed when, over random latencies in virtual time: laws that hold at every step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle, repeat

import numpy as np
import pytest

from dynacollect.controllers.streaming.course import STEP_S, figures
from dynacollect.controllers.streaming.coverage import StartPoses
from dynacollect.controllers.streaming.executor import Executor
from dynacollect.controllers.streaming.simulated import Simulated
from dynacollect.controllers.streaming.source import Request, refuse_unsupported
from dynacollect.controllers.streaming.stream import Strategy
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from .rehearsal import HERE, SCALE, Did, N, Rehearsal, telling

STEPS = 300


def latencies(kind: str, seed: int) -> Iterator[float]:
    """Seconds, one inference after the other."""
    rng = np.random.default_rng([seed, len(kind)])
    if kind == "constant":
        return repeat(float(rng.uniform(0.0, 0.7)))
    if kind == "jittered":
        return iter(np.abs(rng.normal(rng.uniform(0.02, 0.3), 0.05, 10_000)).tolist())
    if kind == "spikes":
        return iter(np.where(rng.random(10_000) < 0.1, rng.uniform(0.5, 3.0), 0.09).tolist())
    return iter(rng.uniform(0.9, 2.0, 10_000).tolist())  # longer than a chunk


CASES = [(kind, seed) for kind in ("constant", "jittered", "spikes", "longer") for seed in range(4)]


def covering(rehearsal: Rehearsal, step: int) -> list[int]:
    """Observations of the chunks that were there by a step and have an action for it, told from the answers alone."""
    chunks = [answer.chunk for at, answer in rehearsal.inference.heard if at <= step]
    return [chunk.made_at for chunk in chunks if chunk.begins <= step < chunk.begins + len(chunk.actions)]


@pytest.mark.parametrize("strategy", ["laas", "rtc", "future-state"])
@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_labelled_actions_are_executed_at_their_step_and_the_newest_of_them(
    strategy: Strategy, kind: str, seed: int
) -> None:
    rehearsal = Rehearsal(strategy, latencies(kind, seed))
    for step, done in enumerate(rehearsal.run(range(STEPS))):
        known = covering(rehearsal, step)
        if not known:
            assert done is None and rehearsal.turns[step].held, "starved: held at once, and said so"
            continue
        assert done is not None and not rehearsal.turns[step].held
        assert done.meant_for == step, "neither late, nor early, nor twice"
        assert done.made_at == max(known)


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_steps_that_the_loop_missed_are_not_made_up_for(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.flatnonzero(rng.random(STEPS) < 0.7).tolist()
    for done in Rehearsal("laas", latencies(kind, seed)).run(steps):
        assert done is None or done.meant_for == done.step


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_continuous_executes_each_chunk_from_its_first_action_on(kind: str, seed: int) -> None:
    rehearsal = Rehearsal("continuous", latencies(kind, seed))
    row, newest = None, -1
    for step, done in enumerate(rehearsal.run(range(STEPS))):
        came = [answer.chunk.made_at for at, answer in rehearsal.inference.heard if at == step]
        if came:
            row, newest = 0, came[-1]
        if row is None or row >= N:
            assert done is None
            continue
        assert done is not None and (done.row, done.made_at) == (row, newest)
        row += 1


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_blocking_executes_whole_chunks_and_holds_in_between(kind: str, seed: int) -> None:
    rehearsal = Rehearsal("blocking", latencies(kind, seed))
    rows = [None if done is None else done.row for done in rehearsal.run(range(STEPS))]
    begins = [at for at, _ in rehearsal.inference.heard]
    for first in begins:
        assert rows[first : first + N] == list(range(N))[: STEPS - first]
    executed = sum(row is not None for row in rows)
    assert executed == sum(min(N, STEPS - first) for first in begins)


def test_laas_without_latency_is_plain_chunk_execution() -> None:
    plain, laas = Rehearsal("blocking"), Rehearsal("laas")
    one, other = plain.run(range(STEPS)), laas.run(range(STEPS))
    assert all(done is not None and done.row == 0 and done.made_at == done.step for done in other)
    # A policy that keeps to its plan, asked at every step, does what it does asked once a chunk.
    assert [done and done.meant_for for done in one] == [done and done.meant_for for done in other] == [*range(STEPS)]


def test_known_times_of_inferences_that_take_226_ms() -> None:
    rehearsal = Rehearsal("laas", repeat(0.226))
    done = rehearsal.run(range(60))
    # From 0 to .226, there at .24; the next one from .226 on the observation of .20 to .452, there at .48.
    assert [(at, answer.chunk.made_at) for at, answer in rehearsal.inference.heard][:4] == [
        (6, 0), (12, 5), (17, 11), (23, 16),
    ]  # fmt: skip
    assert done[:6] == [None] * 6 and None not in done[6:]
    course = rehearsal.executor.course.executed()
    assert course.starved == 6 and course.steps == 60 and course.latency_ms == pytest.approx(226.0)
    assert course.age_ms == pytest.approx(1e3 * STEP_S * np.mean([d.step - d.made_at for d in done if d]))
    found = figures([course, course])
    assert found is not None and found.starved == pytest.approx(0.1)
    assert found.stale_age_ms == pytest.approx(course.age_ms)


def test_an_inference_that_ends_with_a_step_is_followed_by_one_on_that_steps_observation() -> None:
    rehearsal = Rehearsal("laas", repeat(0.08))
    rehearsal.run(range(9))
    assert [(at, answer.chunk.made_at) for at, answer in rehearsal.inference.heard] == [(2, 0), (4, 2), (6, 4), (8, 6)]


@pytest.mark.slow
def test_without_a_stated_latency_it_is_the_measured_one() -> None:
    clock = HostClock()

    def policy(request: Request) -> Vector:
        clock.wait_until(clock.now() + 0.1)
        return telling(request)

    executor = Executor("laas", Simulated(policy))
    for step in range(20):
        executor.turn(step, step * STEP_S, None, HERE)
    assert executor.course.took_s and min(executor.course.took_s) >= 0.1
    assert executor.course.starved >= 3


@pytest.mark.parametrize("strategy", ["blocking", "continuous", "laas", "rtc", "future-state"])
@pytest.mark.parametrize("seed", range(5))
def test_no_chunk_of_a_former_episode_is_executed(strategy: Strategy, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rehearsal = Rehearsal(strategy, latencies("spikes", seed))
    now = 0
    for episode in range(8):
        length = int(rng.integers(3, 60))
        # Steps are counted anew in each episode, while time goes on.
        for step in range(length):
            turn = rehearsal.executor.turn(step, (now + step) * STEP_S, None, HERE)
            if turn.action is not None:
                assert turn.action.placed.chunk.episode == episode
                assert round(turn.action.values[2] * SCALE) == episode
        now += length
        rehearsal.executor.reset()


def made_at_in(done: list[Did | None]) -> list[int]:
    return [one.made_at for one in done if one]


def test_real_time_chunking_is_told_what_is_left_and_how_late_it_will_be() -> None:
    asked: list[Request] = []

    def policy(request: Request) -> Vector:
        asked.append(request)
        return telling(request)

    done = Rehearsal("rtc", repeat(0.226), policy).run(range(100))
    first, *others = asked
    assert first.left_over is not None and len(first.left_over) == 0
    for request in others[:-1]:
        assert request.delay == 6 and request.begins == request.step
        assert request.left_over is not None and len(request.left_over) >= request.delay
        meant_for, made_at, _ = np.rint(request.left_over.T[:3] * SCALE)
        assert meant_for.tolist() == [*range(request.step, request.step + len(meant_for))]
        assert made_at[:6].tolist() == made_at_in(done[request.step : request.step + 6]), "and so it was executed"


def test_a_future_state_is_where_the_committed_actions_lead() -> None:
    asked: list[Request] = []

    def policy(request: Request) -> Vector:
        asked.append(request)
        return telling(request)

    rehearsal = Rehearsal("future-state", repeat(0.226), policy)
    done = rehearsal.run(range(100))
    assert asked[0].begins == 0 and np.array_equal(asked[0].state, HERE)
    for request in asked[1:-1]:
        assert request.begins == request.step + 6
        # The pose that action k names is reached five steps later.
        assert request.state[0] * SCALE == pytest.approx(request.begins - 5)
        assert request.committed is not None
        made_at = np.rint(request.committed[:6, 1] * SCALE)
        assert made_at.tolist() == made_at_in(done[request.step : request.begins]), "and so it was executed"
    assert all(d.meant_for == d.step for d in done if d)


def test_real_time_chunking_is_refused_where_the_policy_cannot() -> None:
    class Able:
        supports_rtc = True

    refuse_unsupported("rtc", Able())
    refuse_unsupported("laas", telling)
    with pytest.raises(DynacollectError, match="use laas"):
        refuse_unsupported("rtc", telling)


def test_nonsense_holds_the_arm_at_once_until_sense_comes_again() -> None:
    given = chain([0.0] * 5, [np.nan] * 3, cycle([0.0]))

    def policy(request: Request) -> Vector:
        return telling(request) + next(given)

    rehearsal = Rehearsal("laas", repeat(0.07), policy)
    done = rehearsal.run(range(40))
    bad = [step for step, turn in rehearsal.turns.items() if "NaN" in turn.held]
    came = [at for at, answer in rehearsal.inference.heard if np.isnan(answer.chunk.actions).any()]
    back = min(at for at, answer in rehearsal.inference.heard if at > came[-1])
    assert bad == [*range(came[0], back)]
    assert all(one is not None for one in done[back:])
    assert [why for _, why in rehearsal.executor.course.holds] == [
        "the first actions are not there yet", "the policy gave NaN or infinite numbers",
    ]  # fmt: skip


def test_an_arm_that_holds_for_too_long_stops_the_episode() -> None:
    executor = Executor("laas", Simulated(telling, repeat(50.0)), give_up_s=2.0)
    stops = [bool(executor.turn(step, step * STEP_S, None, HERE).stop) for step in range(60)]
    assert stops == [step >= 50 for step in range(60)]


def test_a_start_far_from_the_training_data_is_held_and_then_stopped() -> None:
    starts = StartPoses(np.array([[0.4, 0.0, 0.3, np.pi, 0.0, 0.0], [0.5, 0.1, 0.3, np.pi, 0.0, 1.0]]))
    near, far, turned = (np.array([0.42, 0.02, 0.3, -np.pi, 0.0, yaw]) for yaw in (0.1, 0.0, 0.7))
    far[0] = 0.2
    assert starts.far(near) == ""
    assert "20 cm and 0 degrees" in starts.far(far)
    assert "11 cm and 17 degrees" in starts.far(turned), "near in place to the first, in turn to the second"

    executor = Executor("laas", Simulated(telling, repeat(0.0)), starts=starts)
    turns = [executor.turn(step, step * STEP_S, None, far) for step in range(30)]
    assert all(turn.action is None and "training data" in turn.held for turn in turns)
    assert [bool(turn.stop) for turn in turns] == [step >= 25 for step in range(30)]

    executor.reset()
    assert executor.turn(0, 2.0, None, far).action is None
    assert executor.turn(1, 2.04, None, near).action is not None
    assert executor.turn(2, 2.08, None, far).action is not None, "once begun, it may go anywhere"
