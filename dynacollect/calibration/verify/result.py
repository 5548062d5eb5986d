"""What a check of a rig says: of each camera, of the robot's base, and in a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import Vector


@dataclass(frozen=True, slots=True, eq=False)
class CameraCheck:
    """Whether one camera is where the calibration says."""

    name: str
    moved: bool | None
    """None: cannot tell."""
    sentence: str
    landmarks: int
    """Patches that had a say."""
    pose: RigidTransform | None = None
    """T_base_camera or T_flange_camera as found."""
    step: Vector | None = None
    """(6,): the turn about the camera's own axes [rad], the shift along its parent's [m]."""
    covariance: Vector | None = None
    """(6, 6) of `step`."""

    @property
    def turn_deg(self) -> float:
        """How far it turned; NaN where that cannot be told."""
        return float("nan") if self.step is None else float(np.rad2deg(np.linalg.norm(self.step[:3])))

    @property
    def shift_mm(self) -> float:
        """How far it shifted."""
        return float("nan") if self.step is None else 1e3 * float(np.linalg.norm(self.step[3:]))

    @property
    def turn_sigma_deg(self) -> float:
        """Of the turn, along its worst axis."""
        return float("nan") if self.covariance is None else float(np.rad2deg(_worst(self.covariance[:3, :3])))

    @property
    def shift_sigma_mm(self) -> float:
        """Of the shift, along its worst axis."""
        return float("nan") if self.covariance is None else 1e3 * _worst(self.covariance[3:, 3:])


@dataclass(frozen=True, slots=True, eq=False)
class BaseCheck:
    """Whether the robot's base stands on the table where it stood."""

    moved: bool | None
    """None: cannot tell."""
    sentence: str
    step: Vector | None = None
    """(3,): along x, along y [m], about z [rad]; the old base frame."""
    covariance: Vector | None = None
    """(3, 3) of `step`."""

    @property
    def shift_mm(self) -> float:
        """How far it went; NaN where that cannot be told."""
        return float("nan") if self.step is None else 1e3 * float(np.linalg.norm(self.step[:2]))

    @property
    def turn_deg(self) -> float:
        """Counter-clockwise from above."""
        return float("nan") if self.step is None else float(np.rad2deg(self.step[2]))


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """Everything that a check found."""

    cameras: Mapping[str, CameraCheck]
    base: BaseCheck

    @property
    def good(self) -> bool:
        """Everything was seen, and nothing moved."""
        return self.base.moved is False and all(camera.moved is False for camera in self.cameras.values())

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each camera, then the base's."""
        return (*(camera.sentence for camera in self.cameras.values()), self.base.sentence)


def _worst(covariance: Vector) -> float:
    return float(np.sqrt(np.linalg.eigvalsh(covariance)[-1]))
