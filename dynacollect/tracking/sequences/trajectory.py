"""Where an object truly was: poses at the times of the pictures, and between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation, Slerp

from ...rig.nouns import Vector

SAME_S = 1e-4
"""Times closer than this are one."""
GAP_S = 0.5
"""Across longer gaps nobody knows where it was."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """True poses in order of time."""

    times: Vector
    """(n,), increasing."""
    positions: Vector
    """(n, 3)."""
    turns: Rotation
    """(n)."""
    visible: Mapping[str, tuple[Vector, Vector]] = field(default_factory=dict)
    """Camera -> times and visible shares of the silhouette; cameras are left out where nobody says."""

    def knows(self, time: float) -> bool:
        """Whether the pose at this time is known."""
        if not self.times[0] - SAME_S <= time <= self.times[-1] + SAME_S:
            return False
        after = int(np.clip(np.searchsorted(self.times, time), 1, len(self.times) - 1)) if len(self.times) > 1 else 0
        return len(self.times) == 1 or bool(self.times[after] - self.times[after - 1] < GAP_S)

    def at(self, time: float) -> RigidTransform:
        """T_base_object, on the straight way between its neighbours."""
        if len(self.times) == 1:
            return RigidTransform.from_components(self.positions[0], self.turns[0])
        time = float(np.clip(time, self.times[0], self.times[-1]))
        after = int(np.clip(np.searchsorted(self.times, time), 1, len(self.times) - 1))
        pair = slice(after - 1, after + 1)
        share = (time - self.times[after - 1]) / (self.times[after] - self.times[after - 1])
        place = (1 - share) * self.positions[after - 1] + share * self.positions[after]
        return RigidTransform.from_components(place, Slerp([0, 1], self.turns[pair])(share))

    def shares(self, time: float) -> dict[str, float]:
        """The visible share in each camera's picture next to a time."""
        return {
            camera: float(shares[int(np.argmin(np.abs(times - time)))])
            for camera, (times, shares) in self.visible.items()
        }


def trajectory_of(
    poses: list[tuple[float, RigidTransform]], visible: Mapping[str, list[tuple[float, float]]]
) -> Trajectory:
    """From poses in any order; of several at one time the first is taken."""
    ordered = sorted(poses, key=lambda item: item[0])
    kept = [ordered[0]]
    for item in ordered[1:]:
        if item[0] - kept[-1][0] > SAME_S:
            kept.append(item)
    shares = {
        camera: (np.array([t for t, _ in rows]), np.array([s for _, s in rows])) for camera, rows in visible.items()
    }
    return Trajectory(
        np.array([time for time, _ in kept]),
        np.array([pose.translation for _, pose in kept]),
        Rotation.concatenate([pose.rotation for _, pose in kept]),
        shares,
    )
