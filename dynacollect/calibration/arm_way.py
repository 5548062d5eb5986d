"""How the arm moved while pictures were taken, between the poses that it told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import RigidTransform, RotationSpline

from ..rig.nouns import Vector

LEAST_RUN = 4
"""Poses in a row, at least, for the way between them."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Poses that follow each other closely."""

    times: Vector
    places: CubicSpline
    turns: RotationSpline

    @classmethod
    def through(cls, times: Vector, poses: RigidTransform) -> Run:
        """The smooth way through all of them."""
        return cls(times, CubicSpline(times, poses.translation), RotationSpline(times, poses.rotation))

    def at(self, times: Vector) -> RigidTransform:
        """Where the flange was; at the ends for times beyond them."""
        inside = np.clip(times, self.times[0], self.times[-1])
        return RigidTransform.from_components(self.places(inside), self.turns(inside))

    def speed(self) -> float:
        """RMS over the poses [m/s]; a turn counts as what moves 0.3 m away."""
        turning = np.asarray(self.turns(self.times, 1), float)
        return float(np.sqrt((self.places(self.times, 1) ** 2 + (0.3 * turning) ** 2).sum(axis=1).mean()))


def runs(times: Vector, poses: RigidTransform, gap_s: float) -> list[tuple[np.ndarray, Run]]:
    """Each with the rows of its poses; between poses more than `gap_s` apart nothing is known."""
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    if len(order) < LEAST_RUN:
        return []
    gaps = np.diff(times[order])
    order, gaps = order[np.append(True, gaps > 0)], gaps[gaps > 0]
    parts = np.split(order, np.flatnonzero(gaps > gap_s) + 1)
    return [(part, Run.through(times[part], poses[part])) for part in parts if len(part) >= LEAST_RUN]


@dataclass(frozen=True, slots=True, eq=False)
class ArmWay:
    """The arm's way by view: from its frame's pose to where it was as the picture was taken."""

    count: int
    runs: Sequence[tuple[np.ndarray, Vector, Vector, Run]]
    """Views (rows), the times of their frames' poses, the times of their pictures, and the run that they are on."""

    def ways(self, clocks: Vector) -> Vector:
        """(views, 4, 4) T_told_taken, with each view's clock put forward by so much; nothing off the runs."""
        out = np.broadcast_to(np.eye(4), (self.count, 4, 4)).copy()
        for views, told, taken, run in self.runs:
            out[views] = (run.at(told).inv() * run.at(taken + clocks[views])).as_matrix()
        return out
