"""A stand-in of the arm that runs by itself, and the driver connected to it; one for all tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dynacollect.rig.franka.arm import Franka
from dynacollect.rig.franka.config import FrankaSim
from dynacollect.rig.franka.running import RunningStandIn

Wait = Callable[[Callable[[], bool]], bool]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[RunningStandIn]:
    with RunningStandIn() as running:
        yield running


@pytest.fixture(scope="module")
def connected(stand_in: RunningStandIn) -> Iterator[Franka]:
    driver = Franka(FrankaSim(driver="franka-sim", model="franka-fr3"), stand_in.clock, stand_in.host)
    driver.connect()
    yield driver
    driver.close()


@pytest.fixture
def arm(connected: Franka, stand_in: RunningStandIn, soon: Wait) -> Franka:
    """Well and at rest."""
    for order in ("heal", "mute 0", "wall 0"):
        stand_in.say(order)
    assert soon(connected.recover)
    return connected


@pytest.fixture(scope="module")
def soon(stand_in: RunningStandIn) -> Wait:
    """Whether something comes true within some seconds of the arm's time."""

    def wait(condition: Callable[[], bool], limit_s: float = 6.0) -> bool:
        clock = stand_in.clock
        end = clock.now() + limit_s
        while not (true := condition()) and clock.now() < end:
            clock.wait_until(clock.now() + 0.01)
        return true

    return wait
