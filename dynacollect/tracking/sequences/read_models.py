"""Reads the meshes of a data set and their symmetries: `models/obj_000001.ply` and `models_info.json`, in mm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation
from trimesh.visual.color import uv_to_color

from ...rig.errors import DynacollectError
from ...rig.nouns import Image, Vector
from ...rig.objects.model import Symmetry
from ..shape import Shape
from .sequence import KnownObject
from .tables import numbers, read_table

SIZES_MM = (4.0, 3000.0)
PARALLEL = 0.99
SAME_TURN = np.deg2rad(2.0)
SAME_PLACE_M = 1e-5


def read_models(folder: Path) -> dict[int, KnownObject]:
    """Every object by its number."""
    if not folder.is_dir():
        raise DynacollectError(f"there is no folder {folder}; put the objects' meshes there, as obj_000001.ply in mm")
    infos = read_table(folder / "models_info.json")
    if not infos:
        raise DynacollectError(f"{folder / 'models_info.json'} lists no object; add a row for each mesh")
    return {number: read_model(folder, number, info) for number, info in infos.items()}


def read_model(folder: Path, number: int, info: Mapping[str, Any]) -> KnownObject:
    """The object of this number; its origin is moved to the mesh's centre, or to where its symmetries meet."""
    path, where = folder / f"obj_{number:06d}.ply", f"{folder / 'models_info.json'}, object {number}"
    name = info.get("name") if isinstance(info, Mapping) else None
    name = name if isinstance(name, str) and name else f"obj_{number:06d}"
    mesh = _load(path)
    colours = _face_colours(mesh)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    sound = mesh.nondegenerate_faces()
    faces, vertices = np.asarray(mesh.faces)[sound], 1e-3 * np.asarray(mesh.vertices)
    solid = trimesh.Trimesh(vertices, faces, process=False)
    trimesh.repair.fix_normals(solid)
    centre = solid.center_mass if solid.is_watertight else solid.bounds.mean(axis=0)
    symmetry, origin = _symmetry(info, np.asarray(centre), where)
    if np.linalg.norm(origin) < SAME_PLACE_M:
        origin = np.zeros(3)
    painted = None if colours is None else colours[sound]
    shape = Shape(name, np.asarray(solid.vertices) - origin, np.asarray(solid.faces, np.int32), symmetry, painted)
    return KnownObject(name, number, shape, origin)


def _load(path: Path) -> trimesh.Trimesh:
    if not path.is_file():
        raise DynacollectError(f"there is no {path}; add the mesh, or take its row out of models_info.json")
    try:
        mesh = trimesh.load(path, force="mesh", process=False)
    except Exception as error:  # because readers of meshes raise whatever they stumble over
        raise DynacollectError(f"cannot read the mesh {path} ({error}); write it anew as .ply") from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) < 4:
        raise DynacollectError(f"{path} has no faces; write a mesh, not points")
    size = float(np.ptp(mesh.vertices, axis=0).max())
    if not SIZES_MM[0] <= size <= SIZES_MM[1]:
        raise DynacollectError(f"{path} is {size:.3g} mm long; lengths in BOP's files are mm, not m")
    return mesh


def _face_colours(mesh: trimesh.Trimesh) -> Image | None:
    """(m, 3), of a texture, the vertices or the faces; `None` where the mesh has none."""
    visual: Any = mesh.visual
    if visual.kind == "texture":
        if visual.uv is None or visual.material is None or getattr(visual.material, "image", None) is None:
            return None
        corners = np.asarray(visual.uv)[mesh.faces]
        inside = np.concatenate([np.eye(3) * 0.5 + 1 / 6, np.full((1, 3), 1 / 3)])
        spots = np.einsum("pk,fkc->pfc", inside, corners)
        seen = [uv_to_color(uv, visual.material.image)[:, :3] for uv in spots]
        return np.mean(seen, axis=0).round().astype(np.uint8)
    if visual.kind == "vertex":
        return np.asarray(visual.vertex_colors)[mesh.faces][..., :3].mean(axis=1).round().astype(np.uint8)
    return np.asarray(visual.face_colors)[:, :3].astype(np.uint8) if visual.kind == "face" else None


def _symmetry(info: object, centre: Vector, where: str) -> tuple[Symmetry, Vector]:
    """The symmetry, and the point near the centre that all of it leaves where it is [m]."""
    turns, axes, fixed = list[Rotation](), list[Vector](), list[tuple[NDArray[np.float64], Vector]]()
    for index, _ in enumerate(_list(info, "symmetries_discrete", where)):
        square = numbers({str(index): _}, str(index), 16, f"{where}, symmetries_discrete").reshape(4, 4)
        turn = RigidTransform.from_matrix(square).rotation
        if turn.magnitude() > SAME_TURN:
            turns.append(turn)
            fixed.append((np.eye(3) - turn.as_matrix(), 1e-3 * square[:3, 3]))
    for row in _list(info, "symmetries_continuous", where):
        axis = numbers(row, "axis", 3, f"{where}, symmetries_continuous")
        offset = 1e-3 * numbers({"offset": [0, 0, 0], **row}, "offset", 3, f"{where}, symmetries_continuous")
        if np.linalg.norm(axis) < 1e-6:
            raise DynacollectError(f"{where}: an axis of symmetry has no direction; write it as [0, 0, 1]")
        axis = axis / np.linalg.norm(axis)
        axes.append(axis)
        across = np.eye(3) - np.outer(axis, axis)
        fixed.append((across, across @ offset))
    if not fixed:
        return Symmetry(), centre
    rows, sums = np.concatenate([row for row, _ in fixed]), np.concatenate([given for _, given in fixed])
    origin = centre + np.linalg.lstsq(rows, sums - rows @ centre, rcond=1e-6)[0]
    return _kind(turns, axes), origin


def _kind(turns: list[Rotation], axes: list[Vector]) -> Symmetry:
    if not axes:
        return Symmetry("discrete", rotations=tuple(turns)) if turns else Symmetry()
    first = axes[0]
    if any(abs(first @ other) < PARALLEL for other in axes[1:]):
        return Symmetry("sphere")
    return Symmetry("axis", axis=first, flip=any(turn.apply(first) @ first < -PARALLEL for turn in turns))


def _list(info: object, key: str, where: str) -> list[Any]:
    rows = info.get(key, []) if isinstance(info, Mapping) else None
    if not isinstance(rows, list):
        raise DynacollectError(f"{where}: {key} is no list; write it as BOP has it, or leave it out")
    return rows
