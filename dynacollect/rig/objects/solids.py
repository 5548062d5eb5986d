"""Convex collision parts: making, moving, and asking how deep they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize
from scipy.spatial.transform import RigidTransform, Rotation

from ..nouns import Vector
from .model import Solid


def _triple(values: Vector) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def cylinder(radius: float, low: float, high: float) -> Solid:
    """An upright cylinder on the z axis between two heights."""
    return Solid("cylinder", (radius, 0.5 * (high - low)), (0.0, 0.0, 0.5 * (high + low)))


def hull(points: Vector) -> Solid:
    return Solid("mesh", vertices=np.asarray(points, float))


def capsule(start: Sequence[float], end: Sequence[float], radius: float) -> Solid:
    """A capsule whose axis runs from `start` to `end`."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    length = float(np.linalg.norm(b - a))
    turn = Rotation.align_vectors([(b - a) / length], [[0.0, 0.0, 1.0]])[0]
    x, y, z, w = turn.as_quat()
    return Solid("capsule", (radius, 0.5 * length), _triple(0.5 * (a + b)), (x, y, z, w))


def circle(radius: float, height: float, count: int) -> Vector:
    """(count, 3) points of a horizontal circle about the z axis."""
    angles = 2 * np.pi * np.arange(count) / count
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles), np.full(count, height)])


def frustum(bottom: float, top: float, low: float, high: float, rim: float = 0.0015) -> tuple[Solid, ...]:
    """A tapered round body: two thin true discs, on which it rolls smoothly, and a hull between them."""
    body = np.vstack([circle(bottom * 0.995, low + rim, 20), circle(top * 0.995, high - rim, 20)])
    return cylinder(bottom, low, low + 2 * rim), hull(body), cylinder(top, high - 2 * rim, high)


def wall(section: Sequence[tuple[float, float]], count: int) -> tuple[Solid, ...]:
    """A round wall as `count` wedges, each the hull of the (radius, height) `section` swept through its angle."""
    points = np.asarray(section, float)
    # Chords lie inside their arc; half of the sagitta on either side keeps the wall's mean radius.
    radii = points[:, 0] * (1 + 0.5 * (1 / np.cos(np.pi / count) - 1))
    wedges = []
    for angle in 2 * np.pi * np.arange(count) / count:
        ends = np.array([angle, angle + 2 * np.pi / count])
        x, y = np.outer(np.cos(ends), radii).ravel(), np.outer(np.sin(ends), radii).ravel()
        wedges.append(hull(np.column_stack([x, y, np.tile(points[:, 1], 2)])))
    return tuple(wedges)


def moved(solid: Solid, T: RigidTransform) -> Solid:
    """The part after the transform."""
    if solid.vertices is not None:
        return replace(solid, vertices=T.apply(solid.vertices))
    x, y, z, w = (T.rotation * solid.rotation).as_quat()
    return replace(solid, position=_triple(T.apply(np.array(solid.position))), quaternion_xyzw=(x, y, z, w))


def support(solid: Solid, direction: Vector) -> float:
    """How far the part reaches along a unit direction of the object frame, from the origin."""
    if solid.vertices is not None:
        return float((solid.vertices @ direction).max())
    local = solid.rotation.inv().apply(direction)
    size = np.array(solid.size)
    reach = {
        "sphere": lambda: size[0],
        "box": lambda: np.abs(local) @ size,
        "ellipsoid": lambda: np.linalg.norm(local * size),
        "capsule": lambda: size[0] + size[1] * abs(local[2]),
        "cylinder": lambda: size[0] * np.hypot(local[0], local[1]) + size[1] * abs(local[2]),
    }[solid.kind]()
    return float(np.dot(solid.position, direction) + reach)


def lowest(solids: Sequence[Solid], rotation: Rotation) -> float:
    """The lowest z of all parts when the object is turned by `rotation` with its origin at 0."""
    down = rotation.inv().apply([0.0, 0.0, -1.0])
    return -max(support(solid, down) for solid in solids)


def settle(solids: Sequence[Solid], rotation: Rotation) -> Rotation:
    """The nearby rotation in which the object rests on the table: where its centre of mass is lowest."""

    def height(tilt: Vector) -> float:
        return -lowest(solids, Rotation.from_rotvec([tilt[0], tilt[1], 0.0]) * rotation)

    corners = np.array([[0.0, 0.0], [0.05, 0.0], [0.0, 0.05]])
    options = {"initial_simplex": corners, "xatol": 1e-5, "fatol": 1e-9}
    found = minimize(height, np.zeros(2), method="Nelder-Mead", options=options)
    # A flat rest is a kink that the search only approaches: keep it exact.
    if found.fun > height(np.zeros(2)) - 1e-6:
        return rotation
    return Rotation.from_rotvec([found.x[0], found.x[1], 0.0]) * rotation
