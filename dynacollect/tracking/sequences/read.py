"""Reads sequences in BOP's layout with several cameras; every fault of the files is told in a sentence.

    models/obj_000001.ply (mm), models/models_info.json
    000000/rgb_cam1/000000.png, rgb_cam2/...; scene_camera_cam1.json, ...
    000000/scene_gt_cam1.json, scene_gt_info_cam1.json, background_cam1.png, and register/ in the same layout: if there

A folder is one sequence, a data set of several, or a folder of data sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...rig.arms import arm as arm_model
from ...rig.arms import kinematics
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState
from .read_camera import picture_of, read_camera
from .read_models import read_models
from .read_truth import named, objects_of, shown_at, truth_of
from .sequence import KnownObject, Sequence, Take
from .tables import numbers, read_table

CAMERA_TABLE = re.compile(r"scene_camera_(\w+)\.json")
REGISTER = "register"


def find_sequences(folder: Path) -> tuple[Path, ...]:
    """The folders of all sequences under a folder, in order."""
    if not folder.is_dir():
        raise DynacollectError(f"there is no folder {folder}; name a data set in BOP's layout, or a sequence of one")
    found = sorted({path.parent for path in folder.rglob("scene_camera_*.json")})
    sequences = tuple(path for path in found if path.name != REGISTER or path == folder)
    if not sequences:
        raise DynacollectError(
            f"no scene_camera_cam1.json anywhere under {folder}; write sequences in BOP's layout with several cameras"
        )
    return sequences


def read_sequence(folder: Path) -> Sequence:
    """The sequence in a folder; its pictures are loaded when they are asked for."""
    models = read_models(_models_of(folder))
    sequence = _read(folder, models)
    clip = folder / REGISTER
    if any(clip.glob("scene_camera_*.json")):
        learnt = _read(clip, models)
        # A clip without pictures of its own of the empty scene was taken in that of the sequence.
        plates = {**sequence.plates, **learnt.plates}
        sequence = replace(sequence, register=replace(learnt, plates=plates))
    return sequence


def _models_of(folder: Path) -> Path:
    """`models` in the folder or one of the two above it."""
    here = folder.resolve()
    places = [here, *here.parents[:2]]
    return next((place / "models" for place in places if (place / "models").is_dir()), here.parent / "models")


def _read(folder: Path, models: Mapping[int, KnownObject]) -> Sequence:
    names = sorted(match[1] for path in folder.iterdir() if (match := CAMERA_TABLE.fullmatch(path.name)))
    cameras = {name: read_camera(folder, name) for name in names}
    indices = sorted({index for camera in cameras.values() for index in camera.shots})
    if not indices:
        raise DynacollectError(f"{folder} has no pictures; put them in rgb_{names[0]}/000000.png and so on")
    found = objects_of(cameras, models, folder)
    arm, states = _read_arm(folder / "arm.json")
    takes = [
        Take(
            index,
            {name: camera.shots[index] for name, camera in cameras.items() if index in camera.shots},
            tuple(name for name, camera in cameras.items() if index not in camera.shots),
            shown_at(cameras, found, index),
            states.get(index),
        )
        for index in indices
    ]
    return Sequence(
        f"{folder.resolve().parent.name}/{folder.resolve().name}",
        folder,
        tuple(sorted(takes, key=lambda take: take.time)),
        {one.name: one for one in found.values()} if found else named(models.values()),
        {name: path for name in names if (path := picture_of(folder, f"background_{name}")) is not None},
        truth_of(cameras, found),
        None,
        arm,
    )


def _read_arm(path: Path) -> tuple[str | None, dict[int, ArmState]]:
    """What the arm told at each frame, where the sequence comes from a rig of ours."""
    if not path.exists():
        return None, {}
    rows = read_table(path)
    names = {str(row.get("model")) if isinstance(row, Mapping) else "" for row in rows.values()}
    if len(names) != 1:
        raise DynacollectError(f"{path} names {len(names)} arms; one arm moves in a sequence")
    model = arm_model(names.pop())
    states, before = dict[int, ArmState](), None
    for index, row in rows.items():
        where = f"{path}, frame {index}"
        joints = numbers(row, "joints", model.joints, where)
        time, width = (float(numbers(row, key, 1, where)[0]) for key in ("time", "gripper_width"))
        rest = np.zeros(model.joints)
        speed = rest if before is None else (joints - before.joints) / max(time - before.measured_at, 1e-3)
        tool = kinematics.forward(model, joints)
        before = states[index] = ArmState(joints, speed, rest, tool, width, 0.0, time, time)
    return model.name, states
