"""The default profile: meet the object where it will be, move along with it, and close when the fingers are around it.

Each tick plans anew from the newest state. The hand aims for the place over the object that it can reach soonest,
given the arm's limits, and arrives there with the object's own velocity; then it goes down while moving along, and the
grip command leaves early by the gripper's delay. Since nothing moves between hand and object, the closing time costs
way on the table, not accuracy. `lag`, the measured time from a set-point to the motion, is in every prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import Command, Grip, ObjectState
from .ahead import FAST, OVER_M, Gate, gate_ahead
from .closing import choose, choose_ahead, down, natural_yaw, opening_for
from .intercept_state import InterceptState
from .machine import TICK_S, Observation, Phase, Scene, Step, Transition
from .meeting import HOVER_M, LEAST_HORIZON_S, MeetingPlanner
from .predict import predict
from .surroundings import Workspace, in_container, release_pose, size, tool_velocity, top, yaw_error
from .tasks import station
from .track import Track

LEAST_DOWN_S = 0.16
PACE = 1.0
SINK_SHARE = 0.8
"""Of the slowest joint's acceleration, at the arm's reach, that the hand sinks with."""
QUINTIC_PEAK = 5.77
"""Acceleration of a smooth way over distance / time^2, at most."""
CLOSE_EARLY_S = 0.04
"""Before the hand has come to rest at the grasp, with the tips already beside the object."""
ALIGNED_M = 0.012
ALIGNED_M_S = 0.12
SLIPPED_M = 0.03
"""Off by more than this while going down, the hand goes up again."""
LIFT_M = 0.10
BRAKING_S = 0.12
"""Way that the hand takes to come to rest while lifting, over its speed."""
HELD_M = 0.07
"""A held object's centre stays this close to the tool."""
HELD_SHARE = 0.4
"""Of the expected width that the fingers must be kept apart by."""
CARRY_M = 0.08
"""Higher, on the way to the container."""
OTHER_S = 1.0
"""After so long out of reach, another object is gone for first."""
STEADY_M = 0.0004
SETTLE_S = 0.12
GOAL_TOLERANCE = 0.015
PLACED_CHECKS = 5
GRIP_SHARE, MORE_GRIP = 0.35, 0.15
"""Of the gripper's range of forces, and how much more of it after each failure."""


