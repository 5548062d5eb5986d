"""What one control step costs, on episodes with fast objects in the cell: from what is seen to checked set-points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...controllers.episode import Expert, expert_for
from ...controllers.machine import Observation, Profile, Step
from ...controllers.motion import Motion
from ...controllers.runner import run_episode
from ...controllers.safety import Passed, Safety
from ...rig.cell.truth import Truth
from ...rig.clock import Clock, HostClock
from ...rig.config import RigConfig
from ...rig.nouns import ArmState, Command, ObjectState, SetPoints, Vector
from ...rig.rig import open_rig
from ...rig.stage import Request
from ...training.evaluation import launch

WARM_UP = 25
LAUNCHERS = ("conveyor", "push")
SPEEDS = (0.35, 0.7)
"""Of the objects, m/s."""
PARTS = ("machine", "motion", "safety")


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class ControllerFigures:
    """Wall-clock cost of one tick, and of its parts: state machine with interception; IK and profile; safety."""

    tick_ms: Spread
    machine_ms: Spread
    motion_ms: Spread
    safety_ms: Spread
    ticks: int


def bench_controllers(config: RigConfig, ticks: int, seed: int) -> ControllerFigures:
    """Episode after episode, without images; the first second is left out."""
    costs = np.array([cost for cost, _ in zip(_costs(config, seed), range(WARM_UP + ticks), strict=False)])[WARM_UP:]
    return ControllerFigures(_spread(costs.sum(axis=1)), *map(_spread, costs.T), ticks=len(costs))


def _spread(seconds: Vector) -> Spread:
    median, p99 = (1e3 * np.percentile(seconds, (50, 99))).tolist()
    return Spread(median, p99)


def _costs(config: RigConfig, seed: int) -> Iterator[tuple[float, ...]]:
    """Seconds of each of `PARTS`, tick after tick."""
    rng, number = np.random.default_rng(seed), 0
    while True:
        launcher = LAUNCHERS[number % len(LAUNCHERS)]
        request = Request(speed=float(rng.uniform(*SPEEDS)), launcher=launcher, distractors=())
        yield from _episode(config, seed + number, request)
        number += 1


def _episode(config: RigConfig, seed: int, request: Request) -> list[tuple[float, ...]]:
    rig, spent, rows = open_rig(config, seed=seed), _Spent(HostClock()), []
    with rig:
        truth = Truth(rig)
        rig.stage.prepare(seed, request)
        target = next(key for key in truth.names if key.startswith("target"))
        expert = expert_for(rig, "pick", "intercept", truth.names, (target,))
        launch(rig, truth)

        def watch(seen: Observation, step: Step[Any], passed: Passed) -> None:  # noqa: ARG001
            rows.append(spent.taken())

        def objects(now: float) -> Mapping[str, ObjectState]:  # noqa: ARG001
            return truth.objects()

        profile, motion, safety = _timed(expert, config, spent)
        run_episode(rig, profile, motion, safety, objects, target, None, expert.limit_s, watch)
    return rows


class _Spent:
    """Seconds of this tick, by part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: dict[str, float] = dict.fromkeys(PARTS, 0.0)

    def on[T](self, part: str, work: Callable[[], T]) -> T:
        begin = self._clock.now()
        done = work()
        self._parts[part] += self._clock.now() - begin
        return done

    def taken(self) -> tuple[float, ...]:
        """Of all parts, and from 0 again."""
        taken = tuple(self._parts.values())
        self._parts = dict.fromkeys(PARTS, 0.0)
        return taken


def _timed(expert: Expert, config: RigConfig, spent: _Spent) -> tuple[Profile[Any], Motion, Safety]:
    """The expert's parts, each with its time taken."""
    arm = expert.motion.arm
    motion = _TimedMotion(arm, table_z=config.safety.table_z)
    safety = _TimedSafety(config.safety, arm)
    motion.spent = safety.spent = spent
    return _TimedProfile(expert.profile, spent), motion, safety


class _TimedProfile:
    def __init__(self, profile: Profile[Any], spent: _Spent) -> None:
        self._profile, self._spent = profile, spent
        self.name, self.state_type = profile.name, profile.state_type

    def start(self, observation: Observation) -> Any:
        return self._profile.start(observation)

    def step(self, state: Any, observation: Observation) -> Step[Any]:
        return self._spent.on("machine", lambda: self._profile.step(state, observation))


class _TimedMotion(Motion):
    spent: _Spent

    def towards(self, command: Command, now: float) -> SetPoints:
        return self.spent.on("motion", lambda: super(_TimedMotion, self).towards(command, now))

    def adopt(self, setpoints: SetPoints) -> None:
        self.spent.on("motion", lambda: super(_TimedMotion, self).adopt(setpoints))


class _TimedSafety(Safety):
    spent: _Spent

    def check(self, setpoints: SetPoints, state: ArmState, now: float, observed_at: float) -> Passed:
        return self.spent.on("safety", lambda: super(_TimedSafety, self).check(setpoints, state, now, observed_at))
