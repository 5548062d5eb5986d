"""The structure of the machine: its time, its tasks as published, and its log."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.dom import DomProfile, DomState
from dynacollect.controllers.machine import TICK_S, Observation, Phase, Scene, Transition, ticks
from dynacollect.controllers.tasks import LONG_HORIZON, PICK, PLACE, TASKS, station
from dynacollect.controllers.transition_log import (
    Entry,
    first_difference,
    header,
    line,
    plain,
    read,
    replay,
    typed,
)
from dynacollect.rig.arms import ARMS, arm
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import ArmState, Command, Fault, Grip, ObjectState, Vector

PANDA = arm("franka-panda")
PUBLISHED = {
    "pick": (10.0, {"init": 0.48, "reset": 0.08, "approach-above": 0.40, "approach": 0.72, "grasp": 0.72, "lift": 0.20,
                    "to-goal": 0.60}),
    "place": (12.0, {"init": 0.28, "reset": 0.08, "approach-above": 0.40, "approach": 0.72, "grasp": 0.72, "lift": 0.0,
                     "approach-above-target": 0.40, "approach-target": 0.60, "place": 0.40, "to-goal": 0.60}),
}  # fmt: skip


def observation(rng: np.random.Generator, time: float, fault: Fault | None = None) -> Observation:
    pose = RigidTransform.from_components(rng.normal(size=3), Rotation.random(rng=rng))
    joints, speed, torque = rng.normal(size=(3, 7))
    state = ArmState(joints, speed, torque, pose, 0.08, 1 / 3, time, time + 1e-3, fault)
    velocity, spin = rng.normal(size=(2, 3))
    thing = ObjectState("cube", pose * pose, velocity, spin, rng.normal(size=(12, 12)), time - 0.1 / 3)
    return Observation(time, state, {"target0": thing, "container": replace(thing, object="bowl")}, "target0")


def recorded(seed: int, count: int = 40) -> tuple[list[str], DomProfile]:
    profile = DomProfile(Scene(PANDA, PICK, {}))
    rng = np.random.default_rng(seed)
    ticked = [observation(rng, 7.0 + TICK_S * index) for index in range(count)]
    state, lines = profile.start(ticked[0]), [header(profile)]
    for item in ticked:
        step = profile.step(state, item)
        lines.append(line(item, step))
        state = step.state
    return lines, profile


@pytest.mark.parametrize("name", PUBLISHED)
def test_waits_and_limits_are_the_published_ones(name: str) -> None:
    limit, waits = PUBLISHED[name]
    task = {"pick": PICK, "place": PLACE}[name]
    assert task.time_limit == limit
    assert dict(task.waits) == waits


def test_long_horizon_is_a_longer_place() -> None:
    assert LONG_HORIZON.time_limit == 20.0
    assert LONG_HORIZON.waits == PLACE.waits
    assert [task.name for task in TASKS.values() if task.places] == ["place", "long-horizon"]
    assert [task.name for task in TASKS.values() if task.gathers] == ["long-horizon"]


@pytest.mark.parametrize("name", ARMS)
def test_arms_end_at_the_published_goal_with_the_hand_down(name: str) -> None:
    goal = station(arm(name)).goal
    expected = (0.373, 0.0, 0.271) if name == "piper" else (0.3, 0.0, 0.3)
    np.testing.assert_allclose(goal.translation, expected)
    np.testing.assert_allclose(goal.rotation.apply([[0, 0, 1], [1, 0, 0]]), [[0, 0, -1], [1, 0, 0]], atol=1e-12)


def test_an_arm_starts_at_home() -> None:
    np.testing.assert_allclose(station(PANDA).start.translation, (0.466, 0.0, 0.383), atol=1e-3)


@pytest.mark.parametrize("wait", sorted({wait for task in TASKS.values() for wait in task.waits.values()}))
@pytest.mark.parametrize("start", [0.0, 0.1, 1234.56, 1e6 / 3])
def test_a_wait_is_a_whole_number_of_ticks_wherever_it_starts(wait: float, start: float) -> None:
    count = round(wait * 25)
    assert count == pytest.approx(wait * 25)
    assert ticks((start + count * TICK_S) - start) == ticks(wait) == count
    assert ticks((start + (count - 1) * TICK_S) - start) == count - 1


def test_a_jittering_clock_neither_adds_nor_drops_a_tick() -> None:
    assert ticks(0.72 - 0.003) == ticks(0.72 + 0.003) == 18


def test_phases_that_end() -> None:
    assert {phase for phase in Phase if phase.ended} == {Phase.DONE, Phase.FAILED}


def test_an_entry_comes_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    for index in range(50):
        seen = observation(rng, index / 3, Fault("reflex", "joint 3") if index % 2 else None)
        command = Command(T_base_tool=seen.arm.T_base_tool, velocity=rng.normal(size=3), grip=Grip(0.1, 1 / 3))
        change = Transition(index / 3, Phase.INIT, Phase.RESET, "because")
        entry = Entry(seen, command, (change,) * (index % 3))
        text = json.dumps(plain(entry))
        again = typed(Entry, json.loads(text))
        assert json.dumps(plain(again)) == text
        assert again.transitions == entry.transitions
        assert again.observation.arm.fault == seen.arm.fault
        now, then = again.observation.objects["target0"], seen.objects["target0"]
        np.testing.assert_array_equal(now.at(9.9).T_base_object.as_matrix(), then.at(9.9).T_base_object.as_matrix())
        np.testing.assert_array_equal(now.covariance, then.covariance)


@dataclass(frozen=True, slots=True)
class Rich:
    """A state with everything that one may hold."""

    phase: Phase
    samples: tuple[tuple[float, float, float], ...]
    vector: Vector
    goal: RigidTransform | None
    inner: DomState
    tries: int
    sure: bool


def test_a_state_comes_back_to_the_last_bit() -> None:
    inner = DomState(Phase.GRASP, 1 / 3, 0.1 + 0.2, "target0", (1 / 3, -0.0, 5e-324), np.pi / 7, -3)
    goal = RigidTransform.from_components([1 / 3, 2 / 3, 0.1], Rotation.from_rotvec([0.1, 0.2, 0.3]))
    rich = Rich(Phase.MEET, ((0.1, 0.2, 1 / 3), (1.0, 2.0, 3.0)), np.array([np.nan, np.inf]), goal, inner, 2, True)
    text = json.dumps(plain(rich))
    again = typed(Rich, json.loads(text))
    assert json.dumps(plain(again)) == text
    assert typed(DomState, json.loads(json.dumps(plain(inner)))) == again.inner == inner
    assert (again.phase, again.samples, again.tries, again.sure) == (rich.phase, rich.samples, 2, True)


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no plain form"):
        plain({"a": {1, 2}})


@pytest.mark.parametrize("seed", range(5))
def test_a_log_replays_exactly(seed: int) -> None:
    lines, profile = recorded(seed)
    assert first_difference(lines, profile) is None
    for (entry, step), row in zip(replay(lines, profile), lines[1:], strict=True):
        assert line(entry.observation, step) == row


def test_a_changed_line_is_found() -> None:
    lines, profile = recorded(0)
    row = json.loads(lines[20])
    row["command"]["grip"]["width"] = np.nextafter(row["command"]["grip"]["width"], 1.0)
    lines[20] = json.dumps(row)
    found = first_difference(lines, profile)
    assert found is not None
    assert found.observation.time == row["observation"]["time"]


@pytest.mark.parametrize(
    ("first", "reason"),
    [('{"schema": 99, "profile": "dom"}', "schema 1"), ('{"schema": 1, "profile": "intercept"}', "'intercept'")],
)
def test_a_log_of_something_else_is_refused(first: str, reason: str) -> None:
    _, profile = recorded(0, 1)
    with pytest.raises(DynacollectError, match=reason):
        list(read([first], profile))


def test_an_empty_log_is_refused() -> None:
    _, profile = recorded(0, 1)
    with pytest.raises(DynacollectError, match="not a machine log"):
        list(read([], profile))
