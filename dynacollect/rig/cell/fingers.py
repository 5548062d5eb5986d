"""The gripper's own controller: late, at its own speed, and no stronger than told."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..arms.model import GripperModel
from ..nouns import Grip

PRESSING_M = 0.006
"""How far the reference may run ahead of blocked fingers: more than any force needs."""


class Fingers:
    """Turns grip commands into the width and force limit of the finger servo at each physics step."""

    def __init__(self, model: GripperModel, delay: float) -> None:
        self.model, self.delay = model, delay
        self.speed = model.speed
        self.jammed = False
        self.opens = False
        self.width = model.max_width
        self.goal = Grip(model.max_width, model.min_force)
        self._queue: deque[tuple[float, Grip]] = deque()

    def take(self, now: float, grip: Grip) -> None:
        """A new goal; one like the last is no command, so a steady stream does not postpone it."""
        newest = self._queue[-1][1] if self._queue else self.goal
        if grip != newest:
            self._queue.append((now + self.delay, grip))

    def step(self, now: float, dt: float, measured: float) -> tuple[float, float]:
        """Width of the servo's reference, m, and its force limit, N.

        The reference never leads the fingers by more than it takes to press: they open again without delay.
        """
        while self._queue and self._queue[0][0] <= now:
            self.goal = self._queue.popleft()[1]
        self.width = float(np.clip(self.width, measured - PRESSING_M, measured + PRESSING_M))
        if not self.jammed:
            wanted = self.model.max_width if self.opens else self.goal.width
            goal = float(np.clip(wanted, 0.0, self.model.max_width))
            self.width += float(np.clip(goal - self.width, -self.speed * dt, self.speed * dt))
        return self.width, float(np.clip(self.goal.force, self.model.min_force, self.model.max_force))
