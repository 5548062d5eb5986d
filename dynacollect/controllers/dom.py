"""Profile `dom`: the released state machine, with its transitions, thresholds, waits and time limits.

Each tick commands what its phase wants and then looks for a transition, so that a phase's first command comes one tick
after it was entered. A wait runs from the tick that entered the phase. Where the published figures leave a choice, this
is how they are read:

- The hover test looks at the object as it is now: within 0.01 m along x and along y when it stands; a moving one only
  needs the tool at most 0.11 m above or below it, because the hover point runs 0.23 s ahead of it.
- The yaw of the grasp stays as it was when the descent began, down to the lift; its place is refreshed until the
  fingers close. Grasps half a turn apart count as equal.
- Lifting rises towards 0.10 m over the object, which comes along. A place needs no wait, but the tool at least 0.04 m
  over the place pose, so that the object clears the container's rim on the way over.
- The place pose is 0.10 m over the container's origin with the goal's rotation, and the hand hovers 0.10 m over that.
  The hover test there goes by the container's motion, not by that of the object in the hand.
- An object counts as lost when it is farther than 0.10 m from the tool at any time from the lift until the fingers
  open, and as placed while its centre is in the container's zone (within 0.06 m of the origin where no zone is known).
- Done is, for a pick, the tool at the goal with the object, and for a place, the tool at the goal after five placed
  checks running; five checks running that find it elsewhere start over. Long-horizon tasks go on to the next object as
  soon as one is placed, and are done when all lie in the container.
- An object or container that is not observed stops the machine, not its time limit.
- The fingers press with the middle of what the gripper can, and the hand stays above the object's top by its fingers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Command, Grip, ObjectState, Vector
from .grasp import grasp_pose, hand_down, heading, yaw_between
from .machine import Observation, Phase, Scene, Step, Transition, ticks
from .tasks import PLACED_CHECKS, Station, station

LOOK_AHEAD_S = 0.23
HOVER = 0.10
"""Over the grasp point, and over the place pose, m."""
NEAR = 0.01
"""Grasp distance: how exactly the tool must be over the object, m."""
ALIGNED = float(np.deg2rad(15.0))
HELD = 0.10
"""Farthest that a held object's centre is from the tool, m."""
AT_GOAL = 0.015
PLACE_HEIGHT = 0.10
"""Of the tool over the container's origin when the fingers open, m."""
CLEAR = 0.04
"""Of the tool over the place pose before it moves sideways, m."""
ZONE_RADIUS = 0.06
"""What counts as in a container of unknown shape, m from its origin on the table."""
HOVER_STILL = 0.05
"""Slower than this the hover test is the one for standing objects, m/s."""
GRASP_STILL = 0.10
"""Slower than this the footprint turns the grasp, not the velocity, m/s."""


