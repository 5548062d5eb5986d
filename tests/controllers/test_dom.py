"""Every transition of the released machine: one row each, with what just does and what just does not take it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.dom import PICK_RULES, PLACE_RULES, DomProfile, DomState
from dynacollect.controllers.grasp import hand_down
from dynacollect.controllers.machine import TICK_S, Observation, Phase, Scene, Task, Transition
from dynacollect.controllers.tasks import LONG_HORIZON, PICK, PLACE, TASKS
from dynacollect.controllers.transition_log import plain
from dynacollect.rig.arms import arm
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import ArmState, ObjectState
from dynacollect.rig.objects import catalogue

PANDA = arm("franka-panda")
ENTERED = 100.0
HAIR = 1e-6
OBJECT = (0.45, 0.10, 0.03)
BOWL = (0.40, -0.20, 0.02)
GOAL = (0.3, 0.0, 0.3)
IN_BOWL = (0.40, -0.20, 0.04)
ON_TABLE = (0.55, 0.10, 0.03)
RIM = float(np.sqrt(PANDA.reach**2 - (OBJECT[2] - 0.008) ** 2))
"""How far out an object's grasp is at the end of the reach."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Seen:
    """A tick as the table writes it: seconds since the phase began, and where things are."""

    after: float = 1.0
    tool: Point = OBJECT
    yaw: float = 0.0
    object: Point | None = OBJECT
    velocity: Point = (0.0, 0.0, 0.0)
    bowl: Point | None = BOWL
    bowl_velocity: Point = (0.0, 0.0, 0.0)
    others: Mapping[str, Point] = field(default_factory=dict)

    def observation(self, **arm_changes: Any) -> Observation:
        time = ENTERED + self.after
        zeros = np.zeros(7)
        pose = hand_down(np.array(self.tool), self.yaw)
        state = replace(ArmState(PANDA.home, zeros, zeros, pose, 0.08, 0.0, time, time), **arm_changes)
        placed = {key: (point, (0.0, 0.0, 0.0)) for key, point in self.others.items()}
        if self.object:
            placed["target0"] = (self.object, self.velocity)
        if self.bowl:
            placed["container"] = (self.bowl, self.bowl_velocity)
        objects = {key: thing(key, point, velocity, time) for key, (point, velocity) in placed.items()}
        return Observation(time, state, objects, "target0", "container")


def thing(key: str, point: Point, velocity: Point, time: float) -> ObjectState:
    pose = RigidTransform.from_translation(point)
    return ObjectState(key, pose, np.array(velocity), np.zeros(3), np.zeros((12, 12)), time)


