"""A policy as a profile: its commands are its chunks' as an executor has them, its phases what the fingers feel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...controllers.machine import TICK_S, Observation, Phase, Step, Task, Transition
from ...controllers.motion import Motion
from ...controllers.streaming.course import Course
from ...controllers.streaming.executor import Executor
from ...controllers.streaming.tool import Tool, open_or_shut
from ...datasets.export.poses import six
from ...rig.nouns import ArmState, Vector
from ..foreseen import presses
from .seen import Seen

HOLDING_S, RISEN_M = 0.4, 0.05
"""Something is picked once the fingers have held it for so long and brought it up so far."""
OPEN_S = 0.6
"""Something is let go of once the fingers have felt nothing for so long."""
HOLDING, OPEN = round(HOLDING_S / TICK_S), round(OPEN_S / TICK_S)


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What is remembered of an episode, by what the arm felt."""

    phase: Phase
    felt: int = 0
    """Ticks for which the fingers have pressed on something."""
    empty: int = 0
    """Ticks since then."""
    took_at: float = 0.0
    """Height of the tool as they took it, m."""
    brought: int = 0
    """Things that were held and let go of."""

    @property
    def holding(self) -> bool:
        return self.felt >= HOLDING

    def touched(self, height: float) -> PolicyState:
        return replace(self, felt=self.felt + 1, empty=0, took_at=min(height, self.took_at) if self.felt else height)

    def untouched(self) -> PolicyState:
        """A press that was too short to be a grip is forgotten at once."""
        empty = self.empty + 1
        if self.holding and empty < OPEN:
            return replace(self, empty=empty)
        return replace(self, felt=0, empty=empty, brought=self.brought + self.holding)


class PolicyProfile:
    """Follows the `Profile` protocol. Not pure: the executor remembers what is on its way."""

    name = "policy"
    state_type = PolicyState

    def __init__(
        self, executor: Executor, motion: Motion, lag: float, ahead: int, seen: Seen, task: Task, instruction: str,
        targets: int = 1,
    ) -> None:  # fmt: skip
        gripper = motion.arm.gripper
        self._executor, self._seen, self._gripper = executor, seen, gripper
        self._tool = Tool(motion, open_or_shut(gripper), lag, ahead)
        self._task, self._instruction, self._targets = task, instruction, targets
        self._begin = 0.0

    @property
    def course(self) -> Course:
        """Of the episode that runs, or ran last."""
        return self._executor.course

    def start(self, observation: Observation) -> PolicyState:
        self._executor.reset()
        self._seen.begin(self._instruction)
        self._begin = observation.time
        return PolicyState(Phase.INIT)

    def step(self, state: PolicyState, observation: Observation) -> Step[Any]:
        number = round((observation.time - self._begin) / TICK_S)
        turn = self._executor.turn(number, observation.time, self._seen.now(), tool_pose(observation.arm))
        command = self._tool.command(turn.action, observation.time)
        height = float(observation.arm.T_base_tool.translation[2])
        felt = state.touched(height) if presses(observation.arm, self._gripper) else state.untouched()
        phase, why = self._phase(felt, height)
        if turn.stop and not phase.ended:
            phase, why = Phase.FAILED, turn.stop
        moves = (Transition(observation.time, state.phase, phase, why),) if phase != state.phase else ()
        return Step(replace(felt, phase=phase), command, moves)

    def _phase(self, felt: PolicyState, height: float) -> tuple[Phase, str]:
        places = self._task.places
        if places and felt.brought >= self._targets:
            return Phase.DONE, "brought and let go of"
        if not felt.holding:
            return Phase.MEET, "the policy moves the arm" if felt.phase is Phase.INIT else "the fingers hold nothing"
        if felt.phase is Phase.LIFT or (height - felt.took_at > RISEN_M and not felt.empty):
            lifted = Phase.LIFT if places else Phase.DONE
            return lifted, "the fingers hold something and have brought it up"
        return Phase.GRASP, "the fingers hold something"


def tool_pose(arm: ArmState) -> Vector:
    """(6,) as in an action."""
    tool = arm.T_base_tool
    return six(np.concatenate([tool.translation, tool.rotation.as_quat()])[None], "signed")[0]
