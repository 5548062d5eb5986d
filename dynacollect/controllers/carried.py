"""What the hand carries, kept clear of the table and of the arm itself."""

from __future__ import annotations

import numpy as np

from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector
from ..rig.stage import HeldBox
from .sweep import Sweep

CLEARANCE_M = 0.02
ROUNDING = 1e-4
WOULD_TOUCH = "what the hand holds would come"
HAND_LINKS = 2
"""The last links, which are where the thing is held."""


class Carried:
    """One box in one hand."""

    def __init__(self, box: HeldBox, arm: ArmModel, table_z: float) -> None:
        self._box, self._arm, self._floor = box, arm, table_z + CLEARANCE_M
        self._sweep = Sweep(arm)
        self._T_last_box = (arm.T_last_flange * box.T_flange_box).as_matrix()
        self._corners = (arm.T_last_flange.apply(box.corners)).astype(float)

    def breach(self, joints: Vector, *, begun: bool = False) -> str:
        """What the thing would touch on a way (n, joints); empty where nothing.

        Where a way that has `begun` starts too near to something, it may come no nearer, so that there is a way out.
        """
        depths = self._depths(joints)
        past = depths.max(axis=0) - (np.maximum(depths[0], 0.0) + ROUNDING if begun else 0.0)
        for name, deepest, over in zip(("table", "arm"), depths.max(axis=0), past, strict=True):
            if over > 0:
                return f"{WOULD_TOUCH} {1e3 * deepest:.0f} mm too near to the {name}"
        return ""

    def _depths(self, joints: Vector) -> Vector:
        """(n, 2): how much too near to the table and to the arm the thing is, m."""
        links = self._sweep.links(joints)
        heights = links[:, -1, 2, :3] @ self._corners.T + links[:, -1, 2, 3, None]
        reach = self._box.half + CLEARANCE_M
        inner = self._arm.joints - HAND_LINKS
        depth = self._sweep.depth_in_turned(links, links[:, -1] @ self._T_last_box, -reach, reach, inner)
        return np.stack([self._floor - heights.min(axis=1), depth], axis=1)


def middle(box: HeldBox) -> Vector:
    """(3,), flange frame."""
    return np.asarray(box.T_flange_box.translation)