def moved(point: Point, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Point:
    return (point[0] + x, point[1] + y, point[2] + z)


def tool_at(x: float = 0.0, y: float = 0.0) -> Seen:
    return Seen(tool=moved(OBJECT, x, y))


def profile(task: Task) -> DomProfile:
    models = {"target0": None, "target1": None, "container": catalogue.load("bowl")}
    return DomProfile(Scene(PANDA, task, models, ("target0", "target1") if task.gathers else ()))


def state(phase: Phase, **changes: Any) -> DomState:
    """In a phase since ENTERED, with all the time left."""
    return replace(DomState(phase, ENTERED, ENTERED, "target0", OBJECT, 0.0), **changes)


@dataclass(frozen=True)
class Row:
    task: Task
    before: Phase
    after: Phase
    reason: str
    just: Seen
    not_quite: Seen
    state: Mapping[str, Any] = field(default_factory=dict)
    state_not_quite: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        return f"{self.task.name}: {self.before} -> {self.after}: {self.reason}"


def wait(task: Task, before: Phase, after: Phase, reason: str, seen: Seen = Seen(), **extra: Any) -> Row:
    """A row whose test is the wait of the phase, to the tick."""
    seconds = task.waits[before]
    just, early = replace(seen, after=seconds), replace(seen, after=seconds - TICK_S)
    return Row(task, before, after, reason, just, early, extra)


def edge(task: Task, before: Phase, after: Phase, reason: str, just: Seen, not_quite: Seen, **extra: Any) -> Row:
    return Row(task, before, after, reason, just, not_quite, extra)


INIT, RESET, ABOVE, APPROACH, GRASP, LIFT = (
    Phase.INIT, Phase.RESET, Phase.APPROACH_ABOVE, Phase.APPROACH, Phase.GRASP, Phase.LIFT,
)  # fmt: skip
OVER, DOWN, PUT, TO_GOAL, DONE = (
    Phase.APPROACH_ABOVE_TARGET, Phase.APPROACH_TARGET, Phase.PLACE, Phase.TO_GOAL, Phase.DONE,
)  # fmt: skip
IN_REACH, OUT_OF_REACH = (Seen(object=(RIM + step, 0.0, OBJECT[2])) for step in (-HAIR, HAIR))
HELD, LOST = (Seen(object=moved(OBJECT, x=0.1 + step)) for step in (-HAIR, HAIR))
SLOW, FAST = (0.049, 0.0, 0.0), (0.051, 0.0, 0.0)
OFF_SIDE = moved(OBJECT, x=0.02)
CARRIED = Seen(tool=moved(BOWL, z=0.2), object=moved(BOWL, z=0.19))


def shared(task: Task) -> list[Row]:
    """What picks and places have in common, until the object is in the hand."""
    reach, away, over = "object in reach", "object out of reach", "over the object"
    along_x = np.pi / 2
    gone = replace(CARRIED, object=moved(BOWL, z=0.3 + HAIR)), replace(CARRIED, object=moved(BOWL, z=0.3 - HAIR))
    last = TO_GOAL if task is PICK else OVER
    return [
        wait(task, INIT, ABOVE, reach),
        edge(task, INIT, ABOVE, reach, IN_REACH, OUT_OF_REACH),
        wait(task, RESET, ABOVE, reach),
        edge(task, RESET, ABOVE, reach, IN_REACH, OUT_OF_REACH),
        edge(task, ABOVE, RESET, away, replace(OUT_OF_REACH, after=0.0), replace(IN_REACH, after=0.0)),
        wait(task, ABOVE, APPROACH, over),
        edge(task, ABOVE, APPROACH, over, tool_at(x=0.01 - HAIR), tool_at(x=0.01 + HAIR)),
        edge(task, ABOVE, APPROACH, over, tool_at(y=HAIR - 0.01), tool_at(y=-HAIR - 0.01)),
        edge(task, ABOVE, APPROACH, over, Seen(tool=OFF_SIDE, velocity=FAST), Seen(tool=OFF_SIDE, velocity=SLOW)),
        edge(task, ABOVE, APPROACH, over, Seen(tool=moved(OFF_SIDE, z=0.11 - HAIR), velocity=FAST),
             Seen(tool=moved(OFF_SIDE, z=0.11 + HAIR), velocity=FAST)),
        edge(task, ABOVE, APPROACH, over, Seen(yaw=along_x + np.deg2rad(15) - HAIR, velocity=(0.101, 0.0, 0.0)),
             Seen(yaw=along_x + np.deg2rad(15) + HAIR, velocity=(0.101, 0.0, 0.0))),
        edge(task, ABOVE, APPROACH, over, Seen(velocity=(0.099, 0.0, 0.0)), Seen(velocity=(0.101, 0.0, 0.0))),
        wait(task, APPROACH, GRASP, "waited to arrive"),
        wait(task, GRASP, LIFT, "waited to close"),
        edge(task, LIFT, RESET, "lost the object", replace(LOST, after=0.04), replace(HELD, after=0.04)),
        edge(task, last, RESET, "lost the object", *(replace(seen, after=0.04) for seen in gone)),
    ]  # fmt: skip


def placing(task: Task) -> list[Row]:
    """What places do once the object is in the hand."""
    lift_just, lift_low = (Seen(tool=moved(BOWL, z=0.14 + step), object=moved(BOWL, z=0.1)) for step in (HAIR, -HAIR))
    gone, kept = (replace(CARRIED, object=moved(BOWL, z=0.3 + step), after=0.04) for step in (HAIR, -HAIR))
    home = Seen(tool=GOAL, object=IN_BOWL, others={"target1": IN_BOWL})
    out = Seen(tool=GOAL, object=ON_TABLE, others={"target1": IN_BOWL}, after=0.04)
    off_bowl = replace(CARRIED, tool=moved(BOWL, x=0.05, z=0.2))
    return [
        edge(task, LIFT, OVER, "lifted", replace(lift_just, after=0.0), replace(lift_low, after=9.0)),
        wait(task, OVER, DOWN, "over the container", CARRIED),
        edge(task, OVER, DOWN, "over the container", replace(CARRIED, tool=moved(BOWL, x=0.01 - HAIR, z=0.2)),
             replace(CARRIED, tool=moved(BOWL, x=0.01 + HAIR, z=0.2))),
        edge(task, OVER, DOWN, "over the container", replace(off_bowl, bowl_velocity=FAST),
             replace(off_bowl, bowl_velocity=SLOW)),
        edge(task, DOWN, RESET, "lost the object", gone, kept),
        wait(task, DOWN, PUT, "waited to arrive", CARRIED),
        wait(task, PUT, TO_GOAL, "waited to open", CARRIED),
        Row(task, TO_GOAL, RESET, "not in the container", out, out, {"checks": -4}, {"checks": -3}),
        edge(task, TO_GOAL, RESET, "not in the container", out, replace(out, object=IN_BOWL), checks=-4),
        Row(task, TO_GOAL, DONE, "placed and back at the goal", home, home, {"checks": 4}, {"checks": 3}),
        edge(task, TO_GOAL, DONE, "placed and back at the goal", home, replace(home, object=ON_TABLE), checks=4),
        wait(task, TO_GOAL, DONE, "placed and back at the goal", home, checks=20),
        edge(task, TO_GOAL, DONE, "placed and back at the goal", replace(home, tool=moved(GOAL, x=0.015 - HAIR)),
             replace(home, tool=moved(GOAL, x=0.015 + HAIR)), checks=4),
    ]  # fmt: skip


MORE = Seen(tool=IN_BOWL, object=IN_BOWL, others={"target1": ON_TABLE}, after=0.04)
BACK = Seen(tool=GOAL, object=GOAL)
ROWS = [
    *shared(PICK),
    wait(PICK, LIFT, TO_GOAL, "lifted"),
    wait(PICK, TO_GOAL, DONE, "at the goal with the object", BACK),
    edge(PICK, TO_GOAL, DONE, "at the goal with the object", replace(BACK, tool=moved(GOAL, z=0.015 - HAIR)),
         replace(BACK, tool=moved(GOAL, z=0.015 + HAIR))),
    *shared(PLACE), *placing(PLACE),
    *shared(LONG_HORIZON), *placing(LONG_HORIZON),
    Row(LONG_HORIZON, TO_GOAL, RESET, "next object", MORE, MORE, {"checks": 4}, {"checks": 3}),
    edge(LONG_HORIZON, TO_GOAL, RESET, "next object", MORE, replace(MORE, others={"target1": IN_BOWL}), checks=4),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_transition_comes_when_its_condition_just_holds(row: Row) -> None:
    machine = profile(row.task)
    step = machine.step(state(row.before, **row.state), row.just.observation())
    time = ENTERED + row.just.after
    assert step.transitions == (Transition(time, row.before, row.after, row.reason),)
    assert (step.state.phase, step.state.entered_at) == (row.after, time)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_transition_does_not_come_when_its_condition_just_fails(row: Row) -> None:
    machine = profile(row.task)
    changes = row.state if row.state_not_quite is None else row.state_not_quite
    step = machine.step(state(row.before, **changes), row.not_quite.observation())
    assert (row.after, row.reason) not in [(change.after, change.reason) for change in step.transitions]
    if not step.transitions:
        assert (step.state.phase, step.state.entered_at) == (row.before, ENTERED)


@pytest.mark.parametrize(("task", "rules"), [(PICK, PICK_RULES), (PLACE, PLACE_RULES), (LONG_HORIZON, PLACE_RULES)])
def test_the_table_has_a_row_for_every_transition(task: Task, rules: Any) -> None:
    known = {(before, rule.after, rule.reason) for before, listed in rules.items() for rule in listed}
    rows = {(row.before, row.after, row.reason) for row in ROWS if row.task is task}
    assert known - {(TO_GOAL, RESET, "next object")} == rows - {(TO_GOAL, RESET, "next object")}
    assert ((TO_GOAL, RESET, "next object") in rows) == task.gathers


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_time_is_up_in_every_phase_to_the_tick(task: Task) -> None:
    rules = PLACE_RULES if task.places else PICK_RULES
    for phase in rules:
        for seconds, failed in ((task.time_limit - TICK_S, False), (task.time_limit, True)):
            began = state(phase, entered_at=ENTERED + seconds, yaw=0.0)
            step = profile(task).step(began, replace(CARRIED, after=seconds).observation())
            assert (step.state.phase == Phase.FAILED) == failed, phase
            if failed:
                assert step.transitions == (Transition(ENTERED + seconds, phase, Phase.FAILED, "time is up"),)


def test_success_on_the_last_tick_counts() -> None:
    began = state(TO_GOAL, entered_at=ENTERED)
    step = profile(PICK).step(began, replace(BACK, after=PICK.time_limit).observation())
    assert step.state.phase == DONE


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.FAILED])
def test_what_has_ended_stays_so_and_commands_nothing(phase: Phase) -> None:
    step = profile(PICK).step(state(phase), Seen(after=99.0).observation())
    assert step.state.phase == phase
    assert step.transitions == ()
    assert step.command.T_base_tool is None
    assert step.command.grip is None


