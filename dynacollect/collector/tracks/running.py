"""The tracker on a rig, tick after tick, and what is to be said of it at the end."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ...rig.clock import Clock, HostClock, Ticker
from ...rig.nouns import ArmState, FrameSet
from ...rig.rig import Rig
from ...tracking.live import PERIOD_S, REMEMBERED, arm_at
from ...tracking.tracked import HEALTHY, Follower, Tracked

EMPTY_TICKS = 50
"""So long without any picture, the cameras are gone."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One tick."""

    frames: FrameSet
    tracked: Tracked


def moments(rig: Rig, tracker: Follower, seconds: float) -> Iterator[Moment]:
    """What is seen and believed for so long on the rig's clock; ticks without a picture are left out."""
    arm: deque[ArmState] = deque(maxlen=REMEMBERED)
    end = rig.clock.now() + seconds
    for slot in Ticker(rig.clock, PERIOD_S, start=rig.next_start(PERIOD_S)):
        if slot.started >= end:
            return
        frames = rig.see()
        arm.append(rig.feel())
        if frames.frames.keys() & tracker.cameras.keys():
            yield Moment(frames, tracker.step(frames, arm_at(frames.captured_at, arm, rig.arm.model)))


@dataclass(frozen=True, slots=True)
class Spread:
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What `track run` says at the end."""

    ticks: int
    rates: dict[str, float]
    """Per second: `pictures` on the rig's clock, `ticks` on the host's."""
    healthy: dict[str, float]
    """By object, share of ticks with a state to act on."""
    tick_ms: Spread
    stage_ms: dict[str, Spread]


@dataclass(slots=True)
class Tally:
    """Counts what happens."""

    names: tuple[str, ...]
    host: Clock = field(default_factory=HostClock)
    _times: list[tuple[float, float]] = field(default_factory=list)
    _healthy: Counter[str] = field(default_factory=Counter)
    _stages: dict[str, list[float]] = field(default_factory=dict)

    def take(self, moment: Moment) -> None:
        self._times.append((moment.frames.captured_at, self.host.now()))
        self._healthy.update(name for name, state in moment.tracked.states.items() if state.health >= HEALTHY)
        for stage, seconds in moment.tracked.seconds.items():
            self._stages.setdefault(stage, []).append(1e3 * seconds)

    def summary(self) -> Summary:
        ticks = len(self._times)
        spent = np.ptp(np.array(self._times), axis=0) if ticks > 1 else np.full(2, np.nan)
        pictures, host = ((ticks - 1) / spent).tolist()
        spreads = {stage: Spread(*np.percentile(took, (50, 95)).tolist()) for stage, took in self._stages.items()}
        healthy = {name: self._healthy[name] / ticks if ticks else float("nan") for name in self.names}
        none = Spread(float("nan"), float("nan"))
        return Summary(ticks, {"pictures": pictures, "ticks": host}, healthy, spreads.pop("tick", none), spreads)
