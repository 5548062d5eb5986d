"""The rigs whose cameras LeRobot has asked for, each opened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...camera import Camera
from ...clock import Clock, HostClock
from ...config import CellCamera, RigConfig, load_rig
from ..open import open_cameras


@dataclass(frozen=True, slots=True)
class Shared:
    """The cameras of a rig and what paces them."""

    cameras: Mapping[str, Camera]
    clock: Clock


_OPEN: dict[str, Shared] = {}


def shared(name: str) -> Shared:
    """The cameras of this rig, the same for all who ask by the same name."""
    if name not in _OPEN:
        _OPEN[name] = _opened(load_rig(name))
    return _OPEN[name]


def _opened(config: RigConfig) -> Shared:
    if any(isinstance(camera, CellCamera) for camera in config.cameras.values()):
        from ...rig import open_rig  # on demand: it simulates

        rig = open_rig(config, realtime=True)
        return Shared(rig.cameras, rig.clock)
    clock = HostClock()
    return Shared(open_cameras(config.cameras, clock), clock)
