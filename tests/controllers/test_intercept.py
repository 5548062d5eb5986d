"""The intercept profile in the cell: it picks and places, it is pure, and its log replays to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.controllers.episode import expert_for
from dynacollect.controllers.intercept import Intercept
from dynacollect.controllers.machine import Observation, Phase, Step
from dynacollect.controllers.runner import Outcome, run_episode
from dynacollect.controllers.safety import Passed
from dynacollect.controllers.transition_log import first_difference, header, line
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.rig import open_rig
from dynacollect.rig.stage import Request


def episode(task: str, seed: int, request: Request) -> tuple[Outcome, Truth, list[str], object]:
    rig = open_rig(load_rig("cell"), seed=seed)
    with rig:
        truth = Truth(rig)
        rig.stage.prepare(seed, request)
        names = truth.names
        targets = tuple(key for key in names if key.startswith("target"))
        expert = expert_for(rig, task, "intercept", names, targets)  # pyright: ignore[reportArgumentType]
        log = [header(expert.profile)]

        def watch(seen: Observation, step: Step, _: Passed) -> None:
            log.append(line(seen, step))

        rig.stage.launch()
        outcome = run_episode(
            rig,
            expert.profile,
            expert.motion,
            expert.safety,
            lambda _: truth.objects(),
            targets[0],
            "container" if "container" in names else None,
            expert.limit_s,
            watch,
        )
        verdict = truth.picked() if task == "pick" else truth.placed()
        assert outcome.phase != Phase.DONE or verdict.success, verdict.reason
        return outcome, truth, log, expert.profile


@pytest.mark.slow
@pytest.mark.parametrize("target", ["apple", pytest.param("can", marks=pytest.mark.long), "cube"])
def test_a_still_object_is_picked(target: str) -> None:
    outcome, _, _, _ = episode("pick", 5, Request(target=target, speed=0.0, distractors=()))
    assert outcome.phase == Phase.DONE
    assert outcome.time_s < 6.0


@pytest.mark.slow
def test_a_rolling_ball_is_picked_on_the_move_and_its_log_replays_exactly() -> None:
    request = Request(target="tennis_ball", speed=0.3, launcher="push", distractors=())
    outcome, _, log, profile = episode("pick", 11, request)
    assert isinstance(profile, Intercept)
    assert outcome.phase == Phase.DONE
    assert first_difference(log, profile) is None


@pytest.mark.slow
def test_a_replay_notices_another_decision() -> None:
    _, _, log, profile = episode("pick", 5, Request(target="apple", speed=0.0, distractors=()))
    assert isinstance(profile, Intercept)
    other = Intercept(profile.scene, profile.lag + 0.05, profile.workspace)
    assert first_difference(log, profile) is None
    assert first_difference(log, other) is not None


@pytest.mark.slow
def test_a_rolling_ball_is_put_into_the_bowl() -> None:
    request = Request(target="orange", speed=0.2, launcher="push", container="bowl", place=True, distractors=())
    outcome, _, _, _ = episode("place", 3, request)
    assert outcome.phase == Phase.DONE


@pytest.mark.slow
def test_every_transition_has_a_reason_and_follows_the_one_before() -> None:
    outcome, _, _, _ = episode("pick", 8, Request(target="tomato", speed=0.15, launcher="push", distractors=()))
    for before, after in zip(outcome.transitions, outcome.transitions[1:], strict=False):
        assert after.before == before.after
        assert after.time >= before.time
        assert after.reason
    assert np.isfinite(outcome.path_m)
