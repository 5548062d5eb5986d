"""Which pictures serve: the arm stands, the picture stands, the board is clear, it is new, and it is where it must be.

A picture is judged with those that the same camera took just before it. What serves is handed back as a sighting, the
rest as one plain reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import Vector
from ..boards import Board
from ..detect import WIDEST_EDGE, Detection, detect
from ..result import Calibration
from ..sightings import Mounting, Sighting
from .aspect import Aspect, aspect_of, lens_of
from .expected import Predicted, predicted_corners

Picture = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture must keep to."""

    joint_rad_s: float = 0.005
    """Of the fastest joint."""
    motion_px: float = 0.2
    """RMS of the corners against the picture before, beyond what their noise makes."""
    edge_px: float = WIDEST_EDGE
    least_share: float = 0.3
    """Of the board's corners."""
    new_tilt_rad: float = float(np.deg2rad(5))
    new_roll_rad: float = float(np.deg2rad(8))
    new_distance: float = 0.06
    """As a share of the distance."""
    new_place: float = 0.05
    """As a share of the picture's width or height; nearer in all of these to a view that is kept, nothing is new."""
    astray_px: float = 2.0
    astray_sigmas: float = 6.0
    """The board may be off where it is predicted by so many pixels and so many sigmas of that prediction."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture, and what was known of the robot as it was taken."""

    camera: str
    mounting: Mounting
    frame: int
    image: Picture
    """(height, width) or (height, width, 3), RGB; 8 or 16 bits."""
    before: Sequence[Picture]
    """The same camera's pictures just before it; with none nothing tells that the picture stands."""
    T_base_flange: RigidTransform
    joint_speeds: Vector
    """[rad/s]."""
    captured_at: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that does not serve."""

    camera: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """Judges pictures of one board."""

    board: Board
    limits: Limits = field(default_factory=Limits)

    def judged(
        self, shot: Shot, kept: Sequence[Sighting] = (), calibration: Calibration | None = None
    ) -> Sighting | Refused:
        """The sighting that a shot is, or why it does not serve; `kept` are the sightings so far, of any camera."""
        if reason := self._unrest(shot):
            return Refused(shot.camera, reason)
        seen = detect(self.board, shot.image, self.limits.edge_px)
        reason = seen.reason or self._partial(seen) or self._moving(shot, seen)
        if reason:
            return Refused(shot.camera, reason)
        ids = seen.ids.astype(np.float64)
        sighting = Sighting(shot.camera, shot.mounting, shot.frame, ids, seen.pixels, shot.captured_at)
        reason = self._known(shot, sighting, kept, calibration) or self._astray(shot, sighting, calibration)
        return Refused(shot.camera, reason) if reason else sighting

    def _unrest(self, shot: Shot) -> str:
        if not np.isfinite(shot.joint_speeds).all():
            return "the arm does not tell its joint speeds"
        fastest = float(np.abs(shot.joint_speeds).max(initial=0.0))
        if fastest <= self.limits.joint_rad_s:
            return ""
        joint = int(np.argmax(np.abs(shot.joint_speeds))) + 1
        return f"the arm is not at rest: joint {joint} turns at {np.rad2deg(fastest):.1f} deg/s"

    def _partial(self, seen: Detection) -> str:
        count = len(self.board.points)
        least = int(np.ceil(self.limits.least_share * count))
        return "" if len(seen.ids) >= least else f"only {len(seen.ids)} of the board's {count} corners are seen"

    def _moving(self, shot: Shot, seen: Detection) -> str:
        """Why the picture does not stand; empty where it does, or where no earlier picture was given."""
        for picture in shot.before:
            if picture.shape != shot.image.shape:
                return "the picture before has another size"
            earlier = detect(self.board, picture, self.limits.edge_px)
            if earlier.reason:
                return f"the picture is still moving: in the one before, {earlier.reason}"
            moved = motion_px(self.board.points, earlier, seen)
            if not moved <= self.limits.motion_px:
                return f"the picture is still moving: the board went {moved:.1f} pixels since the one before"
        return ""

    def _known(self, shot: Shot, sighting: Sighting, kept: Sequence[Sighting], calibration: Calibration | None) -> str:
        """Why there is nothing new to it."""
        lens = lens_of(shot.camera, shot.size, calibration)
        new = aspect_of(self.board.points, sighting, shot.size, lens)
        if new is None:
            return "the corners are of no flat board"
        for other in kept:
            if other.camera != shot.camera or other.mounting != shot.mounting:
                continue
            old = aspect_of(self.board.points, other, shot.size, lens)
            if old is not None and self._alike(new, old):
                return f"the same view is kept already as frame {other.frame}"
        return ""

    def _alike(self, new: Aspect, old: Aspect) -> bool:
        limits = self.limits
        roll = abs(np.angle(np.exp(1j * (new.roll - old.roll))))
        return bool(
            np.linalg.norm(new.tilt - old.tilt) < limits.new_tilt_rad
            and roll < limits.new_roll_rad
            and abs(np.log(new.distance / old.distance)) < limits.new_distance
            and np.abs(new.middle - old.middle).max() < limits.new_place
        )

    def _astray(self, shot: Shot, sighting: Sighting, calibration: Calibration | None) -> str:
        """Whether the board is elsewhere than camera, board and robot so far say."""
        if calibration is None or shot.camera not in calibration.cameras or shot.mounting not in calibration.boards:
            return ""
        told = predicted_corners(calibration, self.board.points, sighting, shot.T_base_flange)
        limit = self.limits.astray_px + self.limits.astray_sigmas * told.sigma_px
        off = _offset(sighting, told)
        if off <= limit:
            return ""
        return (
            f"the board is {off:.0f} pixels from where it is expected: camera or board was moved, or the robot's pose"
            " is of another moment"
        )


def _offset(sighting: Sighting, told: Predicted) -> float:
    return float(np.median(np.linalg.norm(sighting.pixels - told.pixels, axis=1)))


def motion_px(points: Vector, earlier: Detection, later: Detection) -> float:
    """RMS motion of a board between two pictures, less what the noise of its corners alone makes.

    The corners' steps are fitted by an affine map of the board, so that noise averages out and a turn is seen too.
    """
    both, first, second = np.intersect1d(earlier.ids, later.ids, return_indices=True)
    if len(both) < 6:
        return float("inf")
    steps = later.pixels[second] - earlier.pixels[first]
    flat = np.column_stack([points[both, :2] - points[both, :2].mean(axis=0), np.ones(len(both))])
    fitted = flat @ np.linalg.lstsq(flat, steps, rcond=None)[0]
    noise = ((steps - fitted) ** 2).sum() / (len(both) - 3) * 3 / len(both)
    return float(np.sqrt(max((fitted**2).sum(axis=1).mean() - noise, 0.0)))
