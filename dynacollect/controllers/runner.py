"""One episode of the scripted expert on a rig: observe, step the machine, move, check, command; 25 times a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..rig.clock import Slot, Ticker
from ..rig.nouns import ArmState, ObjectState, Vector
from ..rig.rig import Rig
from .detour import Detour
from .machine import Observation, Phase, Profile, Step, Transition
from .motion import Motion
from .safety import Intervention, Passed, Safety

PERIOD_S = 0.04

Objects = Callable[[float], Mapping[str, ObjectState]]
"""What is known of the objects at a time: the tracker, or the truth on benches."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an episode ended, by what the expert itself could see."""

    phase: Phase
    reason: str
    time_s: float
    path_m: float
    """Way of the tool."""
    transitions: tuple[Transition, ...]
    interventions: tuple[Intervention, ...]
    missed_ticks: int


@dataclass(slots=True)
class _Progress:
    transitions: list[Transition] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    path_m: float = 0.0
    last: Vector | None = None

    def moved(self, arm: ArmState) -> None:
        here = np.asarray(arm.T_base_tool.translation)
        if self.last is not None:
            self.path_m += float(np.linalg.norm(here - self.last))
        self.last = here


Watcher = Callable[[Observation, Step, Passed], None]
Halt = Callable[[float], str]
"""Asked before anything else in a tick: why the episode must end now; empty while it need not."""


def run_episode(
    rig: Rig, profile: Profile, motion: Motion, safety: Safety, objects: Objects, target: str, container: str | None,
    limit_s: float, watch: Watcher | None = None, images: bool = False, halt: Halt | None = None,
) -> Outcome:  # fmt: skip
    """Run until the machine is done, fails, is halted, or time is up; the arm is left in a hold."""
    begin = rig.clock.now()
    ticker = Ticker(rig.clock, PERIOD_S, start=rig.next_start(PERIOD_S))
    joints = rig.feel().joints
    motion.start(joints, begin)
    safety.start(joints, begin)
    detour = Detour(motion.arm.home)
    progress, state, phase = _Progress(), None, Phase.INIT
    while True:
        slot = ticker.next()
        if images:
            rig.see()
        arm = rig.feel()
        reason = halt(slot.started) if halt is not None else ""
        if reason:
            break
        seen = Observation(slot.started, arm, objects(slot.started), target, container)
        if state is None:
            state = profile.start(seen)
        step = profile.step(state, seen)
        state = step.state
        progress.moved(arm)
        progress.transitions.extend(step.transitions)
        if step.transitions:
            phase = step.transitions[-1].after
        command = detour.instead_of(step.command, slot.started)
        passed = safety.check(motion.towards(command, slot.started), arm, slot.started, arm.measured_at)
        detour.saw(passed.interventions, arm, slot.started)
        progress.interventions.extend(passed.interventions)
        motion.adopt(passed.setpoints)
        if passed.send:
            rig.arm.command(passed.setpoints)
        if watch is not None:
            watch(seen, step, passed)
        reason = _ended(phase, progress, arm, slot, begin, limit_s)
        if reason:
            break
    rig.arm.stop()
    summary = ticker.summary()
    return Outcome(
        phase, reason, rig.clock.now() - begin, progress.path_m, tuple(progress.transitions),
        tuple(progress.interventions), summary.missed,
    )  # fmt: skip


def _ended(phase: Phase, progress: _Progress, arm: ArmState, slot: Slot, begin: float, limit_s: float) -> str:
    """Why the episode is over; empty while it is not."""
    if phase in (Phase.DONE, Phase.FAILED):
        return progress.transitions[-1].reason
    if arm.fault is not None:
        return f"arm: {arm.fault.name}"
    if any(stop.reason == "left_box" for stop in progress.interventions[-3:]):
        return "left_box"
    return "out of time" if slot.started - begin >= limit_s else ""