@pytest.mark.parametrize("seen", [Seen(object=None), Seen(bowl=None)], ids=["object", "container"])
def test_what_is_not_seen_stops_the_machine_but_not_its_time(seen: Seen) -> None:
    machine = profile(PLACE)
    waiting = machine.step(state(GRASP), seen.observation())
    assert (waiting.state, waiting.transitions) == (state(GRASP), ())
    assert waiting.command.T_base_tool is None
    assert waiting.command.grip is not None
    assert waiting.command.grip.width == 0.0
    late = machine.step(state(GRASP), replace(seen, after=12.0).observation())
    assert late.state.phase == Phase.FAILED


def test_a_pick_needs_no_container() -> None:
    step = profile(PICK).step(state(GRASP), Seen(bowl=None).observation())
    assert step.state.phase == LIFT


def test_a_place_without_a_container_is_refused() -> None:
    with pytest.raises(DynacollectError, match="needs a container"):
        profile(PLACE).start(replace(Seen().observation(), container=None))


def test_a_start_waits_at_home_with_open_fingers() -> None:
    machine = profile(PICK)
    first = Seen(after=0.0).observation()
    step = machine.step(machine.start(first), first)
    goal, grip = step.command.T_base_tool, step.command.grip
    assert goal is not None
    assert grip is not None
    np.testing.assert_allclose(goal.translation, (0.466, 0.0, 0.383), atol=1e-3)
    assert grip.width == PANDA.gripper.max_width
    assert step.state.phase == INIT


