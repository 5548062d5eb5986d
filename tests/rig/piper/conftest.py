"""The driver and the stand-in on one bus, in lock-step on simulated time, without the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import can
import numpy as np
import pytest

from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.cell.faults import parse
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import Fault, Grip, SetPoints
from dynacollect.rig.piper.arm import Piper
from dynacollect.rig.piper.config import PiperArm
from dynacollect.rig.piper.frames import ENABLE, LEADER, MOTION, STOP, Frame
from dynacollect.rig.piper.stand_in.body import FreeBody
from dynacollect.rig.piper.stand_in.coding import two_angles
from dynacollect.rig.piper.stand_in.failings import ALL
from dynacollect.rig.piper.stand_in.stand_in import StandIn
from dynacollect.rig.piper.within import BusWithin

TICK_S = 0.04
_channels = count()


class Tapped(BusWithin):
    """Keeps what is sent through it, with the time."""

    def __init__(self, channel: str, bench: Bench) -> None:
        super().__init__(channel)
        self._bench = bench

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        super().send(msg, timeout)
        self._bench.sent.append(Frame(msg.arbitration_id, bytes(msg.data), self._bench.due))


class Bench:
    """One arm."""

    def __init__(self, *faults: str, thing_m: float = 0.0, powered: bool = True, **knobs: object) -> None:
        channel = f"bench-{next(_channels)}"
        self.body = FreeBody(PIPER, thing_m)
        self.bus = BusWithin(channel)
        self.stand_in = StandIn(PIPER, self.body, self.bus, parse(faults, (), ALL))
        self.clock = SimClock(self._advance)
        self.config = PiperArm.model_validate(
            {"driver": "piper", "model": "piper", "interface": "virtual", "channel": channel, **knobs}
        )
        self.arm = Piper(self.config, self.clock, lambda: Tapped(channel, self))
        self.sent: list[Frame] = []
        """By the driver."""
        self.due = 0.0
        self.powered = powered
        self._count = 0

    @property
    def now(self) -> float:
        return self.clock.now()

    def _advance(self, to: float) -> None:
        while (due := self._count / PIPER.rate_hz) <= to:
            self._count += 1
            self.due = due
            self.body.advance(due)
            self.arm.step(due)
            if self.powered:
                self.stand_in.tick(due)

    def swing(self) -> SetPoints:
        """All joints about home, fingers open and closed every second."""
        times = self.now + 0.02 * np.arange(10, dtype=np.float64)
        sizes = np.array([0.35, 0.06, 0.06, 0.06, 0.06, 0.06])
        joints = PIPER.home + sizes * (1.0 - np.cos(1.5 * times[:, None])) * 0.5
        width = PIPER.gripper.max_width if int(self.now) % 2 == 0 else 0.0
        return SetPoints(times, joints, Grip(width, 20.0))

    def run(self, seconds: float, *, move: bool = True) -> Iterator[float]:
        end = self.now + seconds
        while self.now < end:
            if move:
                self.arm.command(self.swing())
            self.clock.wait_until(self.now + TICK_S)
            self.arm.read()
            yield self.now

    def wait(self, seconds: float) -> None:
        for _ in self.run(seconds, move=False):
            pass

    @property
    def faults(self) -> dict[str, Fault]:
        return {fault.name: fault for fault in self.arm.health().faults}

    @property
    def motion_times(self) -> list[float]:
        """When joints were commanded."""
        return [frame.at for frame in self.sent if frame.id in MOTION]

    @property
    def targets(self) -> np.ndarray:
        """The joints that were commanded, (n, 6)."""
        angles = [two_angles(frame.data) for frame in self.sent if frame.id in MOTION]
        return np.array(angles).reshape(-1, 6)

    @property
    def let_fall(self) -> list[Frame]:
        """What the driver may never send: stop, reset, disable, another role."""
        return [one for one in self.sent if one.id in (STOP, LEADER) or (one.id == ENABLE and one.data[1] != 2)]

    def close(self) -> None:
        self.arm.close()
        self.bus.shutdown()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(*faults: str, **knobs: object) -> Bench:
        made.append(Bench(*faults, **knobs))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()
