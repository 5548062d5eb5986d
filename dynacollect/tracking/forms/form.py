"""What stands for an object without a mesh: an upright solid, as long, wide and high as its outlines say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from ...rig.objects import ObjectModel, Symmetry, Zone
from ...rig.objects.add import DENSITY
from ...rig.objects.build import arms_for, mass_properties
from ...rig.objects.solids import hull
from ..shape import Shape

Kind = Literal["ball", "column", "roll", "box"]
"""An ellipsoid; a cylinder that stands; one that lies along its x; a box. Where two look alike, the first is meant."""

ROUND = 0.85
"""Seen from above, what is at least so wide as it is long may be turned any way."""
FRICTION, ROLLING = 0.8, 0.02
"""Of an object of which nothing is known."""
INNER, OVER_M = 0.8, 0.06
"""Share of a container that is inside, and how far over its rim things may lie in it, m."""
AROUND, ACROSS = 16, 7
"""Points around a solid, and rings of them on a ball."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Its frame has the origin in the middle, x along the solid's length and z up."""

    kind: Kind
    half: Vector
    """(3,) half lengths, m."""

    @property
    def corners(self) -> Vector:
        """(n, 3) points of which it is the convex hull."""
        return UNIT[self.kind] * self.half

    @property
    def radius(self) -> float:
        """Of the ball that holds it."""
        return float(np.linalg.norm(self.corners, axis=1).max())

    @property
    def size(self) -> float:
        """Mean half length, m: what stays when an object comes to lie on another side."""
        return float(np.exp(np.log(self.half).mean()))

    @property
    def is_round(self) -> bool:
        """Whether it looks alike from all sides of the table."""
        return self.kind in ("ball", "column") and bool(self.half[:2].min() > ROUND * self.half[:2].max())

    @property
    def symmetry(self) -> Symmetry:
        if self.is_round:
            return Symmetry("axis", axis=np.array([0.0, 0.0, 1.0]))
        return Symmetry("discrete", rotations=(Rotation.from_rotvec([0.0, 0.0, np.pi]),))


def shape_of_form(form: Form, name: str) -> Shape:
    """The form as a mesh."""
    corners = form.corners
    shell = ConvexHull(corners)
    across = np.cross(*_sides(corners[shell.simplices]))
    inward = np.einsum("ij,ij->i", shell.equations[:, :3], across) < 0.0
    faces = np.where(inward[:, None], shell.simplices[:, ::-1], shell.simplices).astype(np.int32)
    return Shape(name, corners, faces, form.symmetry)


def model_of(form: Form, name: str) -> ObjectModel:
    """The form as an object of the catalogue, for those who plan with one; its mass is a guess from its volume."""
    shape = shape_of_form(form, name)
    volume, _, moment = mass_properties(shape.vertices, shape.faces)
    mass, width = DENSITY * volume, 2.0 * float(form.half[:2].min())
    return ObjectModel(
        name=name, words=(name,), colour="grey", category="toy", kind="object", split="unseen",
        vertices=shape.vertices, faces=shape.faces, texcoords=shape.vertices[:, :2], face_texcoords=shape.faces,
        texture=np.full((2, 2, 3), 128, np.uint8), solids=(hull(shape.vertices),), mass=mass,
        inertia=mass / volume * moment, friction=FRICTION, rolling_resistance=ROLLING,
        rolling_radius=float(form.half[2]), rolls=form.kind in ("ball", "roll"), symmetry=form.symmetry,
        rests=(Rotation.identity(),), rest_height=float(form.half[2]), grasp_width=width,
        graspable_by=arms_for(width, mass), zone=_over(form),
    )  # fmt: skip


def _over(form: Form) -> Zone:
    """What counts as in or on it, should it be a container: over its inner part, up to a hand's breadth."""
    x, y, z = form.half.tolist()
    return Zone(None, (INNER * x, INNER * y), -z, z + OVER_M)


def _sides(triangles: Vector) -> tuple[Vector, Vector]:
    return triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]


def _circle(count: int) -> Vector:
    """(count, 2) corners of a polygon that has the area of the unit circle."""
    angles = 2.0 * np.pi * np.arange(count) / count
    return np.column_stack([np.cos(angles), np.sin(angles)]) * np.sqrt(angles[1] / np.sin(angles[1]))


def _ends(axis: int) -> Vector:
    """A cylinder along an axis."""
    circle = _circle(AROUND)
    return np.vstack([np.insert(circle, axis, end, axis=1) for end in (-1.0, 1.0)])


def _ball() -> Vector:
    tilts = np.pi * (np.arange(ACROSS) + 1) / (ACROSS + 1) - np.pi / 2
    rings = [np.column_stack([np.cos(t) * _circle(AROUND), np.full(AROUND, np.sin(t))]) for t in tilts]
    return np.vstack([*rings, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])


_SIGNS = (-1.0, 1.0)
UNIT: dict[Kind, Vector] = {
    "ball": _ball(),
    "column": _ends(2),
    "roll": _ends(0),
    "box": np.array([[x, y, z] for x in _SIGNS for y in _SIGNS for z in _SIGNS]),
}
"""Corners of the solids with half lengths of 1."""