GOALS: list[tuple[Task, Phase, Seen, Point, bool]] = [
    (PICK, RESET, replace(OUT_OF_REACH, after=0.0), GOAL, False),
    (PICK, RESET, Seen(after=0.0), moved(OBJECT, z=0.092), False),
    (PICK, ABOVE, Seen(after=0.0, velocity=(0.2, -0.1, 0.0)), moved(OBJECT, 0.046, -0.023, 0.092), False),
    (PICK, APPROACH, Seen(after=0.0, velocity=(0.2, -0.1, 0.0)), moved(OBJECT, 0.046, -0.023, -0.008), False),
    (PICK, GRASP, Seen(after=0.0, object=ON_TABLE), OBJECT, True),
    (PICK, LIFT, Seen(after=0.0), moved(OBJECT, z=0.1), True),
    (PICK, TO_GOAL, Seen(after=0.0), GOAL, True),
    (PLACE, OVER, replace(CARRIED, after=0.0), moved(BOWL, z=0.2), True),
    (PLACE, DOWN, replace(CARRIED, after=0.0), moved(BOWL, z=0.1), True),
    (PLACE, PUT, replace(CARRIED, after=0.0), moved(BOWL, z=0.1), False),
    (PLACE, TO_GOAL, Seen(after=0.0), GOAL, False),
]


@pytest.mark.parametrize(
    ("task", "phase", "seen", "goal", "closed"), GOALS, ids=[f"{row[0].name} {row[1]}" for row in GOALS]
)
def test_each_phase_sends_the_tool_where_it_should(
    task: Task, phase: Phase, seen: Seen, goal: Point, closed: bool
) -> None:
    command = profile(task).step(state(phase), seen.observation()).command
    assert command.T_base_tool is not None
    assert command.grip is not None
    np.testing.assert_allclose(command.T_base_tool.translation, goal, atol=1e-9)
    assert (command.grip.width == 0.0) == closed
    assert PANDA.gripper.min_force < command.grip.force < PANDA.gripper.max_force


