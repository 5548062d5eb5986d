"""Workers from their start to their end: started again when they crash, asked to end when somebody wants that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...rig.clock import HostClock
from ..session.supervisor import Stop
from .following import Following
from .job import Ended, How, Job, Worker

TRIES = 5
"""A worker that crashes so often in a row, with no attempt ended in between, is given up."""
PERIOD_S = 0.1

Start = Callable[[Job], Worker]
Say = Callable[[str, str], None]
"""Told of a worker that is started again: its name, and why."""
Look = Callable[[int], None]
"""Told the successes of all workers together, whenever there are more."""


@dataclass(slots=True)
class _Hand:
    """One worker."""

    job: Job
    worker: Worker
    following: Following
    crashes: int = 0
    ended: Ended | None = None


def run_all(jobs: Sequence[Job], start: Start, stop: Stop, say: Say, look: Look) -> Mapping[str, Ended]:
    """How each ended, by the name of its session."""
    clock, hands, asked, shown = HostClock(), [_Hand(job, start(job), Following(job.home)) for job in jobs], False, -1
    try:
        while working := [hand for hand in hands if hand.ended is None]:
            if stop.reason and not asked:
                asked = True
                for hand in working:
                    hand.worker.stop()
            for hand in working:
                _see_to(hand, start, stop, say)
            if (kept := sum(hand.following.kept for hand in hands)) != shown:
                look(shown := kept)
            clock.wait_until(clock.now() + PERIOD_S)
    finally:
        for hand in hands:
            if hand.ended is None:
                hand.worker.kill()
    return {hand.job.home.name: hand.ended for hand in hands if hand.ended is not None}


def _see_to(hand: _Hand, start: Start, stop: Stop, say: Say) -> None:
    ended = hand.worker.ended()
    if hand.following.news():
        hand.crashes = 0
    if ended is None:
        return
    hand.crashes += ended.how == How.CRASHED
    if ended.how == How.CRASHED and hand.crashes < TRIES and not stop.reason:
        say(hand.job.home.name, ended.reason)
        hand.worker = start(hand.job)
    else:
        hand.ended = ended
