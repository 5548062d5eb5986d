"""A goal that moves evenly along a line, and how far two poses are apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, sqrt

from ..rig.nouns import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A tool pose (4, 4) that moves at `velocity` (3,) without turning and is there at `reach_at`; base frame."""

    pose: Vector
    velocity: Vector
    reach_at: float

    def at(self, time: float) -> Vector:
        """The pose at another time."""
        later = self.pose.copy()
        later[:3, 3] += (time - self.reach_at) * self.velocity
        return later

    def news(self, before: Line) -> float:
        """Metres from where an earlier line had the goal be."""
        way = self.pose[:3, 3] - before.at(self.reach_at)[:3, 3]
        return sqrt(way @ way)

    def blended(self, before: Line, trust: float) -> Line:
        """This line with only a share of its news; the orientation is this one's."""
        if trust == 1.0:
            return self
        pose = self.pose.copy()
        pose[:3, 3] += (1.0 - trust) * (before.at(self.reach_at)[:3, 3] - pose[:3, 3])
        return Line(pose, self.velocity, self.reach_at)


def gap(one: Vector, other: Vector) -> float:
    """Metres between two poses (4, 4), a radian counting 0.3."""
    way = one[:3, 3] - other[:3, 3]
    cosine = 0.5 * (float(one[:3, :3].ravel() @ other[:3, :3].ravel()) - 1.0)
    return sqrt(way @ way) + 0.3 * acos(min(1.0, max(-1.0, cosine)))
