"""Taking the object: around it and along with it, closing on the move, up with it, and again if it is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import Command, Grip, ObjectState
from .ahead import FAST
from .attempt import Attempt
from .closing import natural_yaw
from .intercept_state import InterceptState
from .machine import TICK_S, Observation, Phase, Step
from .predict import predict

CLOSE_EARLY_S = 0.04
"""Before the hand has come to rest at the grasp, with the tips already beside the object."""
SLIPPED_M = 0.03
"""Off by more than this while going down, the hand goes up again."""
LIFT_M = 0.10
BRAKING_S = 0.12
"""Way that the hand takes to come to rest while lifting, over its speed."""
STEADY_M = 0.0004
SETTLE_S = 0.12


class Taking:
    """The phases from the way around the object until it is lifted, and the one after it was lost."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt, self._plans, self._lag = attempt, attempt.plans, attempt.plans.lag
        self._gripper = attempt.arm.gripper

    def meet(self, state: InterceptState, seen: Observation) -> Step:
        """Down around the object, or along in front of it until it is between the fingers."""
        target = seen.objects.get(state.target)
        if target is None:
            return self._attempt.go(state, seen, Phase.RESET, "lost from sight", Command())
        if state.closed_at is None and aside(seen, target) > SLIPPED_M:
            return self._attempt.go(state, seen, Phase.APPROACH_ABOVE, "the object moved away", Command())
        state = self.close_in_time(state, seen)
        command = self.along(state, seen, target)
        if seen.time >= state.meet_at - 1e-9 and state.closed_at is not None:
            return self._attempt.go(state, seen, Phase.CLOSE, "around the object", command)
        return Step(state, command, ())

    def close(self, state: InterceptState, seen: Observation) -> Step:
        """Along with the object until the fingers press on it."""
        target = seen.objects.get(state.target)
        alone = Command(grip=self._attempt.shut(state))
        command = self.along(state, seen, target) if target is not None else alone
        if not self._has_closed(state, seen):
            return Step(state, command, ())
        if self._attempt.holds_nothing(state, seen):
            empty = Command(grip=self._attempt.let_go(state))
            return self._attempt.go(state, seen, Phase.RESET, "closed on nothing", empty)
        return self._attempt.go(state, seen, Phase.LIFT, f"holds {1e3 * seen.arm.gripper_width:.0f} mm", command)

    def _has_closed(self, state: InterceptState, seen: Observation) -> bool:
        """The fingers press and have stopped, or have had more than time enough."""
        took = seen.time - (seen.time if state.closed_at is None else state.closed_at)
        stopped = abs(seen.arm.gripper_width - state.width) < STEADY_M
        steady = stopped and seen.arm.gripper_force > 0.5 * self._attempt.force(state)
        due = self._gripper.closing_time(state.opening, state.expected) + SETTLE_S
        return (steady and took > self._gripper.delay + 2 * TICK_S) or took >= due + 0.4

    def lift(self, state: InterceptState, seen: Observation) -> Step:
        """Up, and to rest on the way."""
        x, y, z = state.entry
        brake = np.array(state.drift) * BRAKING_S
        rotation = self._attempt.hand_down(state, seen).rotation
        pose = RigidTransform.from_components([x + brake[0], y + brake[1], z + LIFT_M], rotation)
        command = Command(pose, grip=self._attempt.shut(state))
        if seen.arm.T_base_tool.translation[2] < z + 0.7 * LIFT_M and seen.time - state.entered_at < 1.5:
            return Step(state, command, ())
        if lost := self._attempt.lost(state, seen):
            return self._attempt.go(state, seen, Phase.RESET, lost, Command(grip=self._attempt.let_go(state)))
        if not self._attempt.scene.task.places:
            return self._attempt.go(state, seen, Phase.TO_GOAL, "lifted", command)
        return self._attempt.go(_turned(state, seen), seen, Phase.APPROACH_ABOVE_TARGET, "lifted", command)

    def reset(self, state: InterceptState, seen: Observation) -> Step:
        """Open and go up; then try again."""
        x, y, z = state.entry
        opening = max(state.opening, state.expected + 0.02)
        rotation = self._attempt.hand_down(state, seen).rotation
        pose = RigidTransform.from_components([x, y, max(z, 0.03) + 0.06], rotation)
        command = Command(pose, grip=Grip(min(opening, self._gripper.max_width), self._attempt.force(state)))
        free = seen.arm.gripper_width > 0.8 * opening or seen.time - state.entered_at > 0.9
        if free and seen.time - state.entered_at > 0.2:
            again = replace(state, attempts=state.attempts + 1, closed_at=None, yaw=None)
            return self._attempt.go(again, seen, Phase.APPROACH_ABOVE, "try again", command)
        return Step(state, command, ())

    def close_in_time(self, state: InterceptState, seen: Observation) -> InterceptState:
        """Give the grip command when the fingers would start to move as the hand arrives."""
        early = self._gripper.delay - self._lag + CLOSE_EARLY_S
        if state.closed_at is None and seen.time >= state.meet_at - early - 1e-9:
            return replace(state, closed_at=seen.time)
        return state

    def along(self, state: InterceptState, seen: Observation, target: ObjectState) -> Command:
        """Around the object and along with it; on the way down, by the meeting time."""
        then = max(state.meet_at, seen.time + self._plans.least_s)
        ahead = predict(target, state.track.deceleration, then + self._lag)
        pose = self._plans.grasp_at(state, target, then + self._lag)
        return Command(pose, velocity=ahead.velocity * (1, 1, 0), grip=self.grip(state), reach_at=then)

    def grip(self, state: InterceptState) -> Grip:
        """Open until the command to close has been given."""
        return self._attempt.ready(state) if state.closed_at is None else self._attempt.shut(state)


def aside(seen: Observation, target: ObjectState) -> float:
    """Level distance of the tool from the way of an object that moves, else from the object, m."""
    here = predict(target, 0.0, seen.arm.measured_at).position
    away = (seen.arm.T_base_tool.translation - here)[:2]
    speed = float(np.hypot(*target.velocity[:2]))
    if speed < FAST:
        return float(np.hypot(*away))
    return abs(float(away @ (-target.velocity[1], target.velocity[0]))) / speed


def _turned(state: InterceptState, seen: Observation) -> InterceptState:
    """With the hand turned over the container as it is here, seen from the base: no joint is led to its end."""
    container = seen.objects.get(seen.container or "")
    if container is None:
        return state
    turn = natural_yaw(container.position) - natural_yaw(seen.arm.T_base_tool.translation)
    return replace(state, yaw=(state.yaw or 0.0) + turn)
