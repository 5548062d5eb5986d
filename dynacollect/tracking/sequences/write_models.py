"""Writes meshes and their symmetries as BOP has them: `models/obj_000001.ply` and `models_info.json`, in mm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation
from trimesh.visual import ColorVisuals

from ...rig.nouns import Image, Vector
from ...rig.objects.model import ObjectModel, Symmetry


def write_models(folder: Path, models: Mapping[int, ObjectModel]) -> None:
    """Every object by its number."""
    folder.mkdir(parents=True)
    infos = {}
    for number, model in models.items():
        mesh = trimesh.Trimesh(1e3 * _unseamed(model)[0], _unseamed(model)[1], process=False)
        mesh.visual = ColorVisuals(mesh, vertex_colors=_vertex_colours(model))
        mesh.export(folder / f"obj_{number:06d}.ply")
        infos[str(number)] = _info(model)
    (folder / "models_info.json").write_text(json.dumps(infos, indent=1), encoding="utf-8")


def _info(model: ObjectModel) -> dict[str, Any]:
    points = 1e3 * model.vertices
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    corners = points[ConvexHull(points).vertices]
    diameter = max(float(np.linalg.norm(corners - corner, axis=1).max()) for corner in corners)
    box = {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
    box |= {f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)}
    return {"name": model.name, "diameter": diameter, **box, **_symmetries(model.symmetry)}


def _symmetries(symmetry: Symmetry) -> dict[str, Any]:
    """A sphere is given as turns about three axes."""
    if symmetry.kind == "discrete":
        return {"symmetries_discrete": [_square(turn) for turn in symmetry.rotations]}
    if symmetry.kind == "sphere":
        return {"symmetries_continuous": [{"axis": list(axis), "offset": [0, 0, 0]} for axis in np.eye(3).tolist()]}
    if symmetry.axis is None:
        return {}
    found: dict[str, Any] = {"symmetries_continuous": [{"axis": symmetry.axis.tolist(), "offset": [0, 0, 0]}]}
    if symmetry.flip:
        across = np.cross(symmetry.axis, np.eye(3)[int(np.argmin(np.abs(symmetry.axis)))])
        found["symmetries_discrete"] = [_square(Rotation.from_rotvec(np.pi * across / np.linalg.norm(across)))]
    return found


def _square(turn: Rotation) -> list[float]:
    matrix = np.eye(4)
    matrix[:3, :3] = turn.as_matrix()
    return matrix.ravel().tolist()


def _unseamed(model: ObjectModel) -> tuple[Vector, np.ndarray, Vector]:
    """Vertices, faces and texture coordinates, one vertex for each pair of both."""
    pairs = np.column_stack([model.faces.ravel(), model.face_texcoords.ravel()])
    unique, index = np.unique(pairs, axis=0, return_inverse=True)
    return model.vertices[unique[:, 0]], index.reshape(-1, 3), model.texcoords[unique[:, 1]]


def _vertex_colours(model: ObjectModel) -> Image:
    u, v = _unseamed(model)[2].T
    height, width = model.texture.shape[:2]
    rows, columns = (np.clip(w * n, 0, n - 1).astype(int) for w, n in ((v, height), (u, width)))
    return model.texture[rows, columns]
