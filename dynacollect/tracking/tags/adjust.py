"""The corners that all views show of an object's tags against any pose of it: residuals, slopes, and the minimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector
from .description import Tag
from .sighting import Sighting

STRAY = 4.0
"""As many times as far off as is usual among the tags, a tag does not count."""
FAR = 3.0
"""Sigmas from which on an error of a corner counts in proportion only."""
NEAREST_M = 1e-3
"""No corner is taken to be nearer to a lens."""
STEPS, MOST = (0.01, 0.01, 0.01, 0.1, 0.1, 0.1), 30
"""What counts as a small step in place (m) and turn (rad); and looks at the residuals, at the most."""
LEAST_PX = 1e-4

Rows = NDArray[np.bool_]
Loss = Literal["linear", "cauchy"]


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """A tag as one view shows it."""

    tag: Tag
    sighting: Sighting
    camera: CameraModel
    lag: float = 0.0
    """By how much it was taken after the time that is asked for, s."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A pose that was refined."""

    place: Vector
    turn: Rotation
    covariance: Vector
    """(6, 6), of place and turn in the base frame."""
    lasting: Vector
    """The part of it that is there again in the next picture."""
    scale: float
    """Variance of the corners, as a multiple of what was expected."""
    used: int
    """Tags that agree, counted in each view."""
    off_px: float
    """Root mean square of how far corners are off."""


class Problem:
    """Whitened residuals of all corners, for any pose."""

    def __init__(self, seen: Sequence[Corners], velocity: Vector, spin: Vector, lens_px: float) -> None:
        self.points = np.array([one.tag.corners for one in seen])
        inverse = [one.camera.T_base_camera().inv() for one in seen]
        lenses = np.array([one.camera.K for one in seen])
        self.turns = lenses @ np.array([pose.rotation.as_matrix() for pose in inverse])
        self.shifts = np.array([K @ pose.translation for K, pose in zip(lenses, inverse, strict=True)])
        self.pixels = np.array([one.sighting.corners for one in seen])
        self.lens_px = lens_px
        noise = np.array([one.sighting.covariance for one in seen])
        noise += (lens_px**2 + LEAST_PX**2) * np.eye(8)
        self.white: Vector = np.asarray(np.linalg.inv(np.linalg.cholesky(noise)), float)
        lags = np.array([one.lag for one in seen])
        self.moved, self.turned = lags[:, None] * velocity, Rotation.from_rotvec(lags[:, None] * spin)

    def local(self, place: Vector, turn: Rotation) -> Vector:
        """(s, 4, 3): the corners as each lens has them, in pixels times depth."""
        turns = self.turns @ (self.turned * turn).as_matrix()
        shifts = np.einsum("sij,sj->si", self.turns, place + self.moved) + self.shifts
        return np.einsum("sij,skj->ski", turns, self.points) + shifts[:, None]

    def off(self, place: Vector, turn: Rotation) -> Vector:
        """(s, 8): pixels from each corner seen to where the pose has it."""
        local = self.local(place, turn)
        depth = np.maximum(local[..., 2:], NEAREST_M)
        return (local[..., :2] / depth - self.pixels).reshape(len(self.points), 8)

    def slope(self, place: Vector, turn: Rotation) -> Vector:
        """(s, 8, 6): of `whitened`, by a step in place and a turn before that of the pose."""
        local = self.local(place, turn)
        depth = np.maximum(local[..., 2:], NEAREST_M)
        flat = np.zeros((*local.shape[:2], 2, 3))
        flat[..., 0, 0] = flat[..., 1, 1] = 1.0
        flat[..., 2] = -local[..., :2] / depth
        flat /= depth[..., None]
        arms = turn.apply(self.points.reshape(-1, 3)).reshape(self.points.shape)
        swings = np.cross(np.eye(3), arms[..., None, :])
        by_turn = np.einsum("skij,sjl,skml->skim", flat, self.turns @ self.turned.as_matrix(), swings)
        by_place = np.einsum("skij,sjl->skil", flat, self.turns)
        both = np.concatenate([by_place, by_turn], axis=-1).reshape(len(self.points), 8, 6)
        return np.einsum("sij,sjk->sik", self.white, both)

    def whitened(self, place: Vector, turn: Rotation) -> Vector:
        """(s, 8) in sigmas."""
        return np.einsum("sij,sj->si", self.white, self.off(place, turn))

    def refine(self, place: Vector, turn: Rotation) -> Fit:
        """The nearest minimum; where not all tags suit it, that of those that suit each other."""
        kept = np.ones(len(self.points), bool)
        place, turn, slope = self._minimum(place, turn, kept, "linear")
        if self._sizes(place, turn).max() > STRAY:
            place, turn, _ = self._minimum(place, turn, kept, "cauchy")
            sizes = self._sizes(place, turn)
            # Of two, none is the stray.
            kept = sizes <= STRAY * max(1.0, float(np.sort(sizes)[len(sizes) // 2]))
            place, turn, slope = self._minimum(place, turn, kept, "linear")
        square = (self.whitened(place, turn)[kept] ** 2).sum()
        scale = max(1.0, float(square) / max(8 * int(kept.sum()) - 6, 1))
        covariance: Vector = np.asarray(np.linalg.inv(slope.T @ slope), float)
        gain = covariance @ np.einsum("sik,sij->skj", slope.reshape(-1, 8, 6), self.white[kept])
        # What is off beyond the noise will be off in the same way in the next picture.
        lasting = self.lens_px**2 * np.einsum("skj,slj->kl", gain, gain) + (scale - 1.0) * covariance
        off = float(np.sqrt(2.0 * np.mean(self.off(place, turn)[kept] ** 2)))
        return Fit(place, turn, scale * covariance, lasting, scale, int(kept.sum()), off)

    def cost(self, place: Vector, turn: Rotation, scale: float = 1.0) -> float:
        """How badly a pose suits all tags: twice the negative logarithm of its likelihood, outliers reined in."""
        off = np.abs(self.whitened(place, turn)) / np.sqrt(scale)
        return float(np.where(off < FAR, off**2, FAR * (2.0 * off - FAR)).sum())

    def _sizes(self, place: Vector, turn: Rotation) -> Vector:
        """(s,): how far each tag is off, in sigmas."""
        return np.sqrt((self.whitened(place, turn) ** 2).mean(axis=1))

    def _minimum(self, place: Vector, turn: Rotation, kept: Rows, loss: Loss) -> tuple[Vector, Rotation, Vector]:
        """Place and turn, and the slope (8 s, 6) of the whitened residuals there."""

        def residuals(step: Vector) -> Vector:
            return self.whitened(place + step[:3], Rotation.from_rotvec(step[3:]) * turn)[kept].ravel()

        def slopes(step: Vector) -> Vector:
            return self.slope(place + step[:3], Rotation.from_rotvec(step[3:]) * turn)[kept].reshape(-1, 6)

        method = "lm" if loss == "linear" else "trf"
        jac: Any = slopes
        found = least_squares(residuals, np.zeros(6), jac, loss=loss, method=method, x_scale=STEPS, max_nfev=MOST)
        place, turn = place + found.x[:3], Rotation.from_rotvec(found.x[3:]) * turn
        return place, turn, found.jac
