"""From rig.yaml to cameras that can be connected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..camera import Camera
from ..clock import Clock
from ..errors import DynacollectError
from .config_base import CameraPart
from .device import Device
from .files.camera import LockstepCamera
from .files.config import FilesCamera
from .files.playback import Playback, Timeline
from .lerobot.config import LeRobotCamera
from .lerobot.device import LeRobotDevice
from .realsense.config import RealSenseCamera
from .realsense.device import RealSense
from .stream import StreamCamera
from .uvc.config import UvcCamera
from .uvc.device import Uvc


def open_cameras(cameras: Mapping[str, CameraPart], clock: Clock, *, lockstep: bool = False) -> dict[str, Camera]:
    """All but the cell's, not yet connected; no SDK is looked for before that.

    `lockstep` is for a clock that stands still while the loop works, and only recordings can: then a run is the same
    for the same loop, and what a thread does elsewhere is done when a frame is asked for.
    """
    timelines: dict[Path, Timeline] = {}

    def opened(name: str, config: CameraPart) -> Camera:
        if not isinstance(config, FilesCamera):
            if lockstep:
                raise DynacollectError(
                    f"{name} is a real camera, and this rig's time is simulated; use recorded files (driver: files), "
                    "or --realtime with a command that has it"
                )
            return StreamCamera(name, config, _device(name, config, clock), clock)
        playback = Playback(name, config, timelines.setdefault(config.path, Timeline(clock)), clock)
        return (LockstepCamera if lockstep else StreamCamera)(name, config, playback, clock)

    return {name: opened(name, config) for name, config in cameras.items()}


def _device(name: str, config: CameraPart, clock: Clock) -> Device:
    if isinstance(config, RealSenseCamera):
        return RealSense(config, clock)
    if isinstance(config, UvcCamera):
        return Uvc(config, clock)
    if isinstance(config, LeRobotCamera):
        return LeRobotDevice(name, config, clock)
    raise ValueError(f"{type(config).__name__} of {name} is not opened here")
