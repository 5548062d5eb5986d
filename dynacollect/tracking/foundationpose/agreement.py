"""How well a pose explains depth: what share of the surface that should be seen is where the depth has it.

FoundationPose gives a pose and no word on how good it is; its scores compare poses of one picture only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import PoseEstimate, Vector
from ...rig.objects.model import Symmetry
from ...rig.pose import turn_of
from ..shape import Shape
from .look import DepthLook

POINTS = 1200
"""On an object's surface."""
FACING = 0.3
"""Cosine between the surface and the line of sight from which on a point counts: depth is poor along a rim."""
NOISE_M = (0.001, 0.002)
"""Sigma of depth: at once, and for each m2 of the distance squared."""
BESIDE_M = 0.004
"""Further from where it should be than this and three sigmas, a point is hidden or not there."""
ALIKE_PX = 5
"""Depth nearer to each other than this knows nothing of its own."""
BLIND = np.diag([1 / 0.05**2] * 3 + [1 / 1.0**2] * 3)
"""What is known of a place (m) or turn (rad) of which depth tells nothing, from the colours."""
FLOOR = np.diag([0.0005**2] * 3 + [np.deg2rad(0.5) ** 2] * 3)
"""What no depth tells: errors of mesh and calibration."""
WRONG, RIGHT = 0.5, 0.9
"""Share of what is seen that is where it should be, at which health is nothing, and full: a long thing that is moved
along itself still agrees in more than half of it."""
PLENTY = 0.5
"""Share of the surface that must be seen for full health."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Points of an object's surface, evenly spread, with what is outward there."""

    points: Vector
    normals: Vector
    seen: Vector
    """(3, 3): of a rotation vector, what can be seen at all; a mesh of flat faces shows more than the thing has."""

    @classmethod
    def of(cls, shape: Shape) -> Surface:
        mesh = trimesh.Trimesh(shape.vertices, shape.faces, process=False)
        points, faces = trimesh.sample.sample_surface(mesh, POINTS, seed=0)[:2]
        return cls(np.asarray(points), np.asarray(mesh.face_normals)[faces], _seen(shape.symmetry))


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What depth says to a pose, in points of the surface."""

    like: int = 0
    """Where the pose has them."""
    gone: int = 0
    """Through which the depth looks."""
    hidden: int = 0
    """That something stands before, or that have no depth."""
    information: Vector = field(default_factory=lambda: np.zeros((6, 6)))
    """Of place and turn in the base frame, if depth is as noisy as it should be."""
    misfit: float = 0.0
    """Sum of squared errors of those that are alike, in sigmas."""

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.like + other.like, self.gone + other.gone, self.hidden + other.hidden,
            self.information + other.information, self.misfit + other.misfit,
        )  # fmt: skip

    @property
    def share(self) -> float:
        """Of what is seen, where it should be."""
        return self.like / max(self.like + self.gone, 1)

    @property
    def seen(self) -> float:
        """Share of what should be seen that nothing hides."""
        return (self.like + self.gone) / max(self.like + self.gone + self.hidden, 1)

    @property
    def health(self) -> float:
        right = (self.share - WRONG) / (RIGHT - WRONG)
        return float(np.clip(right, 0.0, 1.0) * min(1.0, self.seen / PLENTY))

    def estimate(self, name: str, pose: RigidTransform, time: float) -> PoseEstimate:
        """A pose as exact as depth can have made it."""
        scale = max(1.0, self.misfit / max(self.like, 1))
        covariance = np.asarray(np.linalg.inv(self.information / scale + BLIND), float) + FLOOR
        return PoseEstimate(name, pose, covariance, time, self.health)


def judge(surface: Surface, look: DepthLook, pose: RigidTransform) -> Agreement:
    """Hold an object at T_base_object against what one camera sees."""
    turn, place = look.turn @ turn_of(pose), look.turn @ pose.translation + look.shift
    points, normals = surface.points @ turn.T + place, surface.normals @ turn.T
    depth, K = look.shot.depth, look.shot.K
    height, width = depth.shape
    rays = points / np.maximum(points[:, 2:], 1e-3)
    pixels = np.round(rays @ K[:2].T).astype(int)
    slope = (normals * rays).sum(axis=1)
    inside = (points[:, 2] > 0) & (pixels >= 0).all(axis=1) & (pixels < [width, height]).all(axis=1)
    shown = np.flatnonzero(inside & (slope < -FACING * np.linalg.norm(rays, axis=1)))
    shown = shown[_frontmost(points[shown, 2], pixels[shown], float(np.ptp(surface.points, axis=0).max()))]
    if not len(shown):
        return Agreement()
    seen = depth[pixels[shown, 1], pixels[shown, 0]]
    sigma = NOISE_M[0] + NOISE_M[1] * points[shown, 2] ** 2
    off, reach = seen - points[shown, 2], 3.0 * sigma + BESIDE_M
    like, gone = (np.abs(off) <= reach) & (seen > 0), off > reach
    rows = shown[like]
    arms = points[rows] - place
    turns = np.cross(arms, normals[rows]) @ turn @ surface.seen @ turn.T
    slopes = np.hstack([normals[rows] @ look.turn, turns @ look.turn]) / (slope[rows] * sigma[like])[:, None]
    patches = len(np.unique(pixels[rows] // ALIKE_PX, axis=0)) / max(len(rows), 1)
    return Agreement(
        int(like.sum()), int(gone.sum()), int((~like & ~gone).sum()), patches * slopes.T @ slopes,
        float(((off[like] / sigma[like]) ** 2).sum()),
    )  # fmt: skip


def total(agreements: Iterable[Agreement]) -> Agreement:
    """Of several views."""
    return sum(agreements, Agreement())


def _seen(symmetry: Symmetry) -> Vector:
    if symmetry.kind == "sphere":
        return np.zeros((3, 3))
    if symmetry.kind != "axis" or symmetry.axis is None:
        return np.eye(3)
    axis = np.asarray(symmetry.axis, float)
    return np.eye(3) - np.outer(axis, axis)


def _frontmost(depths: Vector, pixels: NDArray[np.int_], size: float) -> NDArray[np.bool_]:
    """(n,): points that no other part of the object stands before."""
    if not len(depths):
        return np.zeros(0, bool)
    step = max(3, int(np.ceil(2.5 * np.sqrt(np.prod(np.ptp(pixels, axis=0) + 1) / len(pixels)))))
    _, cell = np.unique(pixels // step, axis=0, return_inverse=True)
    nearest = np.full(cell.max() + 1, np.inf)
    np.minimum.at(nearest, cell.ravel(), depths)
    return depths < nearest[cell.ravel()] + 0.15 * size
