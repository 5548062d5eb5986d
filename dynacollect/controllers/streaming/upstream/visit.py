"""Our executor as the client of the public evaluation server: it sees what that shows, and says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Protocol

from ....rig.clock import Clock
from ....rig.errors import DynacollectError
from ....rig.nouns import Frame, FrameSet
from ..executor import Executor
from ..remote.wire import StrangerError
from .ends import Ends, Message
from .layout import STATE, Look, action_message, look_of

LOOK_S, GONE_S = 0.5, 900.0
"""Waiting for a message; and for so long a server may load its scenes without a word."""


class Shown(Protocol):
    """Makes what the policy understands of the last pictures."""

    def begin(self, instruction: str) -> None: ...

    def now(self) -> Any:
        """Once for each step."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """An episode, as the server judged it."""

    scene: str
    success: bool
    steps: int
    starved: int
    """Steps in which our executor had no action."""
    holds: tuple[tuple[int, str], ...]
    """Since when it had none, and why."""


@dataclass(slots=True)
class Visit:
    """`look` gives the pictures of this step: what is `shown` is to be made of them."""

    ends: Ends
    clock: Clock
    say: Callable[[str], object] = str
    ended: list[Ended] = field(default_factory=list)
    _look: Look | None = None
    _steps: int = 0

    def look(self) -> FrameSet:
        now, seen = self.clock.now(), self._look
        pictures = {} if seen is None else seen.pictures
        frames = {name: Frame(image, name, self._steps, now, now, now) for name, image in pictures.items()}
        return FrameSet(frames)

    def run(self, executor: Executor, shown: Shown, name: str) -> Mapping[str, float]:
        """Take part in a whole evaluation; the success rates by scene, as the server counts them."""
        self.ends.send(vla=name, epoch=0)
        heard = self.clock.now()
        while self.clock.now() - heard < GONE_S:
            messages = self.ends.receive(LOOK_S)
            heard = self.clock.now() if messages else heard
            for message, later in zip_longest(messages, messages[1:], fillvalue=Message()):
                rates = message.get("success_rates")
                if isinstance(rates, dict):
                    return rates
                self._heed(message, executor, shown, newest=STATE not in later)
        raise DynacollectError(f"the evaluation server has said nothing for {GONE_S:.0f} s; start it, then this")

    def _heed(self, message: Message, executor: Executor, shown: Shown, *, newest: bool) -> None:
        try:
            if STATE in message:
                self._step(look_of(message), executor, shown, newest=newest)
            elif "success" in message:
                self._finish(message, executor)
            elif isinstance(message.get("task"), str):
                self._begin(message["task"], executor, shown)
        except StrangerError as error:
            self.say(f"a message is passed over: {error}")

    def _begin(self, task: str, executor: Executor, shown: Shown) -> None:
        self.say(f"episode {len(self.ended) + 1}: {task.strip()}")
        executor.reset()
        shown.begin(task)
        self._steps = 0

    def _step(self, look: Look, executor: Executor, shown: Shown, *, newest: bool) -> None:
        """Of those that have come together only the newest is acted on; all of them have been seen."""
        self._look = look
        step = self._steps if look.step is None else look.step
        self._steps = step + 1
        seen = shown.now()
        if not newest:
            return
        action = executor.turn(step, self.clock.now(), seen, look.state).action
        if action is not None:
            self.ends.send(action=action_message(action.values))

    def _finish(self, message: Message, executor: Executor) -> None:
        scene, course = str(message.get("env_name", "")), executor.course
        ended = Ended(scene, message["success"] is True, self._steps, course.starved, tuple(course.holds))
        self.ended.append(ended)
        self.say(f"{ended.scene}: {'success' if ended.success else 'failure'} in {ended.steps} steps")
        self.ends.send(ack=len(self.ended))
