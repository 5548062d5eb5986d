"""The rig `piper-sim`: the real driver, and a stand-in of the arm that moves the cell's."""

from __future__ import annotations

from itertools import count
from weakref import finalize

from ..cell.cell import Cell, rig_of
from ..cell.faults import parse
from ..cell.outside import StandingIn
from ..cell.world import World
from ..config import RigConfig
from ..errors import DynacollectError
from ..rig import Rig
from .arm import Piper
from .coding import missing
from .config import PiperSim
from .stand_in.failings import ALL
from .stand_in.stand_in import StandIn
from .wire import OpenBus

_channels = count()


class InCell(StandingIn):
    """The stand-in as the cell's arm: the cell lets it and its driver have their turn in every period."""

    def __init__(self, world: World, stand_in: StandIn, driver: Piper) -> None:
        super().__init__(world)
        self.stand_in, self._driver = stand_in, driver

    def sample(self) -> None:
        now = self.turn()
        self._driver.step(now)
        self.stand_in.tick(now)

    def put_right(self) -> None:
        self.stand_in.put_right()


def build_piper_sim(config: RigConfig, *, seed: int = 0, faults: tuple[str, ...] = (), realtime: bool = False) -> Rig:
    """In lock-step with the cell's clock, on a CAN bus within this process; `faults` are specs as in `failings`."""
    if not isinstance(config.arm, PiperSim):
        raise DynacollectError("this rig's arm is not simulated; write arm.driver: piper-sim")
    open_bus = _bus_within()
    cell = Cell(config, seed=seed, faults=parse(faults, config.cameras, ALL), realtime=realtime)
    bus = open_bus()
    finalize(cell, bus.shutdown)
    arm = Piper(config.arm, cell.clock, open_bus)
    cell.led_by(InCell(cell.world, StandIn(cell.world.arm, cell.world, bus, cell.faults, seed=seed), arm))
    return rig_of(cell, arm)


def _bus_within() -> OpenBus:
    """Opens a bus of this rig's own, on which frames carry simulated time."""
    try:
        from .within import BusWithin
    except ImportError as error:
        raise missing(error) from error
    channel = f"piper-sim-{next(_channels)}"
    return lambda: BusWithin(channel)
