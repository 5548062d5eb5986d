"""The released machine from start to end: an ideal arm obeys, objects glide and stick to closed fingers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.controllers.dom import DomProfile
from dynacollect.controllers.machine import TICK_S, Observation, Phase, Scene, Step, Task, Transition
from dynacollect.controllers.tasks import LONG_HORIZON, PICK, PLACE, station
from dynacollect.controllers.transition_log import first_difference, header, line
from dynacollect.rig.arms import ArmModel, arm
from dynacollect.rig.nouns import ArmState, Command, ObjectState, Vector
from dynacollect.rig.objects import catalogue

PANDA, PIPER = arm("franka-panda"), arm("piper")
BOWL = np.array([0.40, -0.25, 0.021])
TOOL_SPEED = 0.8
CATCH = 0.03
"""How far from the tool point the fingers still close on an object, m."""


@dataclass
class Toy:
    """One object: it glides until held, and falls where it is let go."""

    name: str
    position: Vector
    velocity: Vector = field(default_factory=lambda: np.zeros(3))
    grip: Vector | None = None
    """From the tool to the object while held."""


@dataclass
class World:
    """A tool that goes straight to its goal at limited speed, fingers with a delay, and objects."""

    arm: ArmModel
    toys: Mapping[str, Toy]
    time: float = 50.0
    closed_since: float | None = None
    slips_at: float | None = None
    """When whatever is held is lost, once."""
    tool: RigidTransform = field(init=False)

    def __post_init__(self) -> None:
        self.tool = station(self.arm).start

    def observe(self) -> Observation:
        zeros = np.zeros(self.arm.joints)
        state = ArmState(self.arm.home, zeros, zeros, self.tool, 0.08, 0.0, self.time, self.time)
        objects = {key: self._state(toy) for key, toy in self.toys.items()}
        return Observation(self.time, state, objects, "target0", "container")

    def _state(self, toy: Toy) -> ObjectState:
        pose = RigidTransform.from_translation(toy.position)
        return ObjectState(toy.name, pose, toy.velocity, np.zeros(3), np.zeros((12, 12)), self.time)

    def obey(self, command: Command) -> None:
        self.time += TICK_S
        before = np.asarray(self.tool.translation)
        if command.T_base_tool is not None:
            self.tool = self._towards(command.T_base_tool)
        self._move_fingers(command)
        moved = np.asarray(self.tool.translation) - before
        for toy in self.toys.values():
            if toy.grip is None:
                toy.position = toy.position + toy.velocity * TICK_S
            else:
                toy.position, toy.velocity = self.tool.translation + toy.grip, moved / TICK_S

    def _towards(self, goal: RigidTransform) -> RigidTransform:
        way = goal.translation - self.tool.translation
        share = min(1.0, TOOL_SPEED * TICK_S / max(float(np.linalg.norm(way)), 1e-9))
        return RigidTransform.from_components(self.tool.translation + share * way, goal.rotation)

    def _move_fingers(self, command: Command) -> None:
        if command.grip is not None:
            shut = command.grip.width == 0.0
            self.closed_since = (self.closed_since or self.time) if shut else None
        slips = self.slips_at is not None and self.time >= self.slips_at
        if self.closed_since is None or slips:
            self._let_go()
        elif self.time - self.closed_since >= self.arm.gripper.delay:
            self._take()

    def _take(self) -> None:
        for key, toy in self.toys.items():
            gap = toy.position - self.tool.translation
            if key != "container" and toy.grip is None and np.hypot(gap[0], gap[1]) < CATCH and abs(gap[2]) < 0.02:
                toy.grip = gap

    def _let_go(self) -> None:
        for toy in self.toys.values():
            if toy.grip is not None:
                self.slips_at = None
                over_bowl = np.hypot(*(toy.position - BOWL)[:2]) < 0.06
                toy.position = np.array([*toy.position[:2], BOWL[2] + 0.01 if over_bowl else 0.03])
                toy.grip, toy.velocity = None, np.zeros(3)


def run(task: Task, world: World) -> tuple[Phase, tuple[Transition, ...], list[str]]:
    """Until the machine ends; with its log."""
    models = {"container": catalogue.load("bowl")}
    targets = tuple(key for key in world.toys if key.startswith("target"))
    machine = DomProfile(Scene(world.arm, task, models, targets))
    seen = world.observe()
    state, changes, lines = machine.start(seen), [], [header(machine)]
    while not state.phase.ended:
        step: Step = machine.step(state, seen)
        changes += step.transitions
        lines.append(line(seen, step))
        state = step.state
        world.obey(step.command)
        seen = world.observe()
    return state.phase, tuple(changes), lines


def table(*toys: tuple[tuple[float, float], tuple[float, float]], arm_model: ArmModel = PANDA) -> World:
    """Objects 3 cm high at their centres, by place and velocity, and a bowl."""
    things = {
        f"target{index}": Toy("cube", np.array([*place, 0.03]), np.array([*velocity, 0.0]))
        for index, (place, velocity) in enumerate(toys)
    }
    return World(arm_model, {**things, "container": Toy("bowl", BOWL)})


STILL = (0.0, 0.0)


@pytest.mark.parametrize("place", [(0.5, 0.1), (0.35, -0.3), (0.6, 0.25), (0.3, 0.0)])
def test_a_standing_object_is_picked_the_first_time(place: tuple[float, float]) -> None:
    phase, changes, _ = run(PICK, table((place, STILL)))
    assert phase == Phase.DONE
    assert [change.after for change in changes] == [
        Phase.APPROACH_ABOVE, Phase.APPROACH, Phase.GRASP, Phase.LIFT, Phase.TO_GOAL, Phase.DONE,
    ]  # fmt: skip


@pytest.mark.parametrize("speed", [0.03, 0.06, 0.12])
@pytest.mark.parametrize("direction", [-2.5, -1.6, 1.6])
def test_a_slow_object_is_picked(speed: float, direction: float) -> None:
    velocity = (speed * np.cos(direction), speed * np.sin(direction))
    start = (0.5 - velocity[0], -velocity[1])
    phase, _, _ = run(PICK, table((start, velocity)))
    assert phase == Phase.DONE


def test_the_waits_take_as_many_ticks_as_published() -> None:
    _, changes, _ = run(PICK, table(((0.5, 0.1), STILL)))
    spent = {change.before: change.time - before for change, before in
             zip(changes, [50.0, *(change.time for change in changes)], strict=False)}  # fmt: skip
    for phase in (Phase.INIT, Phase.APPROACH, Phase.GRASP, Phase.LIFT):
        assert spent[phase] == pytest.approx(PICK.waits[phase], abs=1e-6)


def test_an_object_out_of_reach_is_never_approached() -> None:
    phase, changes, _ = run(PICK, table(((0.9, 0.0), STILL)))
    assert phase == Phase.FAILED
    assert [change.before for change in changes] == [Phase.INIT]
    assert changes[0].time - 50.0 == pytest.approx(PICK.time_limit)


def test_a_dropped_object_is_picked_again() -> None:
    world = table(((0.5, 0.1), STILL))
    world.slips_at = 52.75
    phase, changes, _ = run(PICK, world)
    assert phase == Phase.DONE
    assert [change.reason for change in changes].count("lost the object") == 1
    assert [change.after for change in changes].count(Phase.APPROACH_ABOVE) == 2


@pytest.mark.parametrize(("place", "velocity"), [((0.5, 0.1), STILL), ((0.55, 0.3), (-0.02, -0.06))])
def test_an_object_is_placed(place: tuple[float, float], velocity: tuple[float, float]) -> None:
    world = table((place, velocity))
    phase, changes, _ = run(PLACE, world)
    assert phase == Phase.DONE
    assert changes[-1].reason == "placed and back at the goal"
    assert np.hypot(*(world.toys["target0"].position - BOWL)[:2]) < 0.02


@pytest.mark.slow
def test_three_objects_are_gathered() -> None:
    world = table(((0.5, 0.1), STILL), ((0.35, 0.15), STILL), ((0.45, 0.2), STILL))
    phase, changes, _ = run(LONG_HORIZON, world)
    assert phase == Phase.DONE
    assert [change.reason for change in changes].count("next object") == 2
    assert all(np.hypot(*(toy.position - BOWL)[:2]) < 0.06 for toy in world.toys.values())


def test_a_piper_picks() -> None:
    phase, _, _ = run(PICK, table(((0.35, 0.1), (0.0, -0.04)), arm_model=PIPER))
    assert phase == Phase.DONE


@pytest.mark.slow
@pytest.mark.parametrize("task", [PICK, PLACE, LONG_HORIZON], ids=lambda task: task.name)
def test_a_run_is_the_same_again_and_its_log_replays_exactly(task: Task) -> None:
    worlds = [table(((0.5, 0.2), (-0.01, -0.05)), ((0.35, 0.15), STILL)) for _ in range(2)]
    first, second = (run(task, world) for world in worlds)
    assert first == second
    models = {"container": catalogue.load("bowl")}
    scene = Scene(PANDA, task, models, ("target0", "target1"))
    assert first_difference(first[2], DomProfile(scene)) is None
    other = DomProfile(replace(scene, task=LONG_HORIZON if task is PICK else PICK))
    assert first_difference(first[2], other) is not None
