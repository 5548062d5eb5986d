"""Taking a user's mesh into the catalogue: check it, mend what can be mended, say plainly what cannot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import numpy as np
import trimesh
from trimesh import repair

from ..errors import DynacollectError
from .build import mass_properties
from .entry import ObjectEntry, dump, symmetry_entry
from .household import RECIPES
from .symmetry import detect

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254}
SMALLEST, LARGEST = 0.005, 0.5
"""m; size of an object that an arm can handle."""
MOST_FACES = 20_000
DENSITY = 400.0
"""kg/m3 for a first guess of the mass: household things are part air."""
Unit = Literal["m", "cm", "mm", "in"]


def _read(path: Path) -> trimesh.Trimesh:
    if not path.is_file():
        raise DynacollectError(f"There is no mesh file {path}; check the path.")
    if path.suffix.lower() not in (".stl", ".ply", ".obj", ".glb", ".gltf", ".off"):
        raise DynacollectError(f"{path.name} is no mesh file this reads; export it as .stl, .ply, .obj or .glb.")
    try:
        mesh = trimesh.load(path, force="mesh")
    except (ValueError, KeyError, IndexError, TypeError, NotImplementedError, UnicodeDecodeError) as error:
        raise DynacollectError(f"{path.name} cannot be read as a mesh ({error}); export it again.") from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise DynacollectError(f"{path.name} holds no faces; export the surface, not only points or curves.")
    if not np.isfinite(mesh.vertices).all():
        raise DynacollectError(f"{path.name} has vertices that are not numbers; export it again.")
    return mesh


def _scale(mesh: trimesh.Trimesh, unit: Unit | None, findings: list[str]) -> Unit:
    """Brings the mesh to metres and returns the unit it was in."""
    size = float(np.ptp(mesh.vertices, axis=0).max())
    chosen: Unit = unit or "m"
    metres = size * UNITS[chosen]
    if not SMALLEST <= metres <= LARGEST:
        fitting = [name for name, factor in UNITS.items() if SMALLEST * 2 <= size * factor <= LARGEST]
        shown = f"{metres:.3g} m"
        problem = f"It would be {shown} long; objects are {SMALLEST * 1000:.0f} mm to {LARGEST:g} m."
        if fitting:
            best = "mm" if "mm" in fitting else fitting[0]
            raise DynacollectError(f"{problem} Its numbers look like {best}: add `--unit {best}`.")
        raise DynacollectError(f"{problem} Scale it to its true size in your modelling program.")
    mesh.apply_scale(UNITS[chosen])
    if unit is None:
        findings.append(f"Read as metres: it is {metres * 1000:.0f} mm long.")
    return chosen


def _drop_degenerate(mesh: trimesh.Trimesh, findings: list[str]) -> None:
    before = len(mesh.faces)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    mesh.update_faces(mesh.nondegenerate_faces() & mesh.unique_faces())
    mesh.remove_unreferenced_vertices()
    if len(mesh.faces) < before:
        findings.append(f"Dropped {before - len(mesh.faces)} faces without area or doubled.")
    if len(mesh.faces) == 0:
        raise DynacollectError("No face has any area; export the surface again.")


def _close(mesh: trimesh.Trimesh, findings: list[str]) -> None:
    if mesh.is_watertight:
        return
    repair.fill_holes(mesh)
    if mesh.is_watertight:
        findings.append("Filled small holes in the surface.")
        return
    _, uses = np.unique(mesh.edges_sorted, axis=0, return_counts=True)
    raise DynacollectError(
        f"The surface is not closed ({int((uses != 2).sum())} open or shared edges), so it has no inside; "
        "close its holes in your modelling program (Blender: Mesh, Clean Up, Fill Holes)."
    )


def _orient(mesh: trimesh.Trimesh, findings: list[str]) -> None:
    if not mesh.is_winding_consistent:
        repair.fix_normals(mesh)
        findings.append("Turned faces that looked inward.")
    elif mesh.volume < 0:
        mesh.invert()
        findings.append("Turned the surface, which was inside out.")
    if mesh.volume <= 0:
        raise DynacollectError("The faces do not agree on what is inside; recalculate the normals and export it again.")


def _one_body(mesh: trimesh.Trimesh, findings: list[str]) -> None:
    bodies = mesh.body_count
    if bodies == 1:
        return
    pieces = mesh.split(only_watertight=False)
    boxes = [np.asarray(piece.bounds) for piece in pieces]
    order = sorted(range(len(boxes)), key=lambda i: -float(np.prod(np.ptp(boxes[i], axis=0))))
    reached = boxes[order[0]].copy()
    for index in order[1:]:
        if np.any(boxes[index][0] > reached[1]) or np.any(boxes[index][1] < reached[0]):
            raise DynacollectError(
                f"The file holds {bodies} bodies that lie apart; keep one, or join them into one, and export again."
            )
        reached = np.array([np.minimum(reached[0], boxes[index][0]), np.maximum(reached[1], boxes[index][1])])
    findings.append(f"It is made of {bodies} bodies that touch or overlap; they are kept as one object.")


def _few_faces(mesh: trimesh.Trimesh) -> None:
    if len(mesh.faces) > MOST_FACES:
        raise DynacollectError(
            f"It has {len(mesh.faces)} faces; {MOST_FACES} is the limit. "
            "Simplify it to about 2000 (Blender: the Decimate modifier) and export it again."
        )


def check(path: Path, unit: Unit | None = None) -> tuple[trimesh.Trimesh, Unit, list[str]]:
    """The mesh in metres, mended, with its unit and what was found; refuses what cannot be mended."""
    findings: list[str] = []
    mesh = _read(path)
    _few_faces(mesh)
    used = _scale(mesh, unit, findings)
    _drop_degenerate(mesh, findings)
    _close(mesh, findings)
    _orient(mesh, findings)
    _one_body(mesh, findings)
    return mesh, used, findings


def _narrowest(mesh: trimesh.Trimesh) -> float:
    """The narrowest horizontal width of the whole mesh, m."""
    angles = np.linspace(0, np.pi, 90, endpoint=False)
    across = np.asarray(mesh.vertices)[:, :2] @ np.stack([np.cos(angles), np.sin(angles)])
    return float(np.ptp(across, axis=0).min())


def object_name(path: Path, name: str | None = None) -> str:
    """The catalogue name for a mesh file: lower case words joined by underscores, and none of the built-in names."""
    chosen = re.sub(r"[^a-z0-9]+", "_", (name or path.stem).lower()).strip("_")
    if not chosen:
        raise DynacollectError(f"{name or path.stem!r} holds no letters to name the object by; give `--name`.")
    if chosen in RECIPES:
        raise DynacollectError(f"{chosen!r} is a built-in object; choose another `--name`.")
    return chosen


def add(
    path: Path, *, name: str | None = None, folder: Path = Path("objects"), unit: Unit | None = None
) -> tuple[ObjectEntry, list[str]]:
    """Writes `folder/<name>/` from a mesh file; returns the entry and plain sentences on what was found."""
    chosen = object_name(path, name)
    target = folder / chosen
    if target.exists():
        raise DynacollectError(f"{target} exists; choose another `--name` or delete that folder first.")
    mesh, used, findings = check(path, unit)
    volume, centre, _ = mass_properties(np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32))
    mesh.apply_translation(-centre)
    symmetry = detect(np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32))
    mass = float(np.clip(round(DENSITY * volume, 3), 0.002, 5.0))
    width = _narrowest(mesh)
    findings.append(f"Mass is a guess from its volume: {mass * 1000:.0f} g; weigh it and edit object.yaml.")
    findings.append(f"Symmetry found: {symmetry.kind}; edit object.yaml if a print or a handle says otherwise.")
    findings.append("It collides as its convex hull: a hollow counts as filled.")
    entry = ObjectEntry(
        words=[chosen.replace("_", " ")],
        mass=mass,
        grasp_width=round(width, 4),
        rolls=symmetry.kind in ("axis", "sphere"),
        symmetry=symmetry_entry(symmetry),
        mesh="mesh.ply",
        source=path.name,
        source_unit=used,
    )
    target.mkdir(parents=True)
    mesh.export(target / entry.mesh)
    dump(entry, target / "object.yaml")
    return entry, findings