def test_the_yaw_is_kept_from_the_start_of_the_descent_and_the_place_refreshed() -> None:
    machine = profile(PICK)
    first = machine.step(state(APPROACH, yaw=None), Seen(after=0.0, velocity=(0.2, 0.0, 0.0)).observation())
    turned = replace(Seen(), after=0.04, velocity=(0.0, 0.2, 0.0)).observation()
    second = machine.step(first.state, turned)
    assert first.command.T_base_tool is not None
    assert second.command.T_base_tool is not None
    np.testing.assert_array_equal(
        first.command.T_base_tool.rotation.as_quat(), second.command.T_base_tool.rotation.as_quat()
    )
    np.testing.assert_allclose(second.command.T_base_tool.translation[:2], [0.45, 0.146])
    assert second.state.hold == pytest.approx((0.45, 0.146, 0.022))


def test_an_old_state_of_the_object_is_looked_ahead_from_when_it_was_true() -> None:
    fresh = Seen(after=0.0, velocity=(0.2, 0.0, 0.0)).observation()
    old = replace(fresh.objects["target0"], valid_at=fresh.time - 0.1)
    step = profile(PICK).step(state(ABOVE), replace(fresh, objects={**fresh.objects, "target0": old}))
    assert step.command.T_base_tool is not None
    assert step.command.T_base_tool.translation[0] == pytest.approx(0.45 + 0.2 * (0.23 + 0.1))


def test_a_lost_object_starts_afresh() -> None:
    step = profile(PICK).step(state(LIFT, checks=2), LOST.observation())
    assert (step.state.hold, step.state.yaw, step.state.checks) == (None, None, 0)


def test_the_next_object_becomes_the_target() -> None:
    step = profile(LONG_HORIZON).step(state(TO_GOAL, checks=4), MORE.observation())
    assert step.state.target == "target1"


def test_an_object_knocked_out_of_the_container_is_brought_again() -> None:
    seen = Seen(tool=IN_BOWL, object=ON_TABLE, others={"target1": IN_BOWL}, after=0.04)
    step = profile(LONG_HORIZON).step(state(TO_GOAL, checks=4, target="target1"), seen.observation())
    assert (step.state.phase, step.state.target) == (RESET, "target0")


@pytest.mark.parametrize(("inside", "checks", "after"), [(True, 3, 4), (True, -4, 1), (False, -2, -3), (False, 4, -1)])
def test_checks_count_only_while_they_run(inside: bool, checks: int, after: int) -> None:
    seen = Seen(tool=IN_BOWL, object=IN_BOWL if inside else ON_TABLE, after=0.04)
    step = profile(PLACE).step(state(TO_GOAL, checks=checks), seen.observation())
    assert step.state.checks == after


def test_a_container_of_unknown_shape_counts_by_its_middle() -> None:
    machine = DomProfile(Scene(PANDA, PLACE, {}))
    for gap, count in ((0.06 - HAIR, 1), (0.06 + HAIR, -1)):
        step = machine.step(state(TO_GOAL), Seen(tool=GOAL, object=moved(BOWL, x=gap), after=0.04).observation())
        assert step.state.checks == count


@pytest.mark.parametrize("row", ROWS[::3], ids=lambda row: row.name)
def test_a_step_is_pure(row: Row) -> None:
    seen, before = row.just.observation(), state(row.before, **row.state)
    kept = deepcopy(plain((seen, before)))
    first = profile(row.task).step(before, seen)
    again = profile(row.task).step(before, row.just.observation())
    assert plain((seen, before)) == kept
    assert plain(first) == plain(again)


def test_half_a_turn_of_the_hand_makes_no_difference() -> None:
    seen = Seen(yaw=-np.pi / 2, velocity=(0.2, 0.0, 0.0))
    assert profile(PICK).step(state(ABOVE), seen.observation()).state.phase == APPROACH


def test_a_tilted_hand_is_judged_by_how_its_fingers_close() -> None:
    tilted = RigidTransform.from_components(
        OBJECT, Rotation.from_euler("y", -30, degrees=True) * hand_down(np.zeros(3), 0.0).rotation
    )
    seen = Seen(velocity=(0.0, 0.2, 0.0)).observation(T_base_tool=tilted)
    assert profile(PICK).step(state(ABOVE), seen).state.phase == APPROACH
