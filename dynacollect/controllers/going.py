"""Going for the object: over it until the hand moves along with it, or ahead of it where it is fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..rig.nouns import Command, ObjectState
from .ahead import FAST, OVER_M, Gate, gate_ahead
from .attempt import Attempt
from .closing import choose, choose_ahead, hand_yaw, opening_for
from .intercept_state import InterceptState
from .machine import TICK_S, Observation, Phase, Step
from .meeting import HOVER_M
from .predict import predict
from .surroundings import tool_velocity, top, yaw_error
from .taking import SLIPPED_M, Taking, aside

LEAST_DOWN_S = 0.16
ALIGNED_M = 0.012
ALIGNED_M_S = 0.12
ALIGNED_RAD = float(np.deg2rad(10))
OTHER_S = 1.0
"""After so long out of reach, another object is gone for first."""
AGAIN_S = 0.3
"""How far ahead a meeting from above is looked for first, after one from ahead has failed."""


class Going:
    """The phases from the start of an attempt until the hand goes around the object."""

    def __init__(self, attempt: Attempt, taking: Taking) -> None:
        self._attempt, self._taking = attempt, taking
        self._arm, self._scene, self._plans = attempt.arm, attempt.scene, attempt.plans

    def begin(self, state: InterceptState, seen: Observation) -> Step:
        command = Command(grip=self._attempt.ready(state))
        return self._attempt.go(state, seen, Phase.APPROACH_ABOVE, "start", command)

    def above(self, state: InterceptState, seen: Observation) -> Step:
        """Over the object and along with it, or where that will soonest be possible."""
        target = seen.objects.get(state.target)
        if target is None:
            return Step(state, Command(joints=self._arm.home), ())
        if gate := self._from_ahead(state, seen, target):
            return gate
        state = self._choose_grasp(state, seen, target)
        meeting = self._plans.meeting(state, seen, target)
        state = replace(state, horizon=meeting.horizon)
        grip = self._attempt.ready(state)
        if not meeting.in_reach:
            return self._wait(state, seen, Command(meeting.pose, grip=grip))
        reach_at = seen.time + meeting.horizon
        command = Command(meeting.pose, velocity=meeting.velocity, grip=grip, reach_at=reach_at)
        if self._aligned(seen, target, state):
            down_s = max(LEAST_DOWN_S, self._plans.down_by(state, seen, target))
            state = replace(state, meet_at=seen.time + down_s, closed_at=None)
            return self._attempt.go(state, seen, Phase.MEET, "over the object and moving with it", command)
        return self._attempt.stay_or_go(state, seen, Phase.APPROACH_ABOVE, "in reach", command)

    def _wait(self, state: InterceptState, seen: Observation, command: Command) -> Step:
        """For the object to come into reach, unless there is another to go for."""
        if seen.time - state.entered_at > OTHER_S and state.phase == Phase.HOVER:
            other = next(iter(self._attempt.left(state, seen)), None)
            if other:
                state = self._attempt.turn_to(state, other)
                return self._attempt.go(state, seen, Phase.APPROACH_ABOVE, f"{other} first", command)
        return self._attempt.stay_or_go(state, seen, Phase.HOVER, "not yet in reach", command)

    def _from_ahead(self, state: InterceptState, seen: Observation, target: ObjectState) -> Step | None:
        """Let a fast object run in between the fingers, if there is a place and time for it."""
        if state.track.speed < FAST:
            return None
        closing = choose_ahead(
            self._arm, self._scene.model(state.target), target, hand_yaw(seen.arm.T_base_tool, target.position)
        )
        if closing is None:
            return None
        opening = opening_for(self._arm, closing.width)
        fresh = replace(
            state, yaw=closing.yaw, expected=closing.width, offset=closing.offset, opening=opening, closed_at=None,
            meet_at=seen.time + state.horizon,
        )  # fmt: skip
        gate = gate_ahead(self._plans, fresh, seen, target)
        if gate is None:
            return None
        fresh = replace(fresh, meet_at=gate.meet_at)
        return self._attempt.go(fresh, seen, Phase.AHEAD, "can be met from ahead", self._to_gate(fresh, gate))

    def _to_gate(self, state: InterceptState, gate: Gate) -> Command:
        return Command(gate.pose, velocity=gate.velocity, grip=self._taking.grip(state), reach_at=gate.at)

    def ahead(self, state: InterceptState, seen: Observation) -> Step:
        """Low on the object's way, and at the gate in time."""
        target = seen.objects.get(state.target)
        if target is None:
            return self._attempt.go(state, seen, Phase.RESET, "lost from sight", Command())
        gate = gate_ahead(self._plans, state, seen, target)
        if gate is None:
            return self._from_above(state, seen, "comes too soon, or out of reach")
        state = replace(state, meet_at=gate.meet_at)
        if seen.time < gate.at - 0.5 * TICK_S:
            return Step(state, self._to_gate(state, gate), ())
        off = abs(float((seen.arm.T_base_tool.translation - gate.pose.translation)[2]))
        if off > OVER_M or aside(seen, target) > SLIPPED_M:
            return self._from_above(state, seen, "not ahead of it in time")
        state = self._taking.close_in_time(state, seen)
        return self._attempt.go(state, seen, Phase.MEET, "runs along", self._taking.along(state, seen, target))

    def _from_above(self, state: InterceptState, seen: Observation, reason: str) -> Step:
        again = replace(state, horizon=AGAIN_S, closed_at=None)
        return self._attempt.go(again, seen, Phase.APPROACH_ABOVE, reason, Command())

    def _choose_grasp(self, state: InterceptState, seen: Observation, target: ObjectState) -> InterceptState:
        """Closing axis and opening; the axis stays unless the object turns."""
        ahead = predict(target, state.track.deceleration, seen.time + state.horizon)
        closing = choose(
            self._arm, self._scene.model(state.target), ahead, hand_yaw(seen.arm.T_base_tool, ahead.position), state.yaw
        )
        opening = opening_for(self._arm, closing.width)
        return replace(state, yaw=closing.yaw, expected=closing.width, offset=closing.offset, opening=opening)

    def _aligned(self, seen: Observation, target: ObjectState, state: InterceptState) -> bool:
        """Low over the object, with its velocity, and turned as it will be grasped."""
        tool, own = seen.arm.T_base_tool, tool_velocity(self._arm, seen.arm)
        slip = float(np.hypot(*(own - target.velocity)[:2]))
        here = predict(target, 0.0, seen.arm.measured_at).position
        gap = float(np.hypot(*(tool.translation - here)[:2]))
        turned = yaw_error(tool, state.yaw or 0.0)
        low = bool(tool.translation[2] < top(self._scene, state.target, target) + 3 * HOVER_M)
        return low and gap < ALIGNED_M and slip < ALIGNED_M_S and turned < ALIGNED_RAD
