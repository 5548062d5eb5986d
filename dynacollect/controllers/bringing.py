"""Bringing the object where it belongs: to the goal, or into the container, and on to the next one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import Command, Grip
from .attempt import Attempt
from .intercept_state import InterceptState
from .machine import Observation, Phase, Step
from .surroundings import in_container, release_pose
from .tasks import PLACED_CHECKS, station

GOAL_TOLERANCE = 0.015
OVER_RIM_M = 0.06
CARRY_M = 0.08
"""Higher, on the way to the container."""


class Bringing:
    """The phases from the lifted object to the end of the task."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt, self._scene = attempt, attempt.scene
        self._gripper = attempt.arm.gripper
        self._goal = station(attempt.arm).goal

    def to_goal(self, state: InterceptState, seen: Observation) -> Step:
        """With the object, or empty after the last one was placed."""
        holds = not self._scene.task.places
        if holds and (lost := self._attempt.lost(state, seen)):
            return self._attempt.go(state, seen, Phase.RESET, lost, Command(grip=self._attempt.let_go(state)))
        grip = self._attempt.shut(state) if holds else self._attempt.let_go(state)
        command = Command(self._goal, grip=grip)
        gap = np.linalg.norm(seen.arm.T_base_tool.translation - self._goal.translation)
        if gap < GOAL_TOLERANCE:
            return self._attempt.go(state, seen, Phase.DONE, "at the goal", command)
        return Step(state, command, ())

    def above_container(self, state: InterceptState, seen: Observation) -> Step:
        """Over the container, higher on the way there."""
        pose = self._release(state, seen, OVER_RIM_M)
        if pose is None:
            return Step(state, Command(grip=self._attempt.shut(state)), ())
        if lost := self._attempt.lost(state, seen):
            return self._attempt.go(state, seen, Phase.RESET, lost, Command(grip=self._attempt.let_go(state)))
        away = pose.translation - seen.arm.T_base_tool.translation
        over = float(np.clip(np.hypot(*away[:2]) - 0.05, 0.0, CARRY_M))
        higher = RigidTransform.from_translation([0.0, 0.0, over]) * pose
        command = Command(higher, grip=self._attempt.shut(state))
        if np.linalg.norm(away) < 0.012:
            return self._attempt.go(state, seen, Phase.APPROACH_TARGET, "over the container", command)
        return Step(state, command, ())

    def lower(self, state: InterceptState, seen: Observation) -> Step:
        """Down into the container."""
        pose, lost = self._release(state, seen, 0.0), self._attempt.lost(state, seen)
        if pose is None:
            command = Command(grip=self._attempt.let_go(state))
            return self._attempt.go(state, seen, Phase.RESET, "container lost", command)
        if lost:
            return self._attempt.go(state, seen, Phase.PLACE, f"on the way down: {lost}", Command(pose))
        command = Command(pose, grip=self._attempt.shut(state))
        gap = abs(seen.arm.T_base_tool.translation[2] - pose.translation[2])
        if gap < 0.004 or seen.time - state.entered_at > 1.2:
            return self._attempt.go(state, seen, Phase.PLACE, "in the container", command)
        return Step(state, command, ())

    def place(self, state: InterceptState, seen: Observation) -> Step:
        """Open, wait until the fingers are clear, go up, and look whether it stays."""
        x, y, z = state.entry
        opening = min(state.expected + 0.03, self._gripper.max_width)
        clear = seen.arm.gripper_width > opening - 0.006 or seen.time - state.entered_at > 0.9
        rotation = self._attempt.hand_down(state, seen).rotation
        pose = RigidTransform.from_components([x, y, z + (0.12 if clear else 0.0)], rotation)
        command = Command(pose, grip=Grip(opening, self._attempt.force(state)))
        risen = seen.arm.T_base_tool.translation[2] > z + 0.06
        if not (clear and risen):
            return Step(state, command, ())
        if in_container(self._scene, seen, state.target):
            state = replace(state, checks=state.checks + 1)
            return self._placed(state, seen, command) if state.checks >= PLACED_CHECKS else Step(state, command, ())
        if seen.time - state.entered_at > 2.0:
            return self._attempt.go(state, seen, Phase.RESET, "missed the container", command)
        return Step(replace(state, checks=0), command, ())

    def _placed(self, state: InterceptState, seen: Observation, command: Command) -> Step:
        left = self._attempt.left(state, seen)
        if not left:
            return self._attempt.go(state, seen, Phase.TO_GOAL, "placed", command)
        after = self._attempt.turn_to(state, left[0])
        return self._attempt.go(after, seen, Phase.APPROACH_ABOVE, f"placed; {left[0]} is next", command)

    def _release(self, state: InterceptState, seen: Observation, above: float) -> RigidTransform | None:
        """Where the hand lets go, kept inside the box."""
        pose = release_pose(self._scene, seen, state.target, self._attempt.hand_down(state, seen).rotation, above)
        if pose is None:
            return None
        return RigidTransform.from_components(self._attempt.plans.workspace.inside(pose.translation), pose.rotation)
