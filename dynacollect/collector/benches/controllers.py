"""What one control step costs: motion and safety on approaches to goals that move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...controllers.motion import Motion
from ...controllers.safety import Safety
from ...rig.arm import Arm
from ...rig.arms import kinematics
from ...rig.clock import HostClock
from ...rig.config import RigConfig
from ...rig.nouns import ArmState, Command, Vector
from ...rig.rig import open_rig

PERIOD_S = 0.04
WARM_UP = 25
JITTER_M = 0.0005
"""By how much the aim is off from tick to tick, as a tracker's would be."""

HOVER = np.array([0.0, 0.0, 0.1])

Tick = Callable[[float], object]
"""One control step at a time."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class ControllerFigures:
    """Wall-clock cost of one tick."""

    tick_ms: Spread
    ticks: int


def bench_controllers(config: RigConfig, ticks: int, seed: int) -> ControllerFigures:
    """Approach after approach, one new command a tick."""
    return time_ticks(_approaches(config, seed), ticks)


def time_ticks(tick: Tick, ticks: int) -> ControllerFigures:
    """Run ticks one period apart and time each; the first second is left out."""
    clock, costs = HostClock(), np.empty(ticks)
    for number in range(-WARM_UP, ticks):
        begin = clock.now()
        tick(number * PERIOD_S)
        if number >= 0:
            costs[number] = clock.now() - begin
    median, p99 = (1e3 * np.percentile(costs, (50, 99))).tolist()
    return ControllerFigures(Spread(median, p99), ticks)


def _approaches(config: RigConfig, seed: int) -> Tick:
    arm = open_rig(config, seed=seed).arm
    motion, safety = Motion(arm.model, table_z=config.safety.table_z), Safety(config.safety, arm.model)
    begin = -WARM_UP * PERIOD_S
    motion.start(arm.model.home, begin)
    safety.start(arm.model.home, begin)
    targets = _Targets(arm, motion, seed)

    def tick(now: float) -> None:
        state = _feedback(arm, motion.commanded(now - arm.model.command_delay)[0], now)
        passed = safety.check(motion.towards(targets.command(now), now), state, now, now)
        motion.adopt(passed.setpoints)

    return tick


def _feedback(arm: Arm, joints: Vector, now: float) -> ArmState:
    still = np.zeros(arm.model.joints)
    return ArmState(joints, still, still, kinematics.forward(arm.model, joints), 0.05, 0.0, now, now)


class _Targets:
    """Objects that cross the table one after the other: over each, down to it in time, along with it."""

    def __init__(self, arm: Arm, motion: Motion, seed: int) -> None:
        self._arm, self._motion, self._rng = arm.model, motion, np.random.default_rng(seed)
        self._until = -np.inf

    def command(self, now: float) -> Command:
        if now >= self._until:
            self._draw(now)
        place, turn, velocity, meet_at = self._meeting
        down_from = meet_at - 0.6
        at = down_from if now < down_from else max(meet_at, now + PERIOD_S)
        goal = place + velocity * (at - meet_at) + np.append(self._rng.normal(0.0, JITTER_M, 2), 0.0)
        if now < down_from:
            goal = goal + HOVER
        return Command(RigidTransform.from_components(goal, turn), velocity=velocity, reach_at=at)

    def _draw(self, now: float) -> None:
        rng = self._rng
        radius, angle = rng.uniform(0.55, 0.7) * self._arm.reach, rng.uniform(-0.4, 0.4)
        way, speed = rng.uniform(-np.pi, np.pi), rng.uniform(0.0, 0.3)
        place = np.array([radius * np.cos(angle), radius * np.sin(angle), 0.03])
        velocity = speed * np.array([np.cos(way), np.sin(way), 0.0])
        turn = Rotation.from_euler("xz", [np.pi, rng.uniform(-0.7, 0.7)])
        over = RigidTransform.from_components(place + HOVER, turn)
        meet_at = now + 1.2 * self._motion.time_to(over, now, velocity) + 0.65
        self._meeting = place, turn, velocity, meet_at
        self._until = meet_at + 0.2
