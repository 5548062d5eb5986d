"""The next second as it can be foreseen: the arm on its set-points, fingers at their speed, objects on their way.

Nothing here knows the cell. The arm follows copies of its motion and of its safety, `lag` late; an object goes on as
its track has it, and one that the fingers press on goes along with the tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..controllers.machine import TICK_S, Observation
from ..controllers.motion import Motion
from ..controllers.predict import predict
from ..controllers.safety import Safety
from ..controllers.track import Track
from ..rig.arms import kinematics
from ..rig.arms.model import GripperModel
from ..rig.nouns import ArmState, Command, ObjectState, Vector

PRESSING_SHARE = 0.5
"""Of their least force: fingers that press so hard hold something."""
BETWEEN_M = 0.002
"""Fingers with something between them stay so far apart."""
NEAR_M = 0.09
"""What closing fingers meet is no farther from the tool than this, to its middle."""


@dataclass(frozen=True, slots=True)
class Told:
    """An order to the fingers, and when they begin to heed it."""

    heeded_at: float
    width: float
    force: float


class ForeseenFingers:
    """Their width over time; what is between them stops them."""

    def __init__(self, gripper: GripperModel, width: float, told: Sequence[Told]) -> None:
        self._gripper, self.width, self._told = gripper, width, list(told)
        self.force = 0.0

    def tell(self, told: Told) -> None:
        self._told.append(told)

    def go_on(self, now: float, thing: float) -> None:
        """One tick, until `now`; `thing` is the width of what is between the fingers, 0 for nothing."""
        heeded = [told for told in self._told if told.heeded_at <= now]
        if not heeded:
            return
        goal, most = heeded[-1], self._gripper.speed * TICK_S
        stop = max(goal.width, min(thing, self.width))
        self.width += float(np.clip(stop - self.width, -most, most))
        self.force = goal.force if goal.width < self.width <= stop else 0.0


def orders(gripper: GripperModel, given: Sequence[tuple[float, Command]]) -> list[Told]:
    """What commands with their times told the fingers."""
    grips = [(time, command.grip) for time, command in given if command.grip is not None]
    return [Told(time + gripper.delay, grip.width, grip.force) for time, grip in grips]


class Foreseen:
    """Goes on from an observation, a tick at a time; `key` is the object that the hand is after."""

    def __init__(
        self, seen: Observation, key: str, motion: Motion, safety: Safety, lag: float, tracks: Mapping[str, Track],
        fingers: ForeseenFingers,
    ) -> None:  # fmt: skip
        self._motion, self._safety, self._lag, self._fingers, self._key = motion, safety, lag, fingers, key
        self._ways = {name: (state, tracks.get(name)) for name, state in seen.objects.items()}
        """From where each object goes on, and how."""
        self._T_tool_held: RigidTransform | None = None
        self.seen = seen
        if presses(seen.arm, motion.arm.gripper):
            self._take_up()

    def obey(self, command: Command, width: float) -> Observation:
        """What is seen a tick later; `width` is that of the object between the fingers, should they close on it."""
        now, gripper = self.seen.time, self._motion.arm.gripper
        passed = self._safety.check(self._motion.towards(command, now), self.seen.arm, now, now)
        self._motion.adopt(passed.setpoints)
        for told in orders(gripper, [(now, command)]):
            self._fingers.tell(told)
        self._close(now + TICK_S, width)
        self.seen = self._later(now + TICK_S)
        return self.seen

    def _close(self, now: float, width: float) -> None:
        self._fingers.go_on(now, width if self._T_tool_held is not None or self._in_between() else 0.0)
        if self._fingers.force > 0.0:
            self._take_up()
        elif self._T_tool_held is not None:
            self._let_go()

    def _in_between(self) -> bool:
        target = self.seen.objects.get(self._key)
        if target is None:
            return False
        return float(np.linalg.norm(target.position - self.seen.arm.T_base_tool.translation)) < NEAR_M

    def _take_up(self) -> None:
        if self._T_tool_held is None and self._in_between():
            self._T_tool_held = self.seen.arm.T_base_tool.inv() * self.seen.objects[self._key].T_base_object

    def _let_go(self) -> None:
        """It stays where it was let go of."""
        self._T_tool_held = None
        still: Vector = np.zeros(3)
        self._ways[self._key] = replace(self.seen.objects[self._key], velocity=still, angular_velocity=still), None

    def _later(self, now: float) -> Observation:
        position, velocity, _ = self._motion.commanded(now - self._lag)
        tool = kinematics.forward(self._motion.arm, position)
        arm = replace(
            self.seen.arm, joints=position, joint_velocity=velocity, T_base_tool=tool,
            gripper_width=self._fingers.width, gripper_force=self._fingers.force, measured_at=now, arrived_at=now,
        )  # fmt: skip
        objects = {name: self._thing(name, now, tool) for name in self._ways}
        return replace(self.seen, time=now, arm=arm, objects=objects)

    def _thing(self, name: str, now: float, tool: RigidTransform) -> ObjectState:
        first, track = self._ways[name]
        if name == self._key and self._T_tool_held is not None:
            pose = tool * self._T_tool_held
            speed = (pose.translation - self.seen.objects[name].position) / TICK_S
            return replace(first, T_base_object=pose, velocity=speed, angular_velocity=np.zeros(3), valid_at=now)
        if track is None:
            return predict(first, 0.0, now)
        return predict(track.refined(first), track.deceleration, now)


def presses(arm: ArmState, gripper: GripperModel) -> bool:
    """The fingers hold something, by what they feel."""
    return arm.gripper_force > PRESSING_SHARE * gripper.min_force and arm.gripper_width > BETWEEN_M
