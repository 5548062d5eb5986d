"""Cameras that are not the cell's, in a rig whose arm is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..config import CellCamera, RigConfig
from ..rig import Rig
from .open import open_cameras

UNSEEN = CellCamera(driver="cell", serial="CELL-OPST")
"""The cell has at least one camera; this one is never connected, so it never draws."""


def beside(build: Callable[[RigConfig], Rig], config: RigConfig, *, realtime: bool) -> Rig:
    """The rig that `build` makes of what is the cell's, with the other cameras put to it, on its clock.

    Cameras that are read by a thread need time that passes by itself.
    """
    own = {name: camera for name, camera in config.cameras.items() if isinstance(camera, CellCamera)}
    others = {name: camera for name, camera in config.cameras.items() if name not in own}
    if not others:
        return build(config)
    rig = build(config.model_copy(update={"cameras": own or {"unseen": UNSEEN}}))
    cameras = {**rig.cameras, **open_cameras(others, rig.clock, lockstep=not realtime)}
    return replace(rig, config=config, cameras={name: cameras[name] for name in config.cameras})
