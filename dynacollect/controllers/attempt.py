"""What all phases of an intercept attempt share: the scene, the way into another phase, the grip, what is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import Command, Grip
from .closing import down
from .intercept_state import InterceptState
from .machine import Observation, Phase, Step, Transition
from .meeting import MeetingPlanner
from .surroundings import in_container, size, tool_velocity
from .track import Track

GRIP_SHARE, MORE_GRIP = 0.35, 0.15
"""Of the gripper's range of forces, and how much more of it after each failure."""
LEAST_OPEN_M = 0.02
HELD_M = 0.07
"""A held object's centre stays this close to the tool."""
HELD_SHARE = 0.4
"""Of the expected width that the fingers must be kept apart by."""


class Attempt:
    """One arm in one scene; pure."""

    def __init__(self, plans: MeetingPlanner) -> None:
        self.plans, self.scene, self.arm = plans, plans.scene, plans.arm

    def go(self, state: InterceptState, seen: Observation, phase: Phase, reason: str, command: Command) -> Step:
        """Into another phase."""
        x, y, z = seen.arm.T_base_tool.translation.tolist()
        vx, vy, _ = tool_velocity(self.arm, seen.arm).tolist()
        after = replace(state, phase=phase, entered_at=seen.time, entry=(x, y, z), drift=(vx, vy, 0.0))
        return Step(after, command, (Transition(seen.time, state.phase, phase, reason),))

    def stay_or_go(self, state: InterceptState, seen: Observation, phase: Phase, reason: str, command: Command) -> Step:
        return Step(state, command, ()) if state.phase == phase else self.go(state, seen, phase, reason, command)

    def force(self, state: InterceptState) -> float:
        """More, the more often the object was lost."""
        gripper, share = self.arm.gripper, min(GRIP_SHARE + MORE_GRIP * state.attempts, 0.9)
        return gripper.min_force + share * (gripper.max_force - gripper.min_force)

    def shut(self, state: InterceptState) -> Grip:
        return Grip(0.0, self.force(state))

    def ready(self, state: InterceptState) -> Grip:
        """Open for the object."""
        return Grip(state.opening, self.force(state))

    def let_go(self, state: InterceptState) -> Grip:
        return Grip(max(state.opening, LEAST_OPEN_M), self.force(state))

    def hand_down(self, state: InterceptState, seen: Observation) -> RigidTransform:
        """Straight down where the tool is now."""
        return down(np.asarray(seen.arm.T_base_tool.translation), state.yaw or 0.0)

    def holds_nothing(self, state: InterceptState, seen: Observation) -> bool:
        """Right after the fingers closed."""
        return seen.arm.gripper_width < max(0.002, HELD_SHARE * state.expected)

    def lost(self, state: InterceptState, seen: Observation) -> str:
        """Why the object is no longer in the hand; empty while it is."""
        if seen.arm.gripper_width < max(0.0015, 0.5 * HELD_SHARE * state.expected):
            return "slipped out of the fingers"
        target = seen.objects.get(state.target)
        if target is None:
            return ""
        away = float(np.linalg.norm(target.position - seen.arm.T_base_tool.translation))
        return f"dropped, {1e2 * away:.0f} cm away" if away > HELD_M + 0.5 * size(self.scene, state.target) else ""

    def left(self, state: InterceptState, seen: Observation) -> list[str]:
        """Other objects that have still to go into the container."""
        return [key for key in self.scene.targets if key != state.target and not in_container(self.scene, seen, key)]

    def turn_to(self, state: InterceptState, target: str) -> InterceptState:
        """Going for another object."""
        return replace(state, target=target, track=Track(), yaw=None, checks=0, closed_at=None, attempts=0)
