"""What a solve hands back: cameras, boards, how sure each number is, and how well every view fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.camera_model import CameraModel
from ..rig.nouns import Vector
from .sightings import Mounting

Role = Literal["fixed", "wrist"]


@dataclass(frozen=True, slots=True, eq=False)
class PoseStd:
    """One sigma of a pose: about its own axes [deg], along its parent's [mm]; (3,) each."""

    turn_deg: Vector
    shift_mm: Vector


@dataclass(frozen=True, slots=True, eq=False)
class PlacedBoard:
    """Where a board was."""

    pose: RigidTransform
    """T_flange_board of the held board, T_base_board of the one on the table."""
    std: PoseStd
    column: int
    """Where its six unknowns begin in the covariance."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """What added to a camera's times gives the robot's, and its one sigma [s]."""

    offset_s: float
    std_s: float


@dataclass(frozen=True, slots=True, eq=False)
class SolvedCamera:
    """One camera's lens and place."""

    name: str
    role: Role
    size: tuple[int, int]
    K: Vector
    distortion: Vector
    """k1, k2, p1, p2, k3."""
    pose: RigidTransform
    """T_base_camera of a fixed camera, T_flange_camera of a wrist camera."""
    lens_std: Mapping[str, float]
    """By fx, fy, cx, cy [px], k1, k2, p1, p2, k3."""
    pose_std: PoseStd
    rms_px: float
    """Of the corners used, per corner (both directions together)."""
    clock: ClockOffset | None = None
    """None where the arm stood still for the pictures."""

    def model(self) -> CameraModel:
        """The camera that the rest of the project projects with."""
        return CameraModel(self.name, *self.size, self.K, self.distortion, self.pose, self.role == "wrist")


@dataclass(frozen=True, slots=True, eq=False)
class ViewReport:
    """How one picture came out."""

    camera: str
    mounting: Mounting
    frame: int
    corners: int
    used: int
    """Corners that counted; none in a rejected view."""
    rms_px: float
    """Of the corners used; of all in a rejected view."""
    rejected: str | None = None
    """Why, in plain words."""


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Every corner of every view solved with: where it was seen and how far off it was predicted."""

    view: Vector
    """(n,) whole numbers: the place of its view in `Calibration.views`."""
    ids: Vector
    """(n,) whole numbers: rows of the board's points."""
    pixels: Vector
    """(n, 2)."""
    errors: Vector
    """(n, 2): predicted less seen [px]."""
    used: Vector
    """(n,) true where it counted."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """One camera's corners in views that a second solve did not see, predicted from the robot's pose as measured."""

    views: int
    rms_px: float
    rms_mm: float
    """Across the line of sight, at the board."""


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """How far points found by the fixed cameras are off in the robot's base because of the calibration alone."""

    low: Vector
    high: Vector
    """Corners of the box that was sampled, base frame [m]."""
    points: Vector
    """(n, 3): the sampled points that two fixed cameras see."""
    error_mm: Vector
    """(n,): one sigma of each, all directions together."""

    @property
    def rms_mm(self) -> float:
        """Over all points."""
        return float(np.sqrt((self.error_mm**2).mean()))

    @property
    def worst_mm(self) -> float:
        """At the worst point."""
        return float(self.error_mm.max())


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """How good a calibration is."""

    corner_sigma_px: float
    """By direction."""
    robot_sigma_deg: float
    robot_sigma_mm: float
    """By axis of a robot pose: as assumed, or as the data show where that is clearly more."""
    held_out: Mapping[str, HeldOut]
    """By camera; a camera with few views is missing."""
    workspace: Workspace | None
    """None with fewer than two fixed cameras, or where no point is in two pictures."""
    advice: tuple[str, ...]
    """What to take more of, most needed first; empty where every number is sure enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Everything solved."""

    cameras: Mapping[str, SolvedCamera]
    boards: Mapping[Mounting, PlacedBoard]
    board_scale: float
    """True size of the board over the size stated; 1 unless it was asked for."""
    board_scale_std: float
    robot_poses: Mapping[tuple[Mounting, int], RigidTransform]
    """T_base_flange as corrected, by mounting and frame."""
    views: tuple[ViewReport, ...]
    corners: Corners
    quality: Quality
    covariance: Vector
    """Of each camera in order (nine lens numbers, turn [rad], shift [m]), each board (turn, shift), the scale if it was
    asked for, and each camera's clock if the arm moved."""
    findings: tuple[str, ...] = ()
    """What happened while the pictures were taken, and was solved around."""

    def rejected(self) -> tuple[ViewReport, ...]:
        """The views left out."""
        return tuple(view for view in self.views if view.rejected)
