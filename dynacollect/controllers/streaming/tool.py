"""What an action means to the arm: where the tool shall be some steps later, moving on, and how the fingers shall be.

The action of step k is the tool pose `ahead` steps after the observation of step k, as it is measured, and what the
fingers are told at step k: the meaning that the actions of a data set have. So the arm's set-points must lead there by
its lag sooner. Between actions motion goes on smoothly within the arm's limits; a seam between two chunks is a goal
like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.arms.model import GripperModel
from ...rig.nouns import Command, Grip, Vector
from ...rig.pose import pose_of
from ..motion import Motion
from .course import STEP_S
from .executor import AHEAD
from .stream import Action

FORCE_SHARE = 0.5
"""Of the gripper's range of forces: actions do not say how hard to press."""

LOOK_EVERY = 2
"""Rows: where the arm is late, every so many-th pose of the chunk is looked at."""
LATE_S = 0.06
"""By so much the arm may look late; it then comes in a little behind."""

Fingers = Callable[[float], Grip]
"""What the last number of an action tells the fingers."""


def open_or_shut(gripper: GripperModel) -> Fingers:
    """Above 0 wide open, else shut."""
    wide, shut = (Grip(width, _force(gripper)) for width in (gripper.max_width, 0.0))
    return lambda value: wide if value > 0.0 else shut


def by_width(gripper: GripperModel) -> Fingers:
    """From -1, shut, to +1, wide open."""
    return lambda value: Grip(gripper.max_width * min(max(0.5 * (value + 1.0), 0.0), 1.0), _force(gripper))


def _force(gripper: GripperModel) -> float:
    return gripper.min_force + FORCE_SHARE * (gripper.max_force - gripper.min_force)


@dataclass(frozen=True, slots=True)
class Goal:
    """A pose of a chunk, the tool's velocity there (3,), and when its set-points shall be there."""

    pose: RigidTransform
    velocity: Vector
    reach_at: float


class Tool:
    """Actions in, commands for `motion` out; `lag` is from a set-point to the motion, s.

    Where the arm cannot be in time, as when it stands and the chunk says that it is on its way by now, it goes for the
    first of the chunk's next poses where it can.
    """

    def __init__(self, motion: Motion, fingers: Fingers, lag: float, ahead: int = AHEAD) -> None:
        self._motion, self._fingers, self._lag, self._preview = motion, fingers, lag, ahead * STEP_S
        self._rest = Command()

    def command(self, action: Action | None, now: float) -> Command:
        """For a step that begins now; without an action, to rest."""
        if action is None:
            return self._rest
        goal = self._goal(action, now)
        # Half the speed on average takes twice the time: nothing is hurried to reach the last goal at rest.
        rest_at = goal.reach_at + self._preview
        self._rest = Command(goal.pose, reach_at=rest_at)
        grip = self._fingers(float(action.values[6]))
        return Command(goal.pose, velocity=goal.velocity, grip=grip, reach_at=goal.reach_at)

    def _goal(self, action: Action, now: float) -> Goal:
        rows = action.placed.chunk.actions
        first = now + self._preview - self._lag
        for row in [action.row, *_later(action.row, len(rows))]:
            goal = Goal(pose_at(rows, row), velocity_at(rows, row), first + (row - action.row) * STEP_S)
            if now + self._motion.time_to(goal.pose, now, goal.velocity) <= goal.reach_at + LATE_S:
                return goal
        last = len(rows) - 1
        return Goal(pose_at(rows, last), np.zeros(3), first + (last - action.row) * STEP_S)


def _later(row: int, count: int) -> range:
    """Rows to look at behind one: the same ones from step to step, so that a goal stays."""
    return range(row + 1 + (count - row) % LOOK_EVERY, count, LOOK_EVERY)


def pose_at(rows: Vector, row: int) -> RigidTransform:
    """Of the tool, T_base_tool."""
    return pose_of(rows[row, :3], Rotation.from_euler("xyz", rows[row, 3:6]).as_matrix())


def velocity_at(rows: Vector, row: int) -> Vector:
    """Of the tool at a row's pose, m/s (3,): from the rows around it."""
    first, last = max(row - 1, 0), min(row + 1, len(rows) - 1)
    if first == last:
        return np.zeros(3)
    return (rows[last, :3] - rows[first, :3]) / ((last - first) * STEP_S)
