"""The expert as a policy that thinks in chunks: what it foresees, that it foresees it by itself, and that it picks."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.controllers.episode import Expert, expert_for, lag_of
from dynacollect.controllers.machine import TICK_S, Observation, Phase, Step
from dynacollect.controllers.motion import Motion
from dynacollect.controllers.runner import Outcome, run_episode
from dynacollect.controllers.safety import Passed
from dynacollect.controllers.streaming.executor import AHEAD
from dynacollect.controllers.streaming.latency import parse_latency
from dynacollect.controllers.streaming.source import Request
from dynacollect.controllers.streaming.stream import Strategy
from dynacollect.rig.arms import arm as arm_model
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import Command, Vector
from dynacollect.rig.rig import Rig, open_rig
from dynacollect.rig.stage import Request as Wish
from dynacollect.training.chunked import CHUNK, ChunkedExpert, ForeseeingExpert, Streaming
from dynacollect.training.foreseen import ForeseenFingers, Told

ARM = arm_model("franka-panda")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words), prog_name="dynacollect")


@pytest.mark.parametrize("thing", [0.0, 0.03])
def test_fingers_take_as_long_as_the_gripper_does_and_stop_at_what_is_between_them(thing: float) -> None:
    gripper = ARM.gripper
    fingers = ForeseenFingers(gripper, 0.06, [Told(gripper.delay, 0.0, 30.0)])
    widths, forces = [], []
    for tick in range(1, 60):
        fingers.go_on(tick * TICK_S, thing)
        widths.append(fingers.width)
        forces.append(fingers.force)
    closed = TICK_S * (1 + next(i for i, width in enumerate(widths) if width <= thing + 1e-9))
    assert closed == pytest.approx(gripper.closing_time(0.06, thing), abs=1.5 * TICK_S)
    assert widths[-1] == pytest.approx(thing) and forces[-1] == (30.0 if thing else 0.0)
    assert forces[0] == 0.0 and np.all(np.diff(widths) <= 0.0)


@pytest.mark.slow
def test_a_forked_motion_leaves_the_first_as_it_is() -> None:
    one, other = Motion(ARM), Motion(ARM)
    rng = np.random.default_rng(1)
    for tick in range(12):
        now = tick * TICK_S
        goal = ARM.home + rng.normal(0.0, 0.2, 7)
        for motion in (one, other):
            motion.towards(Command(joints=goal), now)
        fork = one.forked()
        for step in range(5):
            fork.towards(Command(joints=ARM.home), now + step * TICK_S)
        later = now + 0.3
        for mine, theirs in zip(one.commanded(later), other.commanded(later), strict=True):
            assert np.array_equal(mine, theirs)
        assert not np.array_equal(fork.commanded(later)[0], one.commanded(later)[0]) or tick == 0


class Eavesdropper(ForeseeingExpert):
    """Keeps what was asked and answered."""

    def __init__(self, expert: Expert, lag: float, chunk: int) -> None:
        super().__init__(expert, lag, chunk)
        self.heard: list[tuple[Request, Vector]] = []

    def __call__(self, request: Request) -> Vector:
        kept = replace(
            request, seen=replace(request.seen, motion=request.seen.motion.forked(), safety=copy(request.seen.safety))
        )
        rows = super().__call__(request)
        self.heard.append((kept, rows))
        return rows


def episode(
    wish: Wish, seed: int, strategy: Strategy, latency: str
) -> tuple[Outcome, Truth, ChunkedExpert, list[Vector]]:
    """One pick in the cell; also the tool's place at every tick."""
    rig = open_rig(load_rig("cell"), seed=seed)
    with rig:
        truth = Truth(rig)
        rig.stage.prepare(seed, wish)
        chunked, expert = driver(rig, truth, strategy, latency, seed)
        places: list[Vector] = []

        def watch(seen: Observation, step: Step, passed: Passed) -> None:
            places.append(np.asarray(seen.arm.T_base_tool.translation))

        rig.stage.launch()
        outcome = run_episode(
            rig,
            chunked,
            expert.motion,
            expert.safety,
            lambda _: truth.objects(),
            "target0",
            None,
            expert.limit_s,
            watch,
        )
        assert outcome.phase != Phase.DONE or truth.picked().success
        return outcome, truth, chunked, places


def driver(rig: Rig, truth: Truth, strategy: Strategy, latency: str, seed: int) -> tuple[ChunkedExpert, Expert]:
    expert = expert_for(rig, "pick", "intercept", truth.names, ("target0",))
    lag = lag_of(rig.config, ARM.command_delay)
    return ChunkedExpert(expert, Streaming(strategy, parse_latency(latency)), lag, seed), expert


@pytest.mark.slow
def test_what_is_foreseen_comes_true_and_follows_from_the_moment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynacollect.training.chunked.ForeseeingExpert", Eavesdropper)
    outcome, _, chunked, places = episode(Wish(target="apple", speed=0.0, distractors=()), 5, "laas", "0ms")
    assert outcome.phase == Phase.DONE
    source = chunked.source
    assert isinstance(source, Eavesdropper)
    told = [(request, rows) for request, rows in source.heard if request.step + AHEAD < len(places)]
    off = [float(np.linalg.norm(rows[0, :3] - places[request.step + AHEAD])) for request, rows in told]
    moved = [float(np.linalg.norm(places[request.step] - places[request.step + AHEAD])) for request, _ in told]
    assert len(off) > 20 and np.median(off) < 0.01
    assert sum(off) < 0.25 * sum(moved), "far better than that the tool stays where it is"
    for request, rows in told[::10]:
        # The cell has long gone on; what was foreseen in it does not change.
        assert rows.shape == (CHUNK, 7)
        assert np.array_equal(ForeseeingExpert.__call__(source, request), rows)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["blocking", "continuous", "future-state"])
def test_a_still_object_is_picked_whatever_the_strategy(strategy: Strategy) -> None:
    outcome, _, chunked, _ = episode(Wish(target="apple", speed=0.0, distractors=()), 5, strategy, "160ms")
    assert outcome.phase == Phase.DONE
    assert chunked.course.executed().latency_ms == pytest.approx(160.0)


@pytest.mark.slow
def test_a_rolling_ball_is_picked_through_chunks_that_come_late() -> None:
    wish = Wish(target="tennis_ball", speed=0.25, launcher="push", distractors=())
    outcome, _, chunked, _ = episode(wish, 11, "laas", "normal:160,20ms")
    assert outcome.phase == Phase.DONE
    done = chunked.course.executed()
    assert 4 <= done.starved <= 6 and 200.0 < done.age_ms < 400.0


@pytest.mark.slow
def test_the_command_says_how_the_executor_fared() -> None:
    words = ("evaluate", "--controller", "chunked-expert", "--executor", "laas", "--latency", "80ms")
    result = run(*words, "--episodes", "1", "--seed", "1", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["controller"] == "chunked-expert"
    assert document["executor"].keys() == {"starved", "stale_age_ms", "latency_ms"}
    assert document["executor"]["latency_ms"] == pytest.approx(80.0)
    assert 0.0 < document["executor"]["starved"] < 0.2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--executor", "laas"), "add --controller chunked-expert"),
        (("--latency", "80ms"), "add --controller chunked-expert"),
        (("--controller", "chunked-expert", "--executor", "rtc"), "use laas"),
        (("--controller", "chunked-expert", "--latency", "soon"), "--latency"),
    ],
)
def test_wrong_words_leave_with_2_and_a_remedy(words: tuple[str, ...], said: str) -> None:
    result = run("evaluate", "--episodes", "1", *words)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