@dataclass(frozen=True, slots=True)
class DomState:
    phase: Phase
    entered_at: float
    started_at: float
    target: str
    hold: tuple[float, float, float] | None = None
    """Where the tool was last sent to grasp; kept while the fingers close."""
    yaw: float | None = None
    """Of the grasp, from the start of the descent on."""
    checks: int = 0
    """Ticks running that saw the object in the container, negative for out of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one tick knows: the observation seen with the state's memory."""

    scene: Scene
    station: Station
    state: DomState
    observation: Observation
    grasp: RigidTransform
    """T_base_tool of the grasp of the object where it will be."""

    @property
    def object(self) -> ObjectState:
        return self.observation.objects[self.state.target]

    @property
    def container(self) -> ObjectState:
        return self.observation.objects[self.observation.container or ""]

    @property
    def tool(self) -> RigidTransform:
        return self.observation.arm.T_base_tool

    def place(self) -> RigidTransform:
        """T_base_tool over the container."""
        up = np.array([0.0, 0.0, PLACE_HEIGHT])
        return RigidTransform.from_components(self.container.position + up, self.station.goal.rotation)

    def waited(self) -> bool:
        wait = self.scene.task.waits.get(self.state.phase, 0.0)
        return ticks(self.observation.time - self.state.entered_at) >= ticks(wait)

    def reachable(self) -> bool:
        return float(np.linalg.norm(self.grasp.translation)) < self.scene.arm.reach

    def over_object(self) -> bool:
        return self._over(self.object.position, self.object)

    def over_container(self) -> bool:
        return self._over(self.place().translation, self.container)

    def _over(self, point: Vector, thing: ObjectState) -> bool:
        x, y, z = np.abs(self.tool.translation - point)
        if float(np.linalg.norm(thing.velocity)) < HOVER_STILL:
            return bool(x <= NEAR and y <= NEAR)
        return bool(z <= HOVER + NEAR)

    def aligned(self) -> bool:
        return yaw_between(heading(self.grasp), heading(self.tool)) < ALIGNED

    def lost(self) -> bool:
        return float(np.linalg.norm(self.tool.translation - self.object.position)) > HELD

    def lifted(self) -> bool:
        return float(self.tool.translation[2] - self.place().translation[2]) > CLEAR

    def at_goal(self) -> bool:
        return float(np.linalg.norm(self.tool.translation - self.station.goal.translation)) < AT_GOAL

    def placed(self, key: str) -> bool:
        """Whether an object lies in the container; one that is not seen does not."""
        if key not in self.observation.objects:
            return False
        local = self.container.T_base_object.inv().apply(self.observation.objects[key].position)
        zone = self.scene.zone(self.observation.container or "")
        return zone.contains(local) if zone else bool(np.hypot(local[0], local[1]) <= ZONE_RADIUS)

    def next_target(self) -> str | None:
        """The first object still to be gathered."""
        left = self.scene.targets if self.scene.task.gathers else ()
        return next((key for key in left if not self.placed(key)), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One transition out of a phase; the first whose test holds is taken."""

    after: Phase
    reason: str
    test: Callable[[Facts], bool]


Rules = Mapping[Phase, tuple[Rule, ...]]

_LOST = Rule(Phase.RESET, "lost the object", Facts.lost)
_STARTS = Rule(Phase.APPROACH_ABOVE, "object in reach", lambda tick: tick.waited() and tick.reachable())
_DESCENDS = Rule(
    Phase.APPROACH, "over the object", lambda tick: tick.waited() and tick.over_object() and tick.aligned()
)
_GRASPS: Rules = {
    Phase.INIT: (_STARTS,),
    Phase.RESET: (_STARTS,),
    Phase.APPROACH_ABOVE: (Rule(Phase.RESET, "object out of reach", lambda tick: not tick.reachable()), _DESCENDS),
    Phase.APPROACH: (Rule(Phase.GRASP, "waited to arrive", Facts.waited),),
    Phase.GRASP: (Rule(Phase.LIFT, "waited to close", Facts.waited),),
}
PICK_RULES: Rules = MappingProxyType(
    {
        **_GRASPS,
        Phase.LIFT: (_LOST, Rule(Phase.TO_GOAL, "lifted", Facts.waited)),
        Phase.TO_GOAL: (
            _LOST,
            Rule(Phase.DONE, "at the goal with the object", lambda tick: tick.waited() and tick.at_goal()),
        ),
    }
)
PLACE_RULES: Rules = MappingProxyType(
    {
        **_GRASPS,
        Phase.LIFT: (
            _LOST,
            Rule(Phase.APPROACH_ABOVE_TARGET, "lifted", lambda tick: tick.waited() and tick.lifted()),
        ),
        Phase.APPROACH_ABOVE_TARGET: (
            _LOST,
            Rule(Phase.APPROACH_TARGET, "over the container", lambda tick: tick.waited() and tick.over_container()),
        ),
        Phase.APPROACH_TARGET: (_LOST, Rule(Phase.PLACE, "waited to arrive", Facts.waited)),
        Phase.PLACE: (Rule(Phase.TO_GOAL, "waited to open", Facts.waited),),
        Phase.TO_GOAL: (
            Rule(Phase.RESET, "not in the container", lambda tick: tick.state.checks <= -PLACED_CHECKS),
            Rule(
                Phase.RESET,
                "next object",
                lambda tick: tick.state.checks >= PLACED_CHECKS and tick.next_target() is not None,
            ),
            Rule(
                Phase.DONE,
                "placed and back at the goal",
                lambda tick: tick.state.checks >= PLACED_CHECKS and tick.waited() and tick.at_goal(),
            ),
        ),
    }
)

_CLOSED = (Phase.GRASP, Phase.LIFT, Phase.APPROACH_ABOVE_TARGET, Phase.APPROACH_TARGET)


class DomProfile:
    """The released machine for a scene."""

    name = "dom"
    state_type = DomState

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._station = station(scene.arm)
        gripper = scene.arm.gripper
        force = 0.5 * (gripper.min_force + gripper.max_force)
        self._open = Grip(gripper.max_width, force)
        self._close = Grip(0.0, force)
        self._rules = PLACE_RULES if scene.task.places else PICK_RULES

    def start(self, observation: Observation) -> DomState:
        if self._scene.task.places and observation.container is None:
            raise DynacollectError(f"The task '{self._scene.task.name}' needs a container; put one on the table.")
        first = self._scene.targets[0] if self._scene.task.gathers and self._scene.targets else observation.target
        return DomState(Phase.INIT, observation.time, observation.time, first)

    def step(self, state: DomState, observation: Observation) -> Step[DomState]:
        if state.phase.ended:
            return Step(state, Command())
        if not self._sees(state, observation):
            return self._timed(state, observation, Command(grip=self._grip(state.phase)))
        tick = self._looked(state, observation)
        state, goal = self._act(tick)
        command = Command(T_base_tool=goal, grip=self._grip(state.phase))
        tick = replace(tick, state=state)
        rule = next((rule for rule in self._rules[state.phase] if rule.test(tick)), None)
        if rule is None or (not rule.after.ended and self._late(state, observation)):
            return self._timed(state, observation, command)
        change = Transition(observation.time, state.phase, rule.after, rule.reason)
        return Step(self._entered(tick, rule), command, (change,))

    def _sees(self, state: DomState, observation: Observation) -> bool:
        needed = {state.target, observation.container or ""} if self._scene.task.places else {state.target}
        return needed <= observation.objects.keys()

    def _looked(self, state: DomState, observation: Observation) -> Facts:
        """The tick's facts, with one more look into the container where that counts."""
        thing = observation.objects[state.target]
        grasp = grasp_pose(
            self._scene.arm,
            self._scene.model(state.target),
            thing.at(observation.time + LOOK_AHEAD_S),
            moving=float(np.linalg.norm(thing.velocity)) >= GRASP_STILL,
            yaw=heading(observation.arm.T_base_tool),
            finger=self._station.finger,
        )
        tick = Facts(self._scene, self._station, state, observation, grasp)
        if state.phase != Phase.TO_GOAL or not self._scene.task.places:
            return tick
        checks = max(state.checks, 0) + 1 if tick.placed(state.target) else min(state.checks, 0) - 1
        return replace(tick, state=replace(state, checks=checks))

    def _act(self, tick: Facts) -> tuple[DomState, RigidTransform]:
        """Where the tool shall go in this phase, and what to keep in mind of it."""
        state = tick.state
        match state.phase:
            case Phase.INIT:
                return state, self._station.start
            case Phase.RESET | Phase.APPROACH_ABOVE:
                away = state.phase == Phase.RESET and not tick.reachable()
                return state, self._station.goal if away else _raised(tick.grasp)
            case Phase.APPROACH:
                yaw = heading(tick.grasp) if state.yaw is None else state.yaw
                x, y, z = (float(value) for value in tick.grasp.translation)
                return replace(state, hold=(x, y, z), yaw=yaw), hand_down(tick.grasp.translation, yaw)
            case Phase.GRASP:
                return state, hand_down(np.array(state.hold), state.yaw or 0.0)
            case Phase.LIFT:
                return state, _raised(hand_down(tick.object.position, state.yaw or 0.0))
            case Phase.APPROACH_ABOVE_TARGET:
                return state, _raised(tick.place())
            case Phase.APPROACH_TARGET | Phase.PLACE:
                return state, tick.place()
            case _:
                return state, self._station.goal

    def _grip(self, phase: Phase) -> Grip:
        carries = phase == Phase.TO_GOAL and not self._scene.task.places
        return self._close if carries or phase in _CLOSED else self._open

    def _late(self, state: DomState, observation: Observation) -> bool:
        return ticks(observation.time - state.started_at) >= ticks(self._scene.task.time_limit)

    def _timed(self, state: DomState, observation: Observation, command: Command) -> Step[DomState]:
        """No transition but the end of time."""
        if not self._late(state, observation):
            return Step(state, command)
        change = Transition(observation.time, state.phase, Phase.FAILED, "time is up")
        failed = replace(state, phase=Phase.FAILED, entered_at=observation.time)
        return Step(failed, command, (change,))

    def _entered(self, tick: Facts, rule: Rule) -> DomState:
        state = replace(tick.state, phase=rule.after, entered_at=tick.observation.time)
        if rule.after == Phase.RESET:
            target = tick.next_target() or state.target
            return replace(state, target=target, hold=None, yaw=None, checks=0)
        return replace(state, checks=0) if rule.after == Phase.TO_GOAL else state


def _raised(pose: RigidTransform) -> RigidTransform:
    return RigidTransform.from_components(pose.translation + np.array([0.0, 0.0, HOVER]), pose.rotation)
