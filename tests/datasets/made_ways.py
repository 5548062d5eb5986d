"""Sessions of an arm whose joints move in a known way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from dynacollect.datasets.raw import Head, Recorder, Thing
from dynacollect.rig.arms import PANDA
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import ArmState, Command, Frame, FrameSet, Grip, Tick, Vector, Verdict

from .made_sessions import CAMERAS, cameras, stamped

FPS, TICKS, SHUT_AT = 25.0, 50, 30
OPEN, SHUT = Grip(0.07, 12.0), Grip(0.0, 25.0)

Moves = Callable[[float], Vector]
"""Joints at a time from the beginning, s."""


def swing(time: float) -> Vector:
    """Smooth, from rest to rest within the 2 s, all joints by another size."""
    share = np.clip(time / (TICKS / FPS), 0.0, 1.0)
    return PANDA.home + (0.5 - 0.5 * np.cos(2 * np.pi * share)) * np.array([0.4, -0.2, 0.3, -0.2, 0.1, 0.2, 0.5])


def recorded(session: Path, moves: Moves = swing, late: tuple[int, ...] = ()) -> Path:
    """A session of one episode of a Panda that moved so; `late` ticks came too late by most of their time, or never."""
    clock = SimClock()
    head = Head(
        "pick", ("pick up the mug",), PANDA.name, cameras(), (Thing(key="target0", name="mug", role="target"),), {}, {},
        FPS,
    )  # fmt: skip
    recording = Recorder(session, clock).begin(head)
    for index in range(TICKS):
        begin = index / FPS + (0.03 if index in late else 0.0)
        clock.wait_until(begin)
        joints = moves(begin)
        arm = ArmState(joints, np.zeros(7), np.zeros(7), forward(PANDA, joints), 0.07, 0.0, begin, begin)
        frames = {
            name: Frame(stamped(index, place), name, index, begin, begin, begin) for place, name in enumerate(CAMERAS)
        }
        grip = SHUT if index == SHUT_AT else OPEN if index == 0 else None
        recording.tick(Tick(index, begin, FrameSet(frames), arm, {}, "MEET", Command(joints=joints, grip=grip)))
    recording.commit(Verdict(True, 1.0, ""))
    return session
