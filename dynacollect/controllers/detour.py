"""A way out where safety refuses every way to the goal: a little way home, high and free, and on from there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..rig.nouns import ArmState, Command, Vector
from .safety import Intervention

BARRED = frozenset({"box", "table", "keep_out", "joint_range", "stopping_distance"})
PATIENCE = 3
"""So many refusals in a row, standing."""
DETOUR_S = 0.5
STANDING = 0.02
"""Slower than this is standing, rad/s."""


class Detour:
    """Counts refusals, and takes over commands for a moment."""

    def __init__(self, home: Vector) -> None:
        self._home, self._count, self._until = home, 0, -np.inf

    def instead_of(self, command: Command, now: float) -> Command:
        """The command, or the way home with its grip."""
        if now >= self._until:
            return command
        return replace(command, T_base_tool=None, velocity=None, reach_at=None, joints=self._home)

    def saw(self, interventions: Iterable[Intervention], arm: ArmState, now: float) -> None:
        """What came of the last command."""
        barred = any(stop.reason in BARRED for stop in interventions)
        standing = float(np.abs(arm.joint_velocity).max()) < STANDING
        self._count = self._count + 1 if barred and standing else 0
        if self._count >= PATIENCE:
            self._count, self._until = 0, now + DETOUR_S
