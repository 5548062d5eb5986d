"""The poses in which a rig looks at itself, the pictures it takes there, and the folder that keeps them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ...rig.arms.model import ArmModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Image, Vector

SCHEMA = 1
STEPS = ((0.0, 0.0, 0.0), (0.4, -0.12, 0.45), (-0.4, -0.12, -0.45), (0.0, -0.25, 0.9))
"""Of the first, the last but one and the last joint, away from home [rad]: the hand stays about as high as at home."""
MARGIN = 0.03
"""From the joints' limits [rad]."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """One picture of every camera at each of a few arm poses; the gripper is open in all of them."""

    joints: Vector
    """(looks, joints), as measured while the pictures were taken [rad]."""
    pictures: Mapping[str, tuple[Image, ...]]
    """By camera, one for each row of `joints`, RGB."""
    calibration: str | None = None
    """The id of the calibration that they belong to, where that is noted."""

    def __post_init__(self) -> None:
        for camera, pictures in self.pictures.items():
            if len(pictures) != len(self.joints):
                raise DynacollectError(
                    f"{camera} has {len(pictures)} pictures for {len(self.joints)} arm poses; take one at each."
                )


def look_joints(arm: ArmModel) -> Vector:
    """Where the arm goes to be looked at: (looks, joints)."""
    looks = np.repeat(arm.home[None], len(STEPS), axis=0)
    looks[:, [0, -2, -1]] += np.array(STEPS)
    return np.clip(looks, arm.lower + MARGIN, arm.upper - MARGIN)


def save_looks(folder: Path, looks: Looks) -> None:
    """Write `looks.json` and `<camera>/<look>.png` into a new folder, which is there whole or not at all."""
    if folder.exists() or folder.is_symlink():
        raise DynacollectError(f"{folder} is there already; remove it or name another folder.")
    aside = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        for camera, pictures in looks.pictures.items():
            (aside / camera).mkdir(parents=True)
            for index, picture in enumerate(pictures):
                _path(aside, camera, index).write_bytes(_png(picture))
        facts: dict[str, object] = {"schema": SCHEMA, "cameras": list(looks.pictures), "joints": looks.joints.tolist()}
        facts |= {} if looks.calibration is None else {"calibration": looks.calibration}
        (aside / "looks.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        aside.rename(folder)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise DynacollectError(
            f"{folder} cannot be written ({error.strerror}); name a folder that is yours and has room."
        ) from error


def _png(picture: Image) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


def load_looks(folder: Path) -> Looks:
    """Read what `save_looks` wrote."""
    file = folder / "looks.json"
    if not file.is_file():
        raise DynacollectError(f"There are no reference pictures in {folder}; take them right after calibrating.")
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        joints = np.array(facts["joints"], float)
        cameras, schema, calibration = list(facts["cameras"]), facts["schema"], facts.get("calibration")
    except (ValueError, KeyError, TypeError) as error:
        raise DynacollectError(f"{file} cannot be read ({error}); take the reference pictures anew.") from error
    if schema != SCHEMA or joints.ndim != 2:
        raise DynacollectError(f"{file} is of another version; take the reference pictures anew.")
    pictures = {camera: tuple(_picture(_path(folder, camera, k)) for k in range(len(joints))) for camera in cameras}
    return Looks(joints, pictures, calibration)


def _path(folder: Path, camera: str, index: int) -> Path:
    return folder / camera / f"{index:03d}.png"


def _picture(path: Path) -> Image:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise DynacollectError(f"{path} is missing or no picture; take the reference pictures anew.")
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
