"""Finding the rotations that leave a shape as it is, by trying them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from .model import Indices, Symmetry


def surface_points(vertices: Vector, faces: Indices, count: int = 3000, seed: int = 0) -> Vector:
    """(count, 3) points spread evenly over a mesh."""
    rng = np.random.default_rng(seed)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    picked = rng.choice(len(faces), count, p=area / area.sum())
    u, v = np.sqrt(rng.random((count, 1))), rng.random((count, 1))
    return (1 - u) * a[picked] + u * (1 - v) * b[picked] + u * v * c[picked]


class _Shape:
    """Points on a surface, and how far a rotation moves the surface off itself."""

    def __init__(self, vertices: Vector, faces: Indices, tolerance: float) -> None:
        self._cloud = KDTree(surface_points(vertices, faces, 12000, 1))
        self._probes = surface_points(vertices, faces, 400, 2)
        # Points of a cloud never meet; the cloud's own gap to the probes is the zero mark.
        self._gap = float(np.quantile(self._cloud.query(self._probes)[0], 0.98))
        self._tolerance = tolerance

    def keeps(self, rotation: Rotation) -> bool:
        moved = np.quantile(self._cloud.query(rotation.apply(self._probes))[0], 0.98)
        return bool(moved < self._gap + self._tolerance)


def _is_axis(shape: _Shape, axis: Vector) -> bool:
    return all(shape.keeps(Rotation.from_rotvec(axis * angle)) for angle in (0.4, 1.0, np.pi / 2, 2.3))


def _principal_axes(vertices: Vector, faces: Indices) -> Vector:
    points = surface_points(vertices, faces)
    return np.linalg.eigh(np.cov(points.T))[1].T


def detect(vertices: Vector, faces: Indices) -> Symmetry:
    """The symmetry of a mesh about its origin, to 1 % of its size.

    Tried are the coordinate axes and the principal ones: any angle, then halves, quarters and sixths of a turn.
    """
    size = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    shape = _Shape(vertices, faces, 0.01 * size)
    axes = [*np.eye(3), *_principal_axes(vertices, faces)]
    round_axes = [axis for axis in axes if _is_axis(shape, axis)]
    if round_axes:
        first = round_axes[0]
        if any(abs(first @ other) < 0.9 for other in round_axes[1:]):
            return Symmetry("sphere")
        across = np.cross(first, [1.0, 0.0, 0.0] if abs(first[0]) < 0.7 else [0.0, 1.0, 0.0])
        flip = shape.keeps(Rotation.from_rotvec(np.pi * across / np.linalg.norm(across)))
        return Symmetry("axis", axis=first, flip=flip)
    found: list[Rotation] = []
    for axis in axes:
        for parts in (2, 3, 4, 6):
            for step in range(1, parts):
                turn = Rotation.from_rotvec(axis * 2 * np.pi * step / parts)
                if shape.keeps(turn) and all((turn * known.inv()).magnitude() > 0.2 for known in found):
                    found.append(turn)
    return Symmetry("discrete", rotations=tuple(found)) if found else Symmetry()
