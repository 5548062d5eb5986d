"""One step after the other: what a policy wants done, and a hold with a reason where there is nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from ...rig.nouns import Vector
from .chunk import WIDTH, nonsense
from .course import STEP_S, Course
from .coverage import StartPoses
from .delay import Delay
from .source import Answer, Inference, Request
from .stream import Action, Strategy, Stream, ahead_of, arrived, asks, emptied, next_action, restarted

AHEAD = 5
"""Steps from an action to the pose that it names: it is where the tool was so many frames later."""
GIVE_UP_S, START_S = 10.0, 1.0
"""The arm has held for so long without a break, or begun so long far from where the training data begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What to do in a step."""

    action: Action | None
    held: str = ""
    """Why the arm shall come to rest and stay; empty where there is an action."""
    stop: str = ""
    """Why the episode must end; empty while it need not."""


class Executor:
    """Applies a strategy to an inference. Steps are numbered by time, so that a missed one is not made up for."""

    def __init__(
        self, strategy: Strategy, inference: Inference, *, ahead: int = AHEAD, starts: StartPoses | None = None,
        give_up_s: float = GIVE_UP_S,
    ) -> None:  # fmt: skip
        self._inference, self._ahead, self._starts = inference, ahead, starts
        self._give_up, self._patience = ceil(give_up_s / STEP_S), ceil(START_S / STEP_S)
        self._stream = Stream(strategy)
        self._delay = Delay()
        self._begin()

    @property
    def strategy(self) -> Strategy:
        return self._stream.strategy

    def reset(self) -> None:
        """Another episode begins; what is still being worked out for the last one will be thrown away."""
        self._stream = restarted(self._stream)
        self._begin()

    def _begin(self) -> None:
        self.course = Course()
        self._nonsense = ""
        self._held_since: int | None = None
        self._why = ""
        self._started = self._starts is None

    def turn(self, step: int, now: float, seen: Any, state: Vector) -> Turn:
        """The action of this step, given what is seen and the tool's pose (6,) right now."""
        far = self._far(state)
        if far:
            return self._hold(step, far, self._patience)
        self._take(self._inference.collect(now), step)
        if asks(self._stream, step, waiting=self._inference.waiting):
            self._inference.offer(self._request(step, seen, state), now)
            self._take(self._inference.collect(now), step)
        trouble = self._inference.trouble(now) or self._nonsense
        if trouble:
            self._stream = emptied(self._stream)
        action = next_action(self._stream, step)
        if action is None:
            return self._hold(step, trouble or self._starved(), self._give_up)
        self._held_since = None
        self.course.ages.append(action.age)
        return Turn(action)

    def _far(self, state: Vector) -> str:
        if self._started or self._starts is None:
            return ""
        far = self._starts.far(state)
        self._started = not far
        return far

    def _take(self, answers: Sequence[Answer], step: int) -> None:
        for answer in answers:
            chunk = answer.chunk
            if chunk.episode != self._stream.episode:
                continue
            self._nonsense = nonsense(chunk.actions)
            self._delay.add(step - chunk.made_at)
            self.course.took_s.append(answer.took_s)
            if not self._nonsense:
                self._stream = arrived(self._stream, chunk, step)

    def _request(self, step: int, seen: Any, state: Vector) -> Request:
        stream, delay = self._stream, ceil(self._delay.value)
        request = Request(step, seen, state, step, stream.episode, delay)
        if stream.strategy == "rtc":
            return self._with_left_over(request)
        return self._from_the_future(request) if stream.strategy == "future-state" else request

    def _with_left_over(self, request: Request) -> Request:
        return replace(request, left_over=_rows(ahead_of(self._stream, request.step)))

    def _from_the_future(self, request: Request) -> Request:
        """With the state that the actions already decided on will have brought about when the answer comes."""
        committed = ahead_of(self._stream, request.step)
        begins = request.step + min(request.delay, len(committed))
        known = next_action(self._stream, begins - self._ahead) if begins > request.step else None
        state = request.state if known is None else known.values[:6]
        return replace(request, state=state, begins=begins, committed=_rows(committed))

    def _starved(self) -> str:
        if not self.course.ages:
            return "the first actions are not there yet"
        return "the actions are used up" if self._inference.waiting else "nothing was asked for"

    def _hold(self, step: int, why: str, patience: int) -> Turn:
        if self._held_since is None:
            self._held_since, self._why = step, ""
        if why != self._why:
            self._why = why
            self.course.holds.append((step, why))
        self.course.starved += 1
        return Turn(None, why, why if step - self._held_since >= patience else "")


def _rows(actions: Sequence[Action]) -> Vector:
    return np.array([action.values for action in actions]).reshape(len(actions), WIDTH)
