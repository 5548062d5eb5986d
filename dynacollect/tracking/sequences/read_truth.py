"""Makes objects and their true motion of what the cameras' tables say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scipy.spatial.transform import RigidTransform

from ...rig.errors import DynacollectError
from .read_camera import CameraTables
from .sequence import KnownObject
from .tables import numbers, pose
from .trajectory import Trajectory, trajectory_of

Cameras = Mapping[str, CameraTables]
Alike = tuple[int, int]
"""Number of a model, and which of the objects of that model."""


def named(models: Iterable[KnownObject]) -> dict[str, KnownObject]:
    """By a name of its own for each."""
    taken, found = Counter[str](), dict[str, KnownObject]()
    for one in models:
        taken[one.name] += 1
        name = one.name if taken[one.name] == 1 else f"{one.name}_{taken[one.name]}"
        found[name] = replace(one, name=name)
    return found


def objects_of(cameras: Cameras, models: Mapping[int, KnownObject], folder: Path) -> dict[Alike, KnownObject]:
    """What the truth speaks of; alike objects are told apart by their order in it."""
    keys = sorted({key for camera in cameras.values() for index in camera.truths for key, _, _ in _rows(camera, index)})
    unknown = next((number for number, _ in keys if number not in models), None)
    if unknown is not None:
        raise DynacollectError(f"{folder}: object {unknown} of the truth has no row in models_info.json; add its mesh")
    return dict(zip(keys, named(models[number] for number, _ in keys).values(), strict=True))


def shown_at(cameras: Cameras, objects: Mapping[Alike, KnownObject], index: int) -> tuple[str, ...]:
    """Names of the objects that are there at a frame."""
    found = {key for camera in cameras.values() for key, _, _ in _rows(camera, index)}
    return tuple(one.name for key, one in objects.items() if key in found)


def truth_of(cameras: Cameras, objects: Mapping[Alike, KnownObject]) -> dict[str, Trajectory]:
    """By object: where it was at the time of every picture of every camera."""
    poses: dict[Alike, list[tuple[float, RigidTransform]]] = {}
    visible: dict[Alike, dict[str, list[tuple[float, float]]]] = {}
    for camera in cameras.values():
        for index, shot in camera.shots.items():
            for key, row, info in _rows(camera, index):
                local = pose(row, "cam_R_m2c", "cam_t_m2c", _where(camera, index))
                poses.setdefault(key, []).append((shot.time, objects[key].from_file(camera.places[index] * local)))
                if isinstance(info, Mapping) and "visib_fract" in info:
                    shares = visible.setdefault(key, {}).setdefault(camera.name, [])
                    shares.append((shot.time, float(info["visib_fract"])))
    return {objects[key].name: trajectory_of(poses[key], visible.get(key, {})) for key in objects if key in poses}


def _rows(camera: CameraTables, index: int) -> list[tuple[Alike, Any, Any]]:
    """Object, its row, and its row of additional information, of everything at a frame."""
    rows, infos = camera.truths.get(index, []), camera.infos.get(index, [])
    where = _where(camera, index)
    if not isinstance(rows, list) or not isinstance(infos, list):
        raise DynacollectError(f"{where} is no list; write one row for each object in it")
    count, found = Counter[int](), list[tuple[Alike, Any, Any]]()
    for order, row in enumerate(rows):
        number = int(numbers(row, "obj_id", 1, where)[0])
        found.append(((number, count[number]), row, infos[order] if order < len(infos) else None))
        count[number] += 1
    return found


def _where(camera: CameraTables, index: int) -> str:
    return f"{camera.folder / f'scene_gt_{camera.name}.json'}, frame {index}"