class Intercept:
    """A `Profile`; pure: what it returns follows from its arguments alone."""

    name = "intercept"
    state_type = InterceptState

    def __init__(self, scene: Scene, lag: float, workspace: Workspace) -> None:
        self.scene, self.arm, self.lag = scene, scene.arm, lag
        self.plans = MeetingPlanner(scene, lag, workspace)
        self._sink = SINK_SHARE * float(np.min(self.arm.max_acceleration)) * self.arm.reach
        self.goal = station(scene.arm).goal
        self._phases: dict[Phase, Callable[[InterceptState, Observation], Step]] = {
            Phase.INIT: self._begin,
            Phase.HOVER: self._above,
            Phase.APPROACH_ABOVE: self._above,
            Phase.AHEAD: self._ahead,
            Phase.MEET: self._meet,
            Phase.CLOSE: self._close,
            Phase.LIFT: self._lift,
            Phase.RESET: self._reset,
            Phase.TO_GOAL: self._to_goal,
            Phase.APPROACH_ABOVE_TARGET: self._above_container,
            Phase.APPROACH_TARGET: self._lower,
            Phase.PLACE: self._let_go,
        }

    def start(self, observation: Observation) -> InterceptState:
        return InterceptState(Phase.INIT, observation.time, observation.target, opening=self.arm.gripper.max_width)

    def step(self, state: InterceptState, observation: Observation) -> Step:
        if state.phase.ended:
            return Step(state, Command(), ())
        target = observation.objects.get(state.target)
        if target is not None:
            state = replace(state, track=state.track.seen(target))
            known = {**observation.objects, state.target: state.track.refined(target)}
            observation = replace(observation, objects=known)
        step = self._phases[state.phase](state, observation)
        return replace(step, state=replace(step.state, width=observation.arm.gripper_width))

    # Going for the object.

    def _begin(self, state: InterceptState, seen: Observation) -> Step:
        return self._go(
            state, seen, Phase.APPROACH_ABOVE, "start", Command(grip=Grip(state.opening, self._force(state)))
        )

    def _above(self, state: InterceptState, seen: Observation) -> Step:
        target = seen.objects.get(state.target)
        if target is None:
            return Step(state, Command(joints=self.arm.home), ())
        if gate := self._from_ahead(state, seen, target):
            return gate
        state = self._choose_grasp(state, seen, target)
        meeting = self.plans.meeting(state, seen, target)
        state = replace(state, horizon=meeting.horizon)
        grip = Grip(state.opening, self._force(state))
        reach_at = seen.time + meeting.horizon
        if not meeting.in_reach:
            wait = Command(meeting.pose, grip=grip, reach_at=None)
            if seen.time - state.entered_at > OTHER_S and state.phase == Phase.HOVER:
                other = self._left(state, seen)
                if other:
                    return self._go(self._next(state, other[0]), seen, Phase.APPROACH_ABOVE, f"{other[0]} first", wait)
            return self._stay_or_go(state, seen, Phase.HOVER, "not yet in reach", wait)
        command = Command(meeting.pose, velocity=meeting.velocity, grip=grip, reach_at=reach_at)
        if self._aligned(seen, target, state):
            down_s = max(LEAST_DOWN_S, self.plans.down_by(state, seen, target))
            state = replace(state, meet_at=seen.time + PACE * down_s, closed_at=None)
            return self._go(state, seen, Phase.MEET, "over the object and moving with it", command)
        return self._stay_or_go(state, seen, Phase.APPROACH_ABOVE, "in reach", command)

    def _from_ahead(self, state: InterceptState, seen: Observation, target: ObjectState) -> Step | None:
        """Let a fast object run in between the fingers, if there is a place and time for it."""
        if state.track.speed < FAST:
            return None
        closing = choose_ahead(self.arm, self.scene.model(state.target), target)
        if closing is None:
            return None
        opening = opening_for(self.arm, closing.width)
        fresh = replace(
            state, yaw=closing.yaw, expected=closing.width, offset=closing.offset, opening=opening, closed_at=None,
            meet_at=seen.time + state.horizon,
        )  # fmt: skip
        gate = gate_ahead(self.plans, fresh, seen, target)
        if gate is None:
            return None
        fresh = replace(fresh, meet_at=gate.meet_at)
        return self._go(fresh, seen, Phase.AHEAD, "can be met from ahead", self._to_gate(fresh, gate))

    def _to_gate(self, state: InterceptState, gate: Gate) -> Command:
        grip = self._shut(state) if state.closed_at is not None else Grip(state.opening, self._force(state))
        return Command(gate.pose, velocity=gate.velocity, grip=grip, reach_at=gate.at)

    def _ahead(self, state: InterceptState, seen: Observation) -> Step:
        target = seen.objects.get(state.target)
        if target is None:
            return self._go(state, seen, Phase.RESET, "lost from sight", Command())
        gate = gate_ahead(self.plans, state, seen, target)
        if gate is None:
            again = replace(state, horizon=0.3, closed_at=None)
            return self._go(again, seen, Phase.APPROACH_ABOVE, "comes too soon, or out of reach", Command())
        state = replace(state, meet_at=gate.meet_at)
        if seen.time < gate.at - 0.5 * TICK_S:
            return Step(state, self._to_gate(state, gate), ())
        off = abs(float((seen.arm.T_base_tool.translation - gate.pose.translation)[2]))
        if off > OVER_M or self._aside(seen, target) > SLIPPED_M:
            again = replace(state, horizon=0.3, closed_at=None)
            return self._go(again, seen, Phase.APPROACH_ABOVE, "not ahead of it in time", Command())
        state = self._close_in_time(state, seen)
        return self._go(state, seen, Phase.MEET, "runs along", self._with_object(state, seen, target))

    def _meet(self, state: InterceptState, seen: Observation) -> Step:
        target = seen.objects.get(state.target)
        if target is None:
            return self._go(state, seen, Phase.RESET, "lost from sight", Command())
        if state.closed_at is None and self._aside(seen, target) > SLIPPED_M:
            return self._go(state, seen, Phase.APPROACH_ABOVE, "the object moved away", Command())
        state = self._close_in_time(state, seen)
        command = self._with_object(state, seen, target)
        if seen.time >= state.meet_at - 1e-9 and state.closed_at is not None:
            return self._go(state, seen, Phase.CLOSE, "around the object", command)
        return Step(state, command, ())

    def _close(self, state: InterceptState, seen: Observation) -> Step:
        target = seen.objects.get(state.target)
        command = self._with_object(state, seen, target) if target is not None else Command(grip=self._shut(state))
        closed_at = seen.time if state.closed_at is None else state.closed_at
        gripper = self.arm.gripper
        took = seen.time - closed_at
        steady = abs(seen.arm.gripper_width - state.width) < STEADY_M and seen.arm.gripper_force > 0.5 * self._force(
            state
        )
        due = gripper.closing_time(state.opening, state.expected) + SETTLE_S
        if not (steady and took > gripper.delay + 2 * TICK_S) and took < due + 0.4:
            return Step(state, command, ())
        if seen.arm.gripper_width < max(0.002, HELD_SHARE * state.expected):
            return self._go(state, seen, Phase.RESET, "closed on nothing", Command(grip=self._open(state)))
        return self._go(state, seen, Phase.LIFT, f"holds {1e3 * seen.arm.gripper_width:.0f} mm", command)

    def _lift(self, state: InterceptState, seen: Observation) -> Step:
        x, y, z = state.entry
        tool = seen.arm.T_base_tool
        brake = np.array(state.drift) * BRAKING_S
        pose = RigidTransform.from_components(
            [x + brake[0], y + brake[1], z + LIFT_M], self._down(state, seen).rotation
        )
        command = Command(pose, grip=self._shut(state))
        if tool.translation[2] < z + 0.7 * LIFT_M and seen.time - state.entered_at < 1.5:
            return Step(state, command, ())
        lost = self._lost(state, seen)
        if lost:
            return self._go(state, seen, Phase.RESET, lost, Command(grip=self._open(state)))
        if not self.scene.task.places:
            return self._go(state, seen, Phase.TO_GOAL, "lifted", command)
        return self._go(self._turned(state, seen), seen, Phase.APPROACH_ABOVE_TARGET, "lifted", command)

    def _reset(self, state: InterceptState, seen: Observation) -> Step:
        """Open and go up; then try again."""
        x, y, z = state.entry
        opening = max(state.opening, state.expected + 0.02)
        pose = RigidTransform.from_components([x, y, max(z, 0.03) + 0.06], self._down(state, seen).rotation)
        command = Command(pose, grip=Grip(min(opening, self.arm.gripper.max_width), self._force(state)))
        free = seen.arm.gripper_width > 0.8 * opening or seen.time - state.entered_at > 0.9
        if free and seen.time - state.entered_at > 0.2:
            again = replace(state, attempts=state.attempts + 1, closed_at=None, yaw=None)
            return self._go(again, seen, Phase.APPROACH_ABOVE, "try again", command)
        return Step(state, command, ())

    # Bringing it where it belongs.

    def _to_goal(self, state: InterceptState, seen: Observation) -> Step:
        command = Command(self.goal, grip=self._shut(state) if not self.scene.task.places else self._open(state))
        if not self.scene.task.places and (lost := self._lost(state, seen)):
            return self._go(state, seen, Phase.RESET, lost, Command(grip=self._open(state)))
        gap = np.linalg.norm(seen.arm.T_base_tool.translation - self.goal.translation)
        if gap < GOAL_TOLERANCE:
            return self._go(state, seen, Phase.DONE, "at the goal", command)
        return Step(state, command, ())

    def _above_container(self, state: InterceptState, seen: Observation) -> Step:
        pose = self._release(state, seen, 0.06)
        if pose is None:
            return Step(state, Command(grip=self._shut(state)), ())
        if lost := self._lost(state, seen):
            return self._go(state, seen, Phase.RESET, lost, Command(grip=self._open(state)))
        away = pose.translation - seen.arm.T_base_tool.translation
        over = float(np.clip(np.hypot(*away[:2]) - 0.05, 0.0, CARRY_M))
        command = Command(RigidTransform.from_translation([0.0, 0.0, over]) * pose, grip=self._shut(state))
        if np.linalg.norm(away) < 0.012:
            return self._go(state, seen, Phase.APPROACH_TARGET, "over the container", command)
        return Step(state, command, ())

    def _lower(self, state: InterceptState, seen: Observation) -> Step:
        pose, lost = self._release(state, seen, 0.0), self._lost(state, seen)
        if pose is None or lost:
            return self._go(state, seen, Phase.RESET, lost or "container lost", Command(grip=self._open(state)))
        command = Command(pose, grip=self._shut(state))
        gap = abs(seen.arm.T_base_tool.translation[2] - pose.translation[2])
        if gap < 0.004 or seen.time - state.entered_at > 1.2:
            return self._go(state, seen, Phase.PLACE, "in the container", command)
        return Step(state, command, ())

    def _let_go(self, state: InterceptState, seen: Observation) -> Step:
        """Open, wait until the fingers are clear, go up, and look whether it stays."""
        x, y, z = state.entry
        opening = min(state.expected + 0.03, self.arm.gripper.max_width)
        clear = seen.arm.gripper_width > opening - 0.006 or seen.time - state.entered_at > 0.9
        rotation = self._down(state, seen).rotation
        pose = RigidTransform.from_components([x, y, z + (0.12 if clear else 0.0)], rotation)
        command = Command(pose, grip=Grip(opening, self._force(state)))
        risen = seen.arm.T_base_tool.translation[2] > z + 0.06
        if not (clear and risen):
            return Step(state, command, ())
        if in_container(self.scene, seen, state.target):
            state = replace(state, checks=state.checks + 1)
            return self._placed(state, seen, command) if state.checks >= PLACED_CHECKS else Step(state, command, ())
        if seen.time - state.entered_at > 2.0:
            return self._go(state, seen, Phase.RESET, "missed the container", command)
        return Step(replace(state, checks=0), command, ())

    def _placed(self, state: InterceptState, seen: Observation, command: Command) -> Step:
        left = self._left(state, seen)
        if left:
            return self._go(
                self._next(state, left[0]), seen, Phase.APPROACH_ABOVE, f"placed; {left[0]} is next", command
            )
        return self._go(state, seen, Phase.TO_GOAL, "placed", command)

    def _left(self, state: InterceptState, seen: Observation) -> list[str]:
        """Other objects that have still to go into the container."""
        return [key for key in self.scene.targets if key != state.target and not in_container(self.scene, seen, key)]

    def _next(self, state: InterceptState, target: str) -> InterceptState:
        """Going for another object."""
        return replace(state, target=target, track=Track(), yaw=None, checks=0, closed_at=None, attempts=0)

    # What the phases share.

    def _force(self, state: InterceptState) -> float:
        """More, the more often the object was lost."""
        gripper, share = self.arm.gripper, min(GRIP_SHARE + MORE_GRIP * state.attempts, 0.9)
        return gripper.min_force + share * (gripper.max_force - gripper.min_force)

    def _shut(self, state: InterceptState) -> Grip:
        return Grip(0.0, self._force(state))

    def _open(self, state: InterceptState) -> Grip:
        return Grip(max(state.opening, 0.02), self._force(state))

    def _go(self, state: InterceptState, seen: Observation, phase: Phase, reason: str, command: Command) -> Step:
        """Into another phase."""
        tool = seen.arm.T_base_tool.translation
        entry = (float(tool[0]), float(tool[1]), float(tool[2]))
        vx, vy, _ = tool_velocity(self.arm, seen.arm)
        after = replace(state, phase=phase, entered_at=seen.time, entry=entry, drift=(float(vx), float(vy), 0.0))
        return Step(after, command, (Transition(seen.time, state.phase, phase, reason),))

    def _stay_or_go(
        self, state: InterceptState, seen: Observation, phase: Phase, reason: str, command: Command
    ) -> Step:
        return Step(state, command, ()) if state.phase == phase else self._go(state, seen, phase, reason, command)

    def _choose_grasp(self, state: InterceptState, seen: Observation, target: ObjectState) -> InterceptState:
        """Closing axis and opening; the axis stays unless the object turns."""
        ahead = predict(target, state.track.deceleration, seen.time + state.horizon)
        closing = choose(self.arm, self.scene.model(state.target), ahead, state.yaw)
        opening = opening_for(self.arm, closing.width)
        return replace(state, yaw=closing.yaw, expected=closing.width, offset=closing.offset, opening=opening)

    def _gap(self, seen: Observation, target: ObjectState) -> float:
        """Planar distance of the tool from the object, both now."""
        here = predict(target, 0.0, seen.arm.measured_at).position
        return float(np.hypot(*(seen.arm.T_base_tool.translation - here)[:2]))

    def _aside(self, seen: Observation, target: ObjectState) -> float:
        """Distance of the tool from the way of an object that moves, else from the object."""
        here = predict(target, 0.0, seen.arm.measured_at).position
        away = (seen.arm.T_base_tool.translation - here)[:2]
        speed = float(np.hypot(*target.velocity[:2]))
        if speed < FAST:
            return float(np.hypot(*away))
        return abs(float(away @ (-target.velocity[1], target.velocity[0]))) / speed

    def _aligned(self, seen: Observation, target: ObjectState, state: InterceptState) -> bool:
        own = tool_velocity(self.arm, seen.arm)
        slip = float(np.hypot(*(own - target.velocity)[:2]))
        turned = yaw_error(seen.arm.T_base_tool, state.yaw or 0.0)
        low = seen.arm.T_base_tool.translation[2] < top(self.scene, state.target, target) + 3 * HOVER_M
        return low and self._gap(seen, target) < ALIGNED_M and slip < ALIGNED_M_S and turned < np.deg2rad(10)

    def _close_in_time(self, state: InterceptState, seen: Observation) -> InterceptState:
        """Give the grip command when the fingers would start to move as the hand arrives."""
        early = self.arm.gripper.delay - self.lag + CLOSE_EARLY_S
        if state.closed_at is None and seen.time >= state.meet_at - early - 1e-9:
            return replace(state, closed_at=seen.time)
        return state

    def _with_object(self, state: InterceptState, seen: Observation, target: ObjectState) -> Command:
        """Around the object and along with it; on the way down, by the meeting time."""
        then = max(state.meet_at, seen.time + LEAST_HORIZON_S)
        ahead = predict(target, state.track.deceleration, then + self.lag)
        pose = self.plans.grasp_at(state, target, then + self.lag)
        grip = self._shut(state) if state.closed_at is not None else Grip(state.opening, self._force(state))
        return Command(pose, velocity=ahead.velocity * (1, 1, 0), grip=grip, reach_at=then)

    def _down(self, state: InterceptState, seen: Observation) -> RigidTransform:
        return down(np.asarray(seen.arm.T_base_tool.translation), state.yaw or 0.0)

    def _lost(self, state: InterceptState, seen: Observation) -> str:
        """Why the object is no longer in the hand; empty while it is."""
        if seen.arm.gripper_width < max(0.0015, 0.5 * HELD_SHARE * state.expected):
            return "slipped out of the fingers"
        target = seen.objects.get(state.target)
        if target is None:
            return ""
        away = float(np.linalg.norm(target.position - seen.arm.T_base_tool.translation))
        return f"dropped, {1e2 * away:.0f} cm away" if away > HELD_M + 0.5 * size(self.scene, state.target) else ""

    def _turned(self, state: InterceptState, seen: Observation) -> InterceptState:
        """With the hand turned over the container as it is here, seen from the base: no joint is led to its end."""
        container = seen.objects.get(seen.container or "")
        if container is None:
            return state
        turn = natural_yaw(container.position) - natural_yaw(seen.arm.T_base_tool.translation)
        return replace(state, yaw=(state.yaw or 0.0) + turn)

    def _release(self, state: InterceptState, seen: Observation, above: float) -> RigidTransform | None:
        pose = release_pose(self.scene, seen, state.target, self._down(state, seen).rotation, above)
        if pose is None:
            return None
        return RigidTransform.from_components(self.plans.workspace.inside(pose.translation), pose.rotation)
