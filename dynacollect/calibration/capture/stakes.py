"""What a calibration is for, as one number: how far its errors are from those that are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from ..model import CAMERA, POSE
from ..result import Calibration
from ..sightings import Mounting
from ..workspace import point_motions
from .aspect import lens_of
from .expected import cameras_of, shared_columns


@dataclass(frozen=True, slots=True)
class Wanted:
    """One sigma that is good enough."""

    workspace_mm: float = 0.2
    """RMS over points that two fixed cameras find together."""
    turn_deg: float = 0.05
    shift_mm: float = 0.3
    """Of a camera's place, all directions together: the wrist camera's, or a fixed one's that has no second."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """One sigma as it is; None where it is not what counts."""

    workspace_mm: float | None
    turn_deg: float | None
    shift_mm: float | None
    """Of the camera whose place is least sure."""

    def reaches(self, wanted: Wanted) -> bool:
        """Everything that counts is good enough."""
        pairs = (
            (self.workspace_mm, wanted.workspace_mm),
            (self.turn_deg, wanted.turn_deg),
            (self.shift_mm, wanted.shift_mm),
        )
        return all(is_ is None or is_ <= limit for is_, limit in pairs)

    def words(self) -> str:
        """For people."""
        if self.workspace_mm is not None:
            return f"points in the workspace are sure to {self.workspace_mm:.2f} mm"
        return f"the camera's place is sure to {self.turn_deg:.3f} deg and {self.shift_mm:.2f} mm"


@dataclass(frozen=True, slots=True, eq=False)
class Stakes:
    """Takes a mounting's covariance (its shared columns alone) to what counts."""

    weights: Vector
    """(m, m): its trace with the covariance is the squared error in units of what is wanted."""
    places: np.ndarray
    """(cameras, 6): the columns of the places that count; empty where the workspace counts."""
    wanted: Wanted

    def squared(self, covariance: Vector) -> Vector:
        """The squared error in units of what is wanted, of one or many covariances (..., m, m)."""
        return np.einsum("gh,...gh->...", self.weights, covariance)

    def uncertainty(self, covariance: Vector) -> Uncertainty:
        """One sigma of what counts."""
        if not len(self.places):
            return Uncertainty(self.wanted.workspace_mm * float(np.sqrt(self.squared(covariance))), None, None)
        variances = np.diag(covariance)[self.places]
        turn, shift = (np.sqrt(variances[:, part].sum(axis=1)).max() for part in (slice(0, 3), slice(3, 6)))
        return Uncertainty(None, float(np.rad2deg(turn)), float(1e3 * shift))


def stakes_of(calibration: Calibration, mounting: Mounting, wanted: Wanted) -> Stakes:
    """The workspace's points where two fixed cameras see some; else the places of the cameras."""
    width = len(shared_columns(calibration, mounting))
    places = CAMERA * np.arange(len(cameras_of(calibration, mounting)))[:, None] + np.arange(CAMERA - POSE, CAMERA)
    found = calibration.quality.workspace
    if mounting == "held" and found is not None:
        return Stakes(_workspace(calibration, found.points) / wanted.workspace_mm**2, places[:0], wanted)
    weights = np.zeros(width)
    weights[places] = np.repeat([np.deg2rad(wanted.turn_deg), 1e-3 * wanted.shift_mm], 3) ** -2
    return Stakes(np.diag(weights), places, wanted)


def _workspace(calibration: Calibration, points: Vector) -> Vector:
    """How points that the fixed cameras find move with the cameras' unknowns, as a mean square [mm^2]."""
    names = cameras_of(calibration, "held")
    cameras = [calibration.cameras[name] for name in names]
    lenses = np.array([lens_of(one.name, one.size, calibration) for one in cameras])
    places, sizes = np.array([one.pose.as_matrix() for one in cameras]), np.array([one.size for one in cameras])
    _, moved = point_motions(points, lenses, places, sizes)
    width, own = len(shared_columns(calibration, "held")), slice(0, CAMERA * len(names))
    weights = np.zeros((width, width))
    weights[own, own] = 1e6 * np.einsum("nig,nih->gh", moved, moved) / len(moved)
    return weights
