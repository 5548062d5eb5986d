"""The expert as a policy that thinks in chunks: what it would do over the next steps, executed with a latency.

It sees what the expert sees, at the moment of the observation, and foresees the rest (`foreseen`): its arm on the
motion that is in force, its object on the way that its track has. So it is what a perfect policy would be, and what is
lost with it is lost to latency. The expert itself looks at every tick, to keep its phase; what it would command there
is not executed.
"""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..controllers.closing import UNKNOWN_WIDTH
from ..controllers.episode import Expert
from ..controllers.intercept_state import InterceptState
from ..controllers.machine import TICK_S, MachineState, Observation, Phase, Step, Transition
from ..controllers.motion import Motion
from ..controllers.safety import Safety
from ..controllers.streaming.chunk import WIDTH, Chunk
from ..controllers.streaming.course import Course
from ..controllers.streaming.executor import AHEAD, Executor
from ..controllers.streaming.latency import Latency
from ..controllers.streaming.simulated import Simulated
from ..controllers.streaming.source import Request, refuse_unsupported
from ..controllers.streaming.stream import Action, Placed, Strategy
from ..controllers.streaming.tool import Tool, by_width
from ..controllers.track import Track
from ..datasets.export.poses import six
from ..rig.nouns import Command, Vector
from .foreseen import Foreseen, ForeseenFingers, orders

CHUNK = 20
"""Actions of a chunk, as DynamicVLA makes them."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """How chunks are executed."""

    strategy: Strategy
    latency: Latency | None
    """Of an inference; None: as long as it takes on this machine."""
    chunk: int = CHUNK


@dataclass(frozen=True, slots=True)
class Moment:
    """What the expert knows as it is asked."""

    state: MachineState
    seen: Observation
    motion: Motion
    safety: Safety
    tracks: dict[str, Track]
    given: tuple[tuple[float, Command], ...]
    """The last commands, with their times: fingers heed them late."""


class ForeseeingExpert:
    """A source of chunks: a step's action is where the tool will be some steps later, and the grip of that step."""

    def __init__(self, expert: Expert, lag: float, chunk: int) -> None:
        self._profile, self._lag, self._chunk = expert.profile, lag, chunk
        self._gripper = expert.motion.arm.gripper

    def __call__(self, request: Request) -> Vector:
        moment: Moment = request.seen
        seen, state = moment.seen, moment.state
        fingers = ForeseenFingers(self._gripper, seen.arm.gripper_width, orders(self._gripper, moment.given))
        world = Foreseen(seen, _target(state, seen), moment.motion, moment.safety, self._lag, moment.tracks, fingers)
        tool = Tool(moment.motion, by_width(self._gripper), self._lag)
        for action in _committed(request):
            state = self._profile.step(state, seen).state
            seen = world.obey(tool.command(action, seen.time), _expected(state))
        poses, grips, width = [], [], _told(moment)
        for _ in range(self._chunk + AHEAD - 1):
            step = self._profile.step(state, seen)
            state, grip = step.state, step.command.grip
            width = width if grip is None else grip.width
            grips.append(2.0 * width / self._gripper.max_width - 1.0)
            seen = world.obey(step.command, _expected(state))
            poses.append(_pose(seen))
        rows = np.empty((self._chunk, WIDTH))
        rows[:, :6] = six(np.array(poses[AHEAD - 1 :]), "signed")
        rows[:, 6] = grips[: self._chunk]
        return rows


class ChunkedExpert:
    """A profile whose phases are the expert's, and whose commands are its chunks' as an executor has them.

    Not pure: the executor remembers what is on its way. It starts anew with every episode.
    """

    name = "chunked-expert"

    def __init__(self, expert: Expert, streaming: Streaming, lag: float, seed: int) -> None:
        self._expert = expert
        self.source = ForeseeingExpert(expert, lag, streaming.chunk)
        refuse_unsupported(streaming.strategy, self.source)
        latencies = streaming.latency.draws(seed) if streaming.latency else None
        self._executor = Executor(streaming.strategy, Simulated(self.source, latencies))
        self._tool = Tool(expert.motion, by_width(expert.motion.arm.gripper), lag)
        self._tracks: dict[str, Track] = {}
        self._given = deque[tuple[float, Command]](maxlen=2 * AHEAD)
        self._begin = 0.0

    @property
    def state_type(self) -> type[Any]:
        return self._expert.profile.state_type

    @property
    def course(self) -> Course:
        """Of the episode that runs, or ran last."""
        return self._executor.course

    def start(self, observation: Observation) -> MachineState:
        self._executor.reset()
        self._tracks.clear()
        self._given.clear()
        self._begin = observation.time
        return self._expert.profile.start(observation)

    def step(self, state: MachineState, observation: Observation) -> Step[Any]:
        for key, seen in observation.objects.items():
            self._tracks[key] = self._tracks.get(key, Track()).seen(seen)
        number = round((observation.time - self._begin) / TICK_S)
        motion, safety = self._expert.motion.forked(), copy(self._expert.safety)
        moment = Moment(state, observation, motion, safety, dict(self._tracks), tuple(self._given))
        turn = self._executor.turn(number, observation.time, moment, six(_pose(observation)[None], "signed")[0])
        command = self._tool.command(turn.action, observation.time)
        self._given.append((observation.time, command))
        watched = self._expert.profile.step(state, observation)
        step = Step(watched.state, command, watched.transitions)
        return _stopped(step, observation, turn.stop) if turn.stop and not watched.state.phase.ended else step


def _stopped(step: Step[Any], seen: Observation, why: str) -> Step[Any]:
    move = Transition(seen.time, step.state.phase, Phase.FAILED, why)
    return replace(step, state=replace(step.state, phase=Phase.FAILED), transitions=(*step.transitions, move))


def _committed(request: Request) -> list[Action]:
    """What will be done before the first action that is asked for."""
    if request.committed is None:
        return []
    placed = Placed(Chunk(request.committed, 0, 0), 0, 0)
    return [Action(row, placed) for row in range(request.begins - request.step)]


def _told(moment: Moment) -> float:
    """How wide the fingers shall be, by the last order to them."""
    widths = [command.grip.width for _, command in moment.given if command.grip is not None]
    return widths[-1] if widths else moment.seen.arm.gripper_width


def _pose(seen: Observation) -> Vector:
    tool = seen.arm.T_base_tool
    return np.concatenate([tool.translation, tool.rotation.as_quat()])


def _target(state: MachineState, seen: Observation) -> str:
    return getattr(state, "target", seen.target)


def _expected(state: MachineState) -> float:
    """Width of the object across the closing axis."""
    return state.expected if isinstance(state, InterceptState) else UNKNOWN_WIDTH
