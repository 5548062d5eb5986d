"""The space that an arm may use: joint ranges, box, table, keep-out volumes; and how far joints are out of it."""

from __future__ import annotations

import numpy as np

from ..rig.arms.model import ArmModel
from ..rig.config import Box
from ..rig.config import Safety as SafetyConfig
from ..rig.nouns import Vector
from .sweep import Sweep

ROUNDING = 1e-9


class Envelope:
    """Signed depths past each boundary: positive is outside what is allowed."""

    def __init__(self, config: SafetyConfig, arm: ArmModel) -> None:
        self._arm, self._sweep = arm, Sweep(arm)
        self._lower, self._upper = np.array(config.box.lower), np.array(config.box.upper)
        self._floor = config.table_z + config.clearance_m
        self._keep_out = [_corners(box) for box in config.keep_out]
        self.names = ("joint_range", "box", "table", *("keep_out" for _ in self._keep_out))

    def depths(self, joints: Vector) -> Vector:
        """(n, boundaries) for joints (n, joints), in the order of `names`; radians, then metres."""
        links = self._sweep.links(joints)
        tool = self._sweep.tool(links)
        columns = [
            np.maximum(self._arm.lower - joints, joints - self._arm.upper).max(axis=1),
            self.outside_box(tool),
            self._floor - self._sweep.lowest(links),
        ]
        columns += [self._sweep.depth_in(links, lower, upper) for lower, upper in self._keep_out]
        return np.stack(columns, axis=1)

    def outside_box(self, tool: Vector) -> Vector:
        """How far tool places (..., 3) are out of the box, m."""
        return np.maximum(self._lower - tool, tool - self._upper).max(axis=-1)

    def breach(self, joints: Vector, stops: Vector, slack: float) -> tuple[str, str] | None:
        """The first boundary that a way (n, joints) passes, or that stops (m, joints) pass by more than `slack`.

        Where the way begins past a boundary, being no deeper than that is allowed, so that there is a way back.
        """
        depths = self.depths(np.concatenate([joints, stops]))
        allowed = np.maximum(depths[0], 0.0) + ROUNDING
        deepest = depths[: len(joints)].max(axis=0)
        if np.any(deepest > allowed):
            worst = int(np.argmax(deepest > allowed))
            return self.names[worst], f"by {deepest[worst]:.3g}"
        if len(stops) and np.any(depths[len(joints) :] > allowed + slack):
            worst = int(np.argmax(depths[len(joints) :].max(axis=0) > allowed + slack))
            return "stopping_distance", f"could not stop before: {self.names[worst]}"
        return None


def _corners(box: Box) -> tuple[Vector, Vector]:
    return np.array(box.lower), np.array(box.upper)
