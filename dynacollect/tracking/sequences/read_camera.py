"""Reads what a sequence has of one camera: its pictures, and the tables that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from .sequence import Shot
from .tables import numbers, pose, read_table

FRAME_S = 0.04
"""Between pictures that bring no time along."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class CameraTables:
    """Everything by frame number."""

    name: str
    folder: Path
    shots: dict[int, Shot]
    truths: dict[int, Any]
    infos: dict[int, Any]
    places: dict[int, RigidTransform]
    """T_base_camera."""


def read_camera(folder: Path, name: str) -> CameraTables:
    """`scene_camera_NAME.json`, `rgb_NAME/`, and `scene_gt_NAME.json`, `scene_gt_info_NAME.json` where they are."""
    table = folder / f"scene_camera_{name}.json"
    rows, pictures = read_table(table), _pictures(folder, name)
    stray = next((index for index in pictures if index not in rows), None)
    if stray is not None:
        raise DynacollectError(f"{table} has no row for {pictures[stray]}; add it, or take the picture away")
    times, shots, places = _times(table, rows), dict[int, Shot](), dict[int, RigidTransform]()
    model: CameraModel | None = None
    for index, row in rows.items():
        where = f"{table}, frame {index}"
        K, place = numbers(row, "cam_K", 9, where).reshape(3, 3), pose(row, "cam_R_w2c", "cam_t_w2c", where).inv()
        places[index] = place
        if index not in pictures:
            continue
        if model is None:
            width, height = _size(pictures[index])
            model = CameraModel(name, width, height, K, T_parent_camera=place)
        elif _differs(model, K, place):
            model = replace(model, K=K, T_parent_camera=place)
        shots[index] = Shot(pictures[index], model, times[index])
    truths, infos = (_optional(folder / f"{stem}_{name}.json") for stem in ("scene_gt", "scene_gt_info"))
    return CameraTables(name, folder, shots, truths, infos, places)


def picture_of(folder: Path, stem: str) -> Path | None:
    """The picture of that name, of whatever kind."""
    return next((path for suffix in PICTURES if (path := folder / f"{stem}{suffix}").is_file()), None)


def _optional(path: Path) -> dict[int, Any]:
    return read_table(path) if path.exists() else {}


def _times(table: Path, rows: Mapping[int, Any]) -> dict[int, float]:
    """Without times, the frames follow each other at 25 Hz."""
    told = [index for index, row in rows.items() if isinstance(row, Mapping) and "time" in row]
    if not told:
        return {index: FRAME_S * index for index in rows}
    if len(told) < len(rows):
        index = next(index for index in rows if index not in told)
        raise DynacollectError(f"{table}, frame {index}: there is no time; give it for every frame, or for none")
    times = {index: float(numbers(row, "time", 1, f"{table}, frame {index}")[0]) for index, row in rows.items()}
    steps = np.diff(list(times.values()))
    if len(steps) and steps.min() <= 0:
        index = list(times)[int(np.argmin(steps)) + 1]
        raise DynacollectError(f"{table}, frame {index}: its time is not after the one before; write seconds that grow")
    return times


def _pictures(folder: Path, name: str) -> dict[int, Path]:
    place = folder / f"rgb_{name}"
    if not place.is_dir():
        raise DynacollectError(f"there is no {place}; put the pictures of {name} there, as 000000.png and so on")
    found = (path for path in place.iterdir() if path.suffix.lower() in PICTURES and path.stem.isdigit())
    return {int(path.stem): path for path in sorted(found)}


def _size(path: Path) -> tuple[int, int]:
    image = cv2.imread(str(path))
    if image is None:
        raise DynacollectError(f"cannot read the picture {path}; write it anew")
    return image.shape[1], image.shape[0]


def _differs(model: CameraModel, K: np.ndarray, place: RigidTransform) -> bool:
    same_lens = np.allclose(model.K, K, atol=1e-6)
    return not (same_lens and np.allclose(model.T_parent_camera.as_matrix(), place.as_matrix(), atol=1e-7))
