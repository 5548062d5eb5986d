"""Policies for a process of their own: a well-behaved one, and those that are not. A new process finds them by name."""

from __future__ import annotations

import numpy as np

from dynacollect.controllers.streaming.source import Request, Source
from dynacollect.rig.clock import HostClock
from dynacollect.rig.nouns import Vector

SLOW_S = 0.06


class Policy:
    """Its actions tell the step that they are for, what it was shown (6th number), how often it was asked (7th)."""

    def __init__(self, mad: range = range(0), fails_at: int = -1) -> None:
        self.asked, self.mad, self.fails_at = 0, mad, fails_at

    def __call__(self, request: Request) -> Vector:
        self.asked += 1
        if self.asked == self.fails_at:
            raise ValueError("out of memory on the GPU")
        clock = HostClock()
        clock.wait_until(clock.now() + SLOW_S)
        rows = np.zeros((20, 7))
        rows[:, 0] = (request.begins + np.arange(20)) / 1000
        rows[:, 5], rows[:, 6] = float(request.seen["picture"].mean()), self.asked / 1000
        return rows * (np.nan if self.asked in self.mad else 1.0)


def steady() -> Source:
    return Policy()


def failing() -> Source:
    return Policy(fails_at=6)


def mad() -> Source:
    return Policy(mad=range(6, 10))


def unbuildable() -> Source:
    raise FileNotFoundError("no weights in /nowhere")
