"""What an object is, as data: looks, collision parts, mass, symmetry, how it rests and who can grasp it.

Lengths are in m. The object frame has its origin in the centre of mass and +z up when the object stands as in its
first rest. Texture coordinates are picture coordinates: u runs along the columns and v down the rows, so (0, 0) is the
outer corner of the first pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from ..nouns import Image, Vector

Indices = NDArray[np.int32]
Split = Literal["seen", "unseen"]
Kind = Literal["object", "container"]
Category = Literal["container", "food", "bottle", "tool", "toy"]
SolidKind = Literal["box", "cylinder", "capsule", "sphere", "ellipsoid", "mesh"]


@dataclass(frozen=True, slots=True, eq=False)
class Symmetry:
    """The rotations about the centre of mass that leave the shape (not the print on it) as it is."""

    kind: Literal["none", "discrete", "axis", "sphere"] = "none"
    axis: Vector | None = None
    """Unit vector in the object frame, for `axis`."""
    rotations: tuple[Rotation, ...] = ()
    """For `discrete`: all but the identity."""
    flip: bool = False
    """For `axis`: the object also looks the same upside down."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """One convex collision part in the object frame."""

    kind: SolidKind
    size: tuple[float, ...] = ()
    """MuJoCo's half sizes: box (x, y, z), cylinder and capsule (radius, half length along z), sphere (radius)."""
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    quaternion_xyzw: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    vertices: Vector | None = None
    """(n, 3) points of the convex hull, for `mesh`."""

    @property
    def rotation(self) -> Rotation:
        return Rotation.from_quat(self.quaternion_xyzw)


@dataclass(frozen=True, slots=True)
class Zone:
    """The upright region over a container that counts as in or on it, in the container's object frame."""

    radius: float | None
    """Round containers; `None` where `half` says the size."""
    half: tuple[float, float] | None
    low: float
    """Lowest z of a centre of mass that lies in it."""
    high: float
    """Highest z."""

    def contains(self, point: Vector) -> bool:
        """Whether a point in the container's frame lies in the zone."""
        if not self.low <= point[2] <= self.high:
            return False
        if self.radius is not None:
            return bool(np.hypot(point[0], point[1]) <= self.radius)
        half = self.half or (0.0, 0.0)
        return bool(abs(point[0]) <= half[0] and abs(point[1]) <= half[1])


@dataclass(frozen=True, slots=True, eq=False)
class ObjectModel:
    """An object of the catalogue."""

    name: str
    words: tuple[str, ...]
    """What people call it; the first is the main one."""
    colour: str
    category: Category
    kind: Kind
    split: Split
    vertices: Vector
    """(n, 3)."""
    faces: Indices
    """(m, 3) into `vertices`: closed and outward."""
    texcoords: Vector
    """(k, 2), an index set of its own, so that seams do not open the mesh."""
    face_texcoords: Indices
    """(m, 3) into `texcoords`."""
    texture: Image
    """(height, width, 3), RGB."""
    solids: tuple[Solid, ...]
    mass: float
    """kg."""
    inertia: Vector
    """(3, 3) about the centre of mass, kg m2; uniform density, hollow things as their walls."""
    friction: float
    """Sliding friction against the table."""
    rolling_resistance: float
    """Dimensionless c: rolling loses the energy c m g per metre. MuJoCo's rolling friction is c times `rolling_radius`,
    and a body that rolls on a level table decelerates by c g / (1 + I / (m r2))."""
    rolling_radius: float
    """m; from the rolling axis to the table."""
    rolls: bool
    symmetry: Symmetry
    rests: tuple[Rotation, ...]
    """Stable orientations worth starting an episode from; the first is the identity."""
    rest_height: float
    """Of the origin above the table in the first rest."""
    grasp_width: float
    """What the fingers close on in the first rest: the narrowest width at the grasp height."""
    graspable_by: tuple[str, ...]
    """Arm names."""
    zone: Zone | None = None

    @property
    def extent(self) -> Vector:
        """(3,) size of the box around it in the object frame."""
        return np.ptp(self.vertices, axis=0)

    @property
    def diameter(self) -> float:
        """The largest distance between two of its points."""
        corners = self.vertices[ConvexHull(self.vertices).vertices]
        return float(max(np.linalg.norm(corners - corner, axis=1).max() for corner in corners))

    def footprint(self, rotation: Rotation) -> Vector:
        """(k, 2) convex outline, counter-clockwise, of its projection on the table, about the origin."""
        flat = rotation.apply(self.vertices)[:, :2]
        return flat[ConvexHull(flat).vertices]

    def rest_height_in(self, rotation: Rotation) -> float:
        """Height of the origin above the table when the object lies turned by `rotation`."""
        from .solids import lowest

        return -lowest(self.solids, rotation)
