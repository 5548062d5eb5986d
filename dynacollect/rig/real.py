"""A rig of real devices, on the host's clock."""

from __future__ import annotations

from .arm import Arm
from .asking import Asks
from .attended_stage import AttendedStage
from .cameras.open import open_cameras
from .clock import Clock, HostClock
from .config import CellCamera, RigConfig
from .errors import DynacollectError
from .franka.arm import Franka
from .franka.config import FrankaArm
from .piper.arm import Piper
from .piper.config import PiperArm
from .piper.wire import bus_opener
from .rig import Rig


def build_real(config: RigConfig, asks: Asks) -> Rig:
    """Not yet connected; what has to be done by hand is asked for."""
    simulated = [name for name, camera in config.cameras.items() if isinstance(camera, CellCamera)]
    if simulated:
        raise DynacollectError(
            f"{simulated[0]} is a camera of the simulated cell, which cannot see a real arm; give it another driver"
        )
    clock = HostClock()
    arm, cameras = _arm(config, clock), open_cameras(config.cameras, clock)
    return Rig(config, cameras, arm, clock, AttendedStage(config.stage, arm, clock, asks, config.cell.episodes.objects))


def _arm(config: RigConfig, clock: Clock) -> Arm:
    arm = config.arm
    if isinstance(arm, PiperArm):
        return Piper(arm, clock, bus_opener(arm.interface, arm.channel))
    if isinstance(arm, FrankaArm):
        return Franka(arm, clock, arm.host)
    raise ValueError(f"{arm.driver} is no real arm")
