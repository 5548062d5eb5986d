"""The arm model of the PiPER at hand: which gripper, which zero of its joints, how fast it may go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..arms.model import ArmModel
from ..arms.piper import PIPER
from .config import PiperArm, PiperSim

OLD_ZERO = {1: np.deg2rad(-174.22), 2: np.deg2rad(-100.78)}
"""DH offsets of joints 2 and 3, from 0, where `dh_is_offset` is 0."""


def figures(config: PiperArm | PiperSim) -> ArmModel:
    """What holds for this arm."""
    share = config.speed_share
    model = replace(PIPER, max_velocity=share * PIPER.max_velocity, max_acceleration=share * PIPER.max_acceleration)
    if isinstance(config, PiperSim):
        return model
    if config.dh_is_offset == 0:
        rows = tuple(replace(row, offset=OLD_ZERO.get(index, row.offset)) for index, row in enumerate(model.dh))
        model = replace(model, dh=rows)
    return replace(model, gripper=replace(model.gripper, max_width=1e-3 * config.stroke_mm))
