"""How far a pose is off another, as seen from outside: turns that a symmetry hides do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, KDTree
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector
from ...rig.objects.model import Symmetry
from ...rig.objects.symmetry import surface_points
from ..shape import Shape

HULL_POINTS, SURFACE_POINTS = 300, 500


def rotation_error(symmetry: Symmetry, estimate: Rotation, truth: Rotation) -> float:
    """Radians of the part that can be seen: the least angle over the symmetry; NaN for a sphere."""
    if symmetry.kind == "sphere":
        return float("nan")
    if symmetry.kind == "axis" and symmetry.axis is not None:
        between = float(_angle(estimate.apply(symmetry.axis), truth.apply(symmetry.axis)))
        return min(between, np.pi - between) if symmetry.flip else between
    return float(min((estimate.inv() * alike).magnitude() for alike in alike_turns(symmetry, estimate, truth)))


def alike_turns(symmetry: Symmetry, estimate: Rotation, truth: Rotation) -> list[Rotation]:
    """The true turn in all its guises; of a continuous symmetry, the guise nearest to the estimate."""
    if symmetry.kind == "sphere":
        return [estimate]
    if symmetry.kind == "axis" and symmetry.axis is not None:
        axis, found = symmetry.axis, [_untwisted(symmetry.axis, estimate, truth)]
        if symmetry.flip:
            across = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
            flipped = truth * Rotation.from_rotvec(np.pi * across / np.linalg.norm(across))
            found.append(_untwisted(axis, estimate, flipped))
        return found
    return [truth, *(truth * turn for turn in symmetry.rotations)]


def _untwisted(axis: Vector, estimate: Rotation, truth: Rotation) -> Rotation:
    """The truth, turned about its own axis to be as near to the estimate as it can."""
    x, y, z, w = (truth.inv() * estimate).as_quat()
    return truth * Rotation.from_rotvec(2.0 * np.arctan2(np.array([x, y, z]) @ axis, w) * axis)


def _angle(a: Vector, b: Vector) -> float:
    return float(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


@dataclass(frozen=True, slots=True, eq=False)
class ShapeErrors:
    """BOP's errors of one object's poses."""

    symmetry: Symmetry
    hull: Vector
    """(n, 3) corners of the convex hull, which hold the farthest points."""
    surface: Vector
    """(n, 3) points spread over it."""

    def mssd(self, estimate: RigidTransform, truth: RigidTransform) -> float:
        """Maximum symmetry-aware surface distance, m."""
        seen = estimate.apply(self.hull)
        return min(
            float(np.linalg.norm(seen - alike.apply(self.hull), axis=1).max()) for alike in self._alike(estimate, truth)
        )

    def mspd(self, estimate: RigidTransform, truth: RigidTransform, cameras: Iterable[CameraModel]) -> float:
        """Maximum symmetry-aware projection distance, px, in the camera where it is largest."""
        seen, ways = estimate.apply(self.hull), [alike.apply(self.hull) for alike in self._alike(estimate, truth)]
        off = [
            min(float(np.linalg.norm(camera.project(seen) - camera.project(way), axis=1).max()) for way in ways)
            for camera in cameras
        ]
        return max(off, default=float("nan"))

    def add_s(self, estimate: RigidTransform, truth: RigidTransform) -> float:
        """Mean distance of the model's points to the nearest ones, m."""
        tree = KDTree(truth.apply(self.surface))
        return float(np.mean(tree.query(estimate.apply(self.surface))[0]))

    def _alike(self, estimate: RigidTransform, truth: RigidTransform) -> list[RigidTransform]:
        turns = alike_turns(self.symmetry, estimate.rotation, truth.rotation)
        return [RigidTransform.from_components(truth.translation, turn) for turn in turns]


def shape_errors(shape: Shape) -> ShapeErrors:
    """Made once for each shape."""
    hull = shape.vertices[ConvexHull(shape.vertices).vertices]
    spread = np.random.default_rng(0).permutation(len(hull))[:HULL_POINTS]
    return ShapeErrors(shape.symmetry, hull[spread], surface_points(shape.vertices, shape.faces, SURFACE_POINTS))
