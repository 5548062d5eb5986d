"""A user's object on disk: `<folder>/<name>/object.yaml` beside `mesh.ply`, in metres."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import trimesh
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.spatial.transform import RigidTransform, Rotation

from ..errors import DynacollectError
from ..nouns import Image, Vector
from .build import arms_for, mass_properties
from .model import Category, ObjectModel, Split, Symmetry
from .solids import hull, lowest, settle
from .textures import picture, plain


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SymmetryEntry(_Strict):
    """As `Symmetry`, with rotations as rotation vectors in radians."""

    kind: Literal["none", "discrete", "axis", "sphere"] = "none"
    axis: tuple[float, float, float] | None = None
    rotations: list[tuple[float, float, float]] = []
    flip: bool = False


class ObjectEntry(_Strict):
    """What object.yaml holds."""

    schema_version: Literal[1] = 1
    words: list[str] = Field(min_length=1)
    colour: str = "grey"
    category: Category = "toy"
    split: Split = "seen"
    mesh: str = "mesh.ply"
    mass: float = Field(gt=0, le=5)
    friction: float = Field(default=0.8, gt=0, le=2)
    rolling_resistance: float = Field(default=0.03, ge=0, le=1)
    rolls: bool = False
    grasp_width: float = Field(gt=0, le=0.5)
    symmetry: SymmetryEntry = SymmetryEntry()
    source: str = ""
    """The file it was made from."""
    source_unit: str = "m"


def entries(folder: Path) -> dict[str, Path]:
    """Name -> folder of every entry."""
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/object.yaml"))}


def parse(path: Path) -> ObjectEntry:
    """The entry of an object.yaml; a bad one is refused with the file and the field."""
    try:
        raw = yaml.safe_load(path.read_text())
        return ObjectEntry.model_validate(raw)
    except yaml.YAMLError as error:
        raise DynacollectError(
            f"{path} is not YAML: {str(error).splitlines()[0]}; mend or delete the entry."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        raise DynacollectError(f"{path}: {field}: {first['msg']} (got {first['input']!r}); mend this field.") from error


def dump(entry: ObjectEntry, path: Path) -> None:
    path.write_text(yaml.safe_dump(entry.model_dump(mode="json"), sort_keys=False, allow_unicode=True))


def symmetry_entry(symmetry: Symmetry) -> SymmetryEntry:
    axis = None if symmetry.axis is None else _triple(symmetry.axis)
    turns = [_triple(turn.as_rotvec()) for turn in symmetry.rotations]
    return SymmetryEntry(kind=symmetry.kind, axis=axis, rotations=turns, flip=symmetry.flip)


def _triple(values: Vector) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 6) for value in values)
    return x, y, z


def _symmetry(entry: SymmetryEntry) -> Symmetry:
    axis = None if entry.axis is None else np.array(entry.axis) / np.linalg.norm(entry.axis)
    return Symmetry(entry.kind, axis, tuple(Rotation.from_rotvec(turn) for turn in entry.rotations), entry.flip)


def _looks(mesh: trimesh.Trimesh) -> tuple[Image, Vector]:
    """A small picture of all face colours, and each corner's place in it."""
    visual: Any = mesh.visual
    colours = np.asarray(visual.to_color().face_colors if visual.kind else [[166, 166, 173, 255]])[:, :3]
    distinct, which = np.unique(colours // 16 * 16 + 8, axis=0, return_inverse=True)
    side = int(np.ceil(np.sqrt(len(distinct))))
    cells = picture(plain(side, side, (0.6, 0.6, 0.6)))
    cells.reshape(-1, 3)[: len(distinct)] = distinct
    scale = max(1, 64 // side)
    texture = np.repeat(np.repeat(cells, scale, 0), scale, 1)
    row, column = np.divmod(np.arange(len(distinct)), side)
    centres = np.column_stack([column + 0.5, row + 0.5]) / side
    return texture, centres[np.broadcast_to(which.reshape(-1), len(mesh.faces))]


def read_entry(folder: Path) -> ObjectModel:
    """The object of an entry. Its collision part is the convex hull of its mesh."""
    path = folder / "object.yaml"
    return _read(folder, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(folder: Path, _changed: int) -> ObjectModel:
    entry = parse(folder / "object.yaml")
    source = folder / entry.mesh
    if not source.is_file():
        raise DynacollectError(f"{folder / 'object.yaml'}: mesh: there is no file {source}; add the object again.")
    mesh = trimesh.load(source, force="mesh", process=False)
    if not isinstance(mesh, trimesh.Trimesh):
        raise DynacollectError(f"{source} holds no surface; add the object again.")
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    vertices, faces = np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32)
    volume, centre, moment = mass_properties(vertices, faces)
    if not mesh.is_watertight or volume <= 0:
        raise DynacollectError(f"{source} is no longer a closed surface; add the object again from its source.")
    vertices = vertices - centre
    part = hull(np.asarray(trimesh.Trimesh(vertices, faces, process=False).convex_hull.vertices))
    texture, place = _looks(mesh)
    first = settle([part], Rotation.identity())
    T_rest = RigidTransform.from_rotation(first)
    part = hull(T_rest.apply(np.asarray(part.vertices)))
    return ObjectModel(
        name=folder.name,
        words=tuple(entry.words),
        colour=entry.colour,
        category=entry.category,
        kind="object",
        split=entry.split,
        vertices=T_rest.apply(vertices),
        faces=faces,
        texcoords=np.asarray(place),
        face_texcoords=np.repeat(np.arange(len(faces), dtype=np.int32)[:, None], 3, axis=1),
        texture=texture,
        solids=(part,),
        mass=entry.mass,
        inertia=first.as_matrix() @ (entry.mass / volume * moment) @ first.as_matrix().T,
        friction=entry.friction,
        rolling_resistance=entry.rolling_resistance,
        rolling_radius=0.5 * entry.grasp_width,
        rolls=entry.rolls,
        symmetry=_turned(_symmetry(entry.symmetry), first),
        rests=(Rotation.identity(),),
        rest_height=-lowest([part], Rotation.identity()),
        grasp_width=entry.grasp_width,
        graspable_by=arms_for(entry.grasp_width, entry.mass),
    )


def _turned(symmetry: Symmetry, turn: Rotation) -> Symmetry:
    axis = None if symmetry.axis is None else turn.apply(symmetry.axis)
    return Symmetry(symmetry.kind, axis, tuple(turn * each * turn.inv() for each in symmetry.rotations), symmetry.flip)
