"""A policy whose actions say what they are, and an executor driven through virtual time, or through real time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from dynacollect.controllers.streaming.course import STEP_S
from dynacollect.controllers.streaming.executor import Executor, Turn
from dynacollect.controllers.streaming.simulated import Simulated
from dynacollect.controllers.streaming.source import Answer, Inference, Request, Source
from dynacollect.controllers.streaming.stream import Strategy
from dynacollect.rig.clock import HostClock
from dynacollect.rig.nouns import Vector

N = 20
SCALE = 1000.0
HERE: Vector = np.zeros(6)


def telling(request: Request, n: int = N) -> Vector:
    """Actions that hold the step they are meant for, the step of their observation, and the episode."""
    rows = np.zeros((n, 7))
    rows[:, 0] = (request.begins + np.arange(n)) / SCALE
    rows[:, 1] = request.step / SCALE
    rows[:, 2] = request.episode / SCALE
    return rows


@dataclass(frozen=True, slots=True)
class Did:
    """What an action says of itself."""

    step: int
    meant_for: int
    made_at: int
    episode: int
    row: int


def did(step: int, turn: Turn) -> Did | None:
    if turn.action is None:
        return None
    meant_for, made_at, episode = np.rint(turn.action.values[:3] * SCALE).astype(int).tolist()
    return Did(step, meant_for, made_at, episode, turn.action.row)


class Overheard(Simulated):
    """Simulated inference, with what it answered and at which step."""

    def __init__(self, source: Source, latencies: Iterator[float]) -> None:
        super().__init__(source, latencies)
        self.heard: list[tuple[int, Answer]] = []

    def collect(self, now: float) -> Sequence[Answer]:
        found = super().collect(now)
        self.heard += [(round(now / STEP_S), answer) for answer in found]
        return found


class Rehearsal:
    """An executor and everything that it did."""

    def __init__(self, strategy: Strategy, latencies: Iterator[float] | None = None, source: Source = telling) -> None:
        self.inference = Overheard(source, latencies or repeat(0.0))
        self.executor = Executor(strategy, self.inference, give_up_s=1e9)
        self.turns: dict[int, Turn] = {}

    def run(self, steps: Iterable[int]) -> list[Did | None]:
        """Turns at these steps."""
        new = {step: self.executor.turn(step, step * STEP_S, None, HERE) for step in steps}
        self.turns.update(new)
        return [did(step, turn) for step, turn in new.items()]


def shown(brightness: float = 0.0) -> dict[str, np.ndarray]:
    return {"picture": np.full((12, 16, 3), brightness, np.float32), "words": np.frombuffer(b"pick it up", np.uint8)}


class Loop[I: Inference]:
    """An executor on an inference, in real time."""

    def __init__(self, inference: I, strategy: Strategy) -> None:
        self.inference, self.clock, self.step = inference, HostClock(), 0
        self.executor = Executor(strategy, inference)

    def turn(self) -> Turn:
        now = self.clock.now()
        turn = self.executor.turn(self.step, now, shown(0.01 * (self.step % 100)), HERE)
        self.step += 1
        self.clock.wait_until(now + STEP_S)
        return turn

    def until(self, wanted: Callable[[Turn], bool], most: int = 1500) -> Turn:
        for _ in range(most):
            turn = self.turn()
            if wanted(turn):
                return turn
        raise AssertionError(f"not within {most} steps; {self.executor.course.holds}")
