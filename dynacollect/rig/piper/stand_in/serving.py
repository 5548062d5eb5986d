"""A stand-in that lives on the host's clock: in this process, or in one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...arms.piper import PIPER
from ...cell.faults import FaultPlan
from ...clock import HostClock
from ...pulse import Pulse
from .body import FreeBody
from .stand_in import StandIn

if TYPE_CHECKING:
    import can


@contextmanager
def serving(bus: can.BusABC, faults: FaultPlan | None = None, thing_m: float = 0.0) -> Iterator[StandIn]:
    """On a bus that others share, until left; faults begin at times on the host's clock."""
    clock, body = HostClock(), FreeBody(PIPER, thing_m)
    stand_in = StandIn(PIPER, body, bus, faults)
    failed: list[Exception] = []

    def step(now: float) -> None:
        body.advance(now)
        stand_in.tick(now)

    pulse = Pulse(step, clock, 1.0 / PIPER.rate_hz, failed.append)
    try:
        yield stand_in
    finally:
        pulse.end()
    if failed:
        raise failed[0]


def serve(interface: str, channel: str, seconds: float) -> None:
    """For a process of its own."""
    import can

    with can.Bus(interface=interface, channel=channel) as bus, serving(bus):
        clock = HostClock()
        clock.wait_until(clock.now() + seconds)
