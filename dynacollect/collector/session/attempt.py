"""One attempt: the expert on what is seen, everything recorded, ended at once by a fault or by Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...controllers.episode import Expert
from ...controllers.machine import Observation, Step
from ...controllers.runner import PERIOD_S, Outcome, run_episode
from ...controllers.safety import Passed
from ...datasets.raw import Recording
from ...rig.clock import HostClock, SimClock
from ...rig.nouns import ObjectState, Tick
from ...rig.rig import Rig
from .board import Board, Now
from .cues import holds
from .setting import Scene
from .sight import Seeing
from .supervisor import Stop, Supervisor
from .wish import Wish

HOLDS = 5
"""Ticks for which fingers press that hold something."""
MANY = 32
"""Pictures that wait for an encoder before simulated time does."""


@dataclass(slots=True)
class Course:
    """What went on, for verdict and journal."""

    ticks: int = 0
    missed: int = 0
    works: list[float] = field(default_factory=list)
    """Milliseconds of each tick."""
    ages: list[float] = field(default_factory=list)
    """Milliseconds from the capture of a tick's pictures to its command."""
    phases: list[tuple[str, float]] = field(default_factory=list)
    """With their seconds."""
    pressed: int = 0
    took_at: float | None = None
    """Height of the tool when the fingers took something, m."""
    halted: str = ""
    """The fault or the wish to stop that ended it."""

    @property
    def held(self) -> bool:
        return self.pressed >= HOLDS

    def said(self) -> dict[str, Any]:
        return {
            "ticks": self.ticks, "missed": self.missed, "work_ms": _spread(self.works), "age_ms": _spread(self.ages),
            "phases": self.phases,
        }  # fmt: skip


class Attempt:
    """Runs once."""

    def __init__(
        self, rig: Rig, sight: Seeing, supervisor: Supervisor, stop: Stop, board: Board, wish: Wish, scene: Scene,
        recording: Recording,
    ) -> None:  # fmt: skip
        self._rig, self._sight, self._supervisor, self._stop = rig, sight, supervisor, stop
        self._board, self._wish, self._scene, self._recording = board, wish, scene, recording
        self._stopwatch = HostClock()
        self._mark = 0.0
        self._last: float | None = None
        self._why = ""
        self._phase_since = rig.clock.now()
        self.course = Course()

    def run(self, expert: Expert) -> Outcome:
        scene = self._scene
        newest = {name: camera.latest() for name, camera in self._rig.cameras.items()}
        self._recording.before({name: frame.image for name, frame in newest.items() if frame is not None})
        return run_episode(
            self._rig, expert.profile, expert.motion, expert.safety, self._see, scene.targets[0], scene.container,
            expert.limit_s, self._watch, halt=self._halt,
        )  # fmt: skip

    def _halt(self, _: float) -> str:
        self.course.halted = self._stop.reason or self._supervisor.ending() or self._recording.failed or ""
        return self.course.halted

    def _see(self, now: float) -> Mapping[str, ObjectState]:
        states = self._sight(now)
        self._mark = self._stopwatch.now()
        return states

    def _watch(self, seen: Observation, step: Step, passed: Passed) -> None:
        course, recording = self.course, self._recording
        for move in step.transitions:
            self._why = move.reason
            recording.phase(seen.time, str(move.after), move.reason)
            course.phases.append((str(move.before), seen.time - self._phase_since))
            self._phase_since = seen.time
        objects = {**self._sight.raw(), **seen.objects}
        phase, frames = str(step.state.phase), self._sight.frames
        recording.tick(Tick(course.ticks, seen.time, frames, seen.arm, objects, phase, step.command))
        if passed.send:
            recording.setpoints(passed.setpoints)
        self._feel(seen)
        course.missed += self._missed(seen.time)
        course.ticks += 1
        course.works.append(1e3 * (self._sight.work_s + self._stopwatch.now() - self._mark))
        if frames.frames:
            course.ages.append(1e3 * (seen.time - frames.captured_at) + course.works[-1])
        self._board.tick(self._now(seen, objects, phase))
        if recording.waiting > MANY and isinstance(self._rig.clock, SimClock):
            self._stopwatch.wait_until(self._stopwatch.now() + 0.02)

    def _missed(self, now: float) -> int:
        """Ticks that should have been since the last one."""
        last, self._last = self._last, now
        return 0 if last is None else max(round((now - last) / PERIOD_S) - 1, 0)

    def _feel(self, seen: Observation) -> None:
        """Whether the fingers took something, and where."""
        if holds(seen.arm, self._rig.arm.model.gripper):
            self.course.pressed += 1
            height = float(seen.arm.T_base_tool.translation[2])
            self.course.took_at = min(height, self.course.took_at or height)

    def _now(self, seen: Observation, objects: Mapping[str, ObjectState], phase: str) -> Now:
        head = self._recording.head
        return Now(
            seen.time, self._wish.kind.task, self._wish.kind.object, head.instructions[0], phase, self._why, objects,
            {name: frame.image for name, frame in self._sight.frames.frames.items()},
            self.course.ticks, self.course.missed, self.course.works[-1], 1e3 * PERIOD_S,
            self._recording.waiting,
        )  # fmt: skip


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": float(np.median(values)), "p99": float(np.quantile(values, 0.99))}
