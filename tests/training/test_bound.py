"""The bound: laws that what was possible obeys, on straight paths and on one that the expert did catch."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.controllers.arrival import least_times
from dynacollect.controllers.machine import TICK_S
from dynacollect.rig.arms import arm
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import ObjectState
from dynacollect.rig.objects import catalogue
from dynacollect.training.bound import Bound, ObjectPath, bound_one, joint_times, possible
from dynacollect.training.evaluation import Settings, run_one

PIPER = arm("piper")
BALL = catalogue.load("tennis_ball")
BOX = load_rig("cell-piper").safety.box


def straight(x: float, y: float, speed: float, seconds: float) -> ObjectPath:
    """A ball that starts at (x, y) and goes along y."""
    times = TICK_S * np.arange(round(seconds / TICK_S) + 1, dtype=np.float64)
    velocity, height = np.array([0.0, speed, 0.0]), BALL.rest_height
    states = [
        ObjectState("tennis_ball", RigidTransform.from_translation([x, y + speed * time, height]), velocity,
                    np.zeros(3), np.zeros((12, 12)), float(time))
        for time in times
    ]  # fmt: skip
    if speed == 0.0:
        states = [states[0]] * len(times)
    return ObjectPath(times, tuple(states), PIPER.home, np.zeros(6), 10.0, "tennis_ball", None, abs(speed))


def ask(path: ObjectPath, acceleration: float = 1.0) -> Bound:
    quick = replace(PIPER, max_acceleration=acceleration * PIPER.max_acceleration)
    return possible(quick, BALL, path, BOX, lag=0.054)


def test_a_still_object_in_reach_is_possible_and_from_above() -> None:
    found = ask(straight(0.35, 0.05, 0.0, 4.0))
    assert found.possible and found.from_above
    assert found.meet_s is not None and found.slack_s is not None
    assert 0.2 < found.meet_s < 1.5 and found.slack_s > 2.0


def test_an_object_that_shoots_past_is_not() -> None:
    found = ask(straight(0.35, -0.6, 3.0, 0.5))
    assert not found.possible and found.meet_s is None
    assert found.limit in ("speed", "acceleration", "stay") and found.reach_s > 0.0


def test_an_object_out_of_reach_is_not() -> None:
    found = ask(straight(0.80, 0.0, 0.0, 4.0))
    assert found == Bound(False, False, None, None, None, "reach", None, 0.0)


@pytest.mark.slow
def test_more_acceleration_never_turn_possible_into_impossible() -> None:
    for start in (-0.40, -0.25):
        answers = [ask(straight(0.35, start, 0.6, 0.6), push) for push in (0.1, 1.0, 4.0)]
        for slower, quicker in pairwise(answers):
            assert quicker.possible >= slower.possible
            assert quicker.slack_s is not None and slower.slack_s is not None
            assert quicker.slack_s >= slower.slack_s
        assert answers[-1].possible and not answers[0].possible


def test_an_object_that_hardly_fits_between_the_fingers_is_not() -> None:
    narrow = replace(PIPER, gripper=replace(PIPER.gripper, max_width=2 * BALL.rest_height - 0.001))
    assert not possible(narrow, BALL, straight(0.35, 0.05, 0.0, 2.0), BOX, lag=0.054).possible


def test_joints_need_at_least_what_the_distance_at_their_limits_takes() -> None:
    rng = np.random.default_rng(3)
    start, speed = rng.uniform(-1, 1, 6), rng.uniform(-1, 1, 6)
    goals, ends = rng.uniform(-1, 1, (200, 6)), rng.uniform(-2, 2, (200, 6))
    times, cruises = joint_times(PIPER, start, speed, goals, ends)
    assert np.all(times >= np.abs(goals - start) / PIPER.max_velocity - 1e-9)
    assert np.all(times >= np.abs(ends - speed) / PIPER.max_acceleration - 1e-9)
    assert np.all(times.max(axis=1) <= least_times(PIPER, start, speed, goals, ends))
    assert not cruises.all()
    too_fast, _ = joint_times(PIPER, start, speed, goals, ends + 10.0)
    assert np.all(np.isinf(too_fast))


@pytest.mark.slow
def test_what_the_expert_caught_was_possible() -> None:
    settings = Settings(load_rig("cell-piper"), seed=1, top_speed=0.5)
    result = run_one(settings, 6)
    assert result.success
    found = bound_one(settings, 6)
    assert found.possible and found.from_above
    assert found.meet_s is not None and found.meet_s < result.time_s


@pytest.mark.slow
def test_the_command_counts_what_was_possible() -> None:
    result = CliRunner().invoke(cli.app, ["evaluate", "--episodes", "1", "--seed", "1", "--bound", "--json"])
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout)["possible"]
    assert counts["n"] == 1 and counts["share_reached"] == 1.0 and counts["failed"] == {}
    assert {"lo", "hi", "n", "share_reached"} == counts["by_speed"][0].keys()
