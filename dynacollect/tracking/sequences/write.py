"""Writes a sequence in BOP's layout, picture by picture; lengths in the files are mm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Image, Vector


@dataclass(frozen=True, slots=True, eq=False)
class SeenObject:
    """One object in one picture."""

    object_id: int
    T_base_object: RigidTransform
    mask: NDArray[np.bool_] | None = None
    """What of it is visible."""
    visible: float | None = None
    """The visible share of its silhouette."""


class SequenceWriter:
    """Pictures are written as they come, the tables on leaving."""

    def __init__(self, folder: Path, cameras: Mapping[str, CameraModel]) -> None:
        if folder.exists():
            raise DynacollectError(f"{folder} exists already; name a folder that does not")
        folder.mkdir(parents=True)
        self._folder, self._cameras = folder, cameras
        self._tables: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> SequenceWriter:
        return self

    def __exit__(self, *_: object) -> None:
        for name, rows in self._tables.items():
            (self._folder / name).write_text(_table(rows), encoding="utf-8")

    def plate(self, camera: str, image: Image) -> None:
        """The empty scene of a camera."""
        self._picture(f"background_{camera}.png", image[..., ::-1])

    def add(self, camera: str, index: int, image: Image, time: float, objects: tuple[SeenObject, ...]) -> None:
        """One picture, and what is true of it."""
        model, key = self._cameras[camera], str(index)
        T_camera_base = model.T_base_camera().inv()
        self._picture(f"rgb_{camera}/{index:06d}.png", image[..., ::-1])
        turn, shift = _parts(T_camera_base)
        K = _numbers(model.K)
        self._row(f"scene_camera_{camera}.json", key, {"cam_K": K, "cam_R_w2c": turn, "cam_t_w2c": shift, "time": time})
        poses, infos = [], []
        for number, seen in enumerate(objects):
            turn, shift = _parts(T_camera_base * seen.T_base_object)
            poses.append({"cam_R_m2c": turn, "cam_t_m2c": shift, "obj_id": seen.object_id})
            infos.append({} if seen.visible is None else {"visib_fract": round(seen.visible, 4)})
            if seen.mask is not None:
                self._picture(f"mask_visib_{camera}/{index:06d}_{number:06d}.png", 255 * seen.mask.astype(np.uint8))
        self._row(f"scene_gt_{camera}.json", key, poses)
        if any(infos):
            self._row(f"scene_gt_info_{camera}.json", key, infos)

    def arm(self, index: int, model: str, state: ArmState, time: float) -> None:
        """What the arm says at a frame: an addition of ours to the layout, which other readers pass over."""
        row = {"model": model, "time": time, "joints": _numbers(state.joints), "gripper_width": state.gripper_width}
        self._row("arm.json", str(index), row)

    def _row(self, table: str, key: str, row: object) -> None:
        self._tables.setdefault(table, {})[key] = row

    def _picture(self, name: str, image: np.ndarray) -> None:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        if not cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 3]):
            raise DynacollectError(f"cannot write {path}; look whether the disk is full")


def _parts(pose: RigidTransform) -> tuple[list[float], list[float]]:
    return _numbers(pose.rotation.as_matrix()), _numbers(1e3 * np.asarray(pose.translation))


def _numbers(values: Vector) -> list[float]:
    return [round(float(value), 9) for value in np.ravel(values)]


def _table(rows: Mapping[str, object]) -> str:
    """One line for each frame."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items()) + "\n}\n"
