"""From a shape drawn anywhere to a catalogue object: centred, weighed, and laid down to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..nouns import Image, Vector
from .model import Category, Indices, Kind, ObjectModel, Solid, Split, Symmetry, Zone
from .shapes import Mesh
from .solids import lowest, moved, settle

WIDTH_LIMITS = {"franka-panda": 0.072, "franka-fr3": 0.072, "piper": 0.062}
"""m; what still leaves an arm's open fingers room on both sides."""
HEAVIEST = 0.5
"""kg an arm may lift by friction alone."""


def mass_properties(vertices: Vector, faces: Indices) -> tuple[float, Vector, Vector]:
    """Volume m3, centre (3,), and inertia (3, 3) about the centre for unit density, of a closed mesh."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    volume = float(volumes.sum())
    centre = (volumes[:, None] * (a + b + c)).sum(0) / (4 * volume)
    a, b, c = a - centre, b - centre, c - centre
    total = a + b + c
    # Second moment of a tetrahedron with one corner in the origin: V / 20 (aa + bb + cc + ss), s the corners' sum.
    moment = sum(np.einsum("n,ni,nj->ij", volumes, p, p) for p in (a, b, c, total)) / 20
    return volume, centre, np.trace(moment) * np.eye(3) - moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What a recipe says of its object; positions and directions in the frame in which it was drawn."""

    mesh: Mesh
    texture: Image
    solids: Sequence[Solid]
    words: tuple[str, ...]
    colour: str
    category: Category
    mass: float
    grasp_width: float
    friction: float = 0.8
    rolling: float = 0.02
    rolling_radius: float | None = None
    """`None` for half of the grasp width."""
    rolls: bool = False
    axis: Sequence[float] | None = None
    flip: bool = False
    sphere: bool = False
    turns: Sequence[Rotation] = ()
    rests: Sequence[Sequence[float]] = ((0.0, 0.0, 1.0),)
    """Up directions of the rests, roughly; the first is the object's z."""
    hollow: float = 0.0
    """Inner size over outer size of an even shell; 0 is solid."""
    kind: Kind = "object"
    split: Split = "seen"
    zone: Zone | None = None


def _upright(up: Sequence[float]) -> Rotation:
    if np.allclose(np.cross(up, [0.0, 0.0, 1.0]), 0):
        return Rotation.identity() if up[2] > 0 else Rotation.from_euler("x", np.pi)
    return Rotation.align_vectors([[0.0, 0.0, 1.0]], [np.asarray(up, float)])[0]


def _symmetry(sketch: Sketch, turn: Rotation) -> Symmetry:
    if sketch.sphere:
        return Symmetry("sphere")
    if sketch.axis is not None:
        axis = np.asarray(sketch.axis, float)
        return Symmetry("axis", axis=turn.apply(axis / np.linalg.norm(axis)), flip=sketch.flip)
    if sketch.turns:
        return Symmetry("discrete", rotations=tuple(turn * each * turn.inv() for each in sketch.turns))
    return Symmetry()


def arms_for(width: float, mass: float) -> tuple[str, ...]:
    """Names of the arms whose fingers fit around `width` and can lift `mass`."""
    return tuple(arm for arm, limit in WIDTH_LIMITS.items() if width < limit and mass <= HEAVIEST)


def finish(name: str, sketch: Sketch) -> ObjectModel:
    """The catalogue object: origin in the centre of mass, z up in the first rest."""
    mesh = sketch.mesh
    _, centre, _ = mass_properties(mesh.vertices, mesh.faces)
    T_centre = RigidTransform.from_translation(-centre)
    centred = [moved(solid, T_centre) for solid in sketch.solids]
    movable = sketch.kind == "object"
    rests = [settle(centred, _upright(up)) if movable else _upright(up) for up in sketch.rests]
    first = rests[0]
    vertices = first.apply(mesh.vertices - centre)
    solids = tuple(moved(solid, RigidTransform.from_rotation(first)) for solid in centred)
    volume, _, moment = mass_properties(vertices, mesh.faces)
    shell = (1 - sketch.hollow**5) / (1 - sketch.hollow**3)
    reachable = arms_for(sketch.grasp_width, sketch.mass) if movable else ()
    return ObjectModel(
        name=name,
        words=sketch.words,
        colour=sketch.colour,
        category=sketch.category,
        kind=sketch.kind,
        split=sketch.split,
        vertices=vertices,
        faces=mesh.faces,
        texcoords=mesh.texcoords,
        face_texcoords=mesh.face_texcoords,
        texture=np.ascontiguousarray(sketch.texture),
        solids=solids,
        mass=sketch.mass,
        inertia=sketch.mass / volume * moment * shell,
        friction=sketch.friction,
        rolling_resistance=sketch.rolling,
        rolling_radius=sketch.rolling_radius or 0.5 * sketch.grasp_width,
        rolls=sketch.rolls,
        symmetry=_symmetry(sketch, first),
        rests=tuple(Rotation.identity() if i == 0 else rest * first.inv() for i, rest in enumerate(rests)),
        rest_height=-lowest(solids, Rotation.identity()),
        grasp_width=sketch.grasp_width,
        graspable_by=reachable,
        zone=sketch.zone and _zone_about(sketch.zone, float(centre[2])),
    )


def _zone_about(zone: Zone, height: float) -> Zone:
    return Zone(zone.radius, zone.half, zone.low - height, zone.high - height)
