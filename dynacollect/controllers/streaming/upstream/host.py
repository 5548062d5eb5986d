"""Our arm, driven by the public inference client: this is the evaluation server that it believes to speak to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....rig.clock import Clock
from ....rig.errors import DynacollectError
from ....rig.nouns import Command, FrameSet, Image, Vector
from ...machine import TICK_S, Observation, Phase, Step, Transition
from ..chunk import Chunk, nonsense
from ..remote.wire import StrangerError
from ..stream import Action, Placed
from ..tool import Tool
from .ends import Ends
from .layout import action_of, look_message

SETTLE_S = 1.0
"""After the words of a task: a client that is still busy reads only the newest message, which shall be them."""
ACK_S = 30.0
"""Within which it has to take note of an episode's end."""
GIVE_UP_S = 10.0
"""An arm that has waited so long for an action has no client any more."""


class Host:
    """What is said around episodes."""

    def __init__(self, ends: Ends, clock: Clock) -> None:
        self._ends, self._clock = ends, clock

    def await_client(self, seconds: float) -> str:
        """The name of the one that comes first."""
        name = self._hear("vla", seconds)
        if name is None:
            raise DynacollectError(f"no client has come within {seconds:.0f} s; start the public inference client")
        return str(name)

    def begin(self, task: str, clock: Clock) -> None:
        """On the rig's clock, so that a cell that stood still meanwhile has caught up when the episode begins."""
        self._ends.send(task=task)
        clock.wait_until(clock.now() + SETTLE_S)
        self._ends.receive()

    def finish(self, scene: str, number: int, success: bool, path: Sequence[Vector]) -> bool:
        """Whether the client has heard it."""
        way = np.array(path, np.float32).reshape(-1, 1, 3)
        self._ends.send(env_name=scene, eps_name=f"{scene}-{number:04d}", success=success, ee_path=way)
        return self._hear("ack", ACK_S) is not None

    def leave(self, name: str, rates: Mapping[str, float]) -> None:
        self._ends.send(vla=name, success_rates=dict(rates))

    def _hear(self, key: str, seconds: float) -> object:
        until = self._clock.now() + seconds
        while (left := until - self._clock.now()) > 0.0:
            for message in self._ends.receive(min(left, 1.0)):
                if key in message:
                    return message[key]
        return None


@dataclass(frozen=True, slots=True)
class Hosted:
    """What is remembered of an episode: nothing but that it goes on."""

    phase: Phase


class HostProfile:
    """Follows the `Profile` protocol: each step is shown to the client, and its newest action is done.

    Not pure. It does not know when the task is done: who runs the episode has to.
    """

    name, state_type = "public-client", Hosted

    def __init__(
        self, ends: Ends, tool: Tool, look: Callable[[], FrameSet], sizes: Mapping[str, tuple[int, int]], clock: Clock
    ) -> None:
        """`sizes`: width and height of the pictures, px, by camera; `clock` is the client's, which is the host's."""
        self._ends, self._tool, self._look, self._clock = ends, tool, look, clock
        self._black = {name: np.zeros((height, width, 3), np.uint8) for name, (width, height) in sizes.items()}

    def start(self, observation: Observation) -> Hosted:
        self._begin, self._shown_at = observation.time, self._clock.now() - TICK_S
        self._pictures: dict[str, Image] = dict(self._black)
        self._last: tuple[int, Vector] | None = None
        self._heard, self.path, self.refused = 0, list[Vector](), ""
        return Hosted(Phase.INIT)

    def step(self, state: Hosted, observation: Observation) -> Step[Any]:
        number = round((observation.time - self._begin) / TICK_S)
        self._show(number, observation)
        command = self._tool.command(self._action(number), observation.time)
        phase, why = Phase.MEET, "the client moves the arm"
        if (number - self._heard) * TICK_S > GIVE_UP_S:
            phase, why, command = Phase.FAILED, self.refused or "the client sends no actions", Command()
        moves = (Transition(observation.time, state.phase, phase, why),) if phase != state.phase else ()
        return Step(Hosted(phase), command, moves)

    def _show(self, number: int, observation: Observation) -> None:
        tool, now = observation.arm.T_base_tool, self._clock.now()
        self.path.append(np.asarray(tool.translation))
        self._pictures.update({name: frame.image for name, frame in self._look().frames.items()})
        shown = {name: self._pictures[name] for name in self._black}
        slower = max(1.0, (now - self._shown_at) / TICK_S)
        self._shown_at = now
        self._ends.send(**look_message(number, slower, tool, shown))

    def _action(self, number: int) -> Action | None:
        """The newest one; with the one of the step before it tells how fast it passes."""
        values = self._newest()
        if values is None:
            return None
        before = self._last[1] if self._last and self._last[0] == number - 1 else None
        rows = np.array([values] if before is None else [before, values])
        self._last, self._heard = (number, values), number
        first = number - len(rows) + 1
        return Action(number, Placed(Chunk(rows, number, first), first, number))

    def _newest(self) -> Vector | None:
        for message in reversed(self._ends.receive()):
            try:
                values = action_of(message.get("action"))
            except StrangerError as error:
                self.refused = f"the client sends no actions but {error}"
                continue
            self.refused = nonsense(values[None])
            return None if self.refused else values
        return None
