"""Where a policy's training began: from anywhere far off it has never learnt to go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector

NEAR_M, NEAR_RAD = 0.05, float(np.deg2rad(15))
"""From the nearest start pose of the training data, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class StartPoses:
    """Tool poses (n, 6), as in an action, that the episodes of the training data began with."""

    poses: Vector
    near_m: float = NEAR_M
    near_rad: float = NEAR_RAD

    def far(self, state: Vector) -> str:
        """How the pose (6,) differs from all of them; empty where it is near one."""
        away = np.linalg.norm(self.poses[:, :3] - state[:3], axis=1)
        turned = (
            Rotation.from_euler("xyz", self.poses[:, 3:6]) * Rotation.from_euler("xyz", state[3:6]).inv()
        ).magnitude()
        shares = np.maximum(away / self.near_m, turned / self.near_rad)
        best = int(np.argmin(shares))
        if shares[best] <= 1.0:
            return ""
        return (
            f"the tool is {100 * away[best]:.0f} cm and {np.rad2deg(turned[best]):.0f} degrees from the nearest start "
            "pose of the training data; bring the arm to where those episodes begin"
        )
