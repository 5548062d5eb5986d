"""Where to look from next: the flange pose from which a picture lowers the error that counts the most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import Vector
from ..result import Calibration
from ..sightings import Mounting
from .expected import cameras_of, information, shared_columns, visible
from .stakes import Stakes, Uncertainty, Wanted, stakes_of


@dataclass(frozen=True, slots=True, eq=False)
class NextView:
    """A pose worth a picture."""

    T_base_flange: RigidTransform
    cameras: tuple[str, ...]
    """Those that would see the board."""
    gain: float
    """The share by which the error falls, 0 to 1."""
    after: Uncertainty
    """As it would be with that picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is known of the cameras and the board of one mounting, from pictures taken and pictures planned."""

    calibration: Calibration
    points: Vector
    """The board's corners."""
    mounting: Mounting
    stakes: Stakes
    known: Vector
    """(m, m): the information on the mounting's shared unknowns."""

    @property
    def uncertainty(self) -> Uncertainty:
        """One sigma of what counts."""
        return self.stakes.uncertainty(inverse(self.known))

    def with_view(self, pose: RigidTransform) -> Belief:
        """As if a picture had been taken there by every camera that sees the board."""
        poses = RigidTransform.concatenate([pose])
        added = _added(self, poses, visible(self.calibration, self.points, self.mounting, poses))
        return replace(self, known=self.known + added[0])


def belief_of(calibration: Calibration, points: Vector, mounting: Mounting, wanted: Wanted | None = None) -> Belief:
    """From a solve; `points` are the board's corners."""
    columns = shared_columns(calibration, mounting)
    known = inverse(calibration.covariance[np.ix_(columns, columns)])
    return Belief(calibration, points, mounting, stakes_of(calibration, mounting, wanted or Wanted()), known)


def ranked(belief: Belief, poses: RigidTransform) -> list[NextView]:
    """The poses from which some camera sees the board, the most telling first."""
    names = cameras_of(belief.calibration, belief.mounting)
    seen = visible(belief.calibration, belief.points, belief.mounting, poses)
    useful = np.flatnonzero(seen.any(axis=(0, 2)))
    if not len(useful):
        return []
    poses, seen = poses[useful], seen[:, useful]
    covariances = inverse(belief.known + _added(belief, poses, seen))
    before = float(belief.stakes.squared(inverse(belief.known)))
    gains = 1 - np.sqrt(np.minimum(belief.stakes.squared(covariances) / before, 1.0))
    out = []
    for row in np.argsort(-gains, kind="stable").tolist():
        cameras = tuple(name for name, shown in zip(names, seen[:, row], strict=True) if shown.any())
        out.append(NextView(poses[row], cameras, float(gains[row]), belief.stakes.uncertainty(covariances[row])))
    return out


def next_view(belief: Belief, poses: RigidTransform) -> NextView | None:
    """The most telling of the poses; None where no camera sees the board from any."""
    best = ranked(belief, poses)
    return best[0] if best else None


def planned(belief: Belief, poses: RigidTransform, count: int) -> Iterator[NextView]:
    """Up to `count` views, each the best after those before it; no pose comes twice."""
    left = np.ones(len(poses), bool)
    places = poses.as_matrix()
    for _ in range(min(count, len(poses))):
        best = next_view(belief, poses[np.flatnonzero(left)])
        if best is None:
            return
        yield best
        belief = belief.with_view(best.T_base_flange)
        left &= (places != best.T_base_flange.as_matrix()).any(axis=(1, 2))
        if not left.any():
            return


def _added(belief: Belief, poses: RigidTransform, seen: np.ndarray) -> Vector:
    columns = shared_columns(belief.calibration, belief.mounting, planned=True)
    added = information(belief.calibration, belief.points, belief.mounting, poses, seen)
    return added[:, columns[:, None], columns]


def inverse(matrices: Vector) -> Vector:
    """Of symmetric positive matrices (..., m, m), in units that make their diagonals one."""
    size = np.sqrt(np.diagonal(matrices, axis1=-2, axis2=-1))
    units = size[..., :, None] * size[..., None, :]
    return np.linalg.inv(matrices / units) / units
