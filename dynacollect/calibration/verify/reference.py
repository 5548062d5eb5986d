"""What a rig looked like right after calibrating: the landmarks of its reference pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from .landmarks import Landmarks, landmarks
from .looks import Looks
from .motions import Motions, expected, flange_pose
from .patches import contrast, measure
from .surfaces import Bench

LEVELS = (2, 1, 0)
"""Of the pyramid, from coarse to fine."""
ALIKE = 0.6
"""Correlation from which on two patches show the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Prepared once; many checks may start from it."""

    bench: Bench
    looks: Looks
    models: Mapping[str, CameraModel]
    marks: Mapping[int, tuple[Landmarks, ...]]
    """By level: of every picture."""

    @property
    def still(self) -> Motions:
        """Nothing moved."""
        mounts = {name: model.T_parent_camera for name, model in self.models.items()}
        return Motions(mounts, RigidTransform.identity())


def prepare(bench: Bench, looks: Looks, models: Mapping[str, CameraModel]) -> Reference:
    """Find the landmarks; `models` are those of the calibration that the pictures belong to."""
    missing = [name for name in models if name not in looks.pictures]
    if missing:
        raise DynacollectError(f"There are no reference pictures of {missing[0]}; take them right after calibrating.")
    for name, model in models.items():
        height, width = looks.pictures[name][0].shape[:2]
        if (width, height) != (model.width, model.height):
            raise DynacollectError(
                f"{name} is calibrated at {model.width}x{model.height}, its reference pictures are {width}x{height}; "
                "take them at the calibrated size."
            )
    marks = {level: _marks(bench, looks, models, level) for level in LEVELS}
    reference = Reference(bench, looks, models, marks)
    lasting = {level: tuple(_lasting(reference, mark) for mark in some) for level, some in marks.items()}
    return Reference(bench, looks, models, lasting)


def _marks(bench: Bench, looks: Looks, models: Mapping[str, CameraModel], level: int) -> tuple[Landmarks, ...]:
    found = []
    for name, model in models.items():
        for look, (joints, picture) in enumerate(zip(looks.joints, looks.pictures[name], strict=True)):
            place = model.T_base_camera(flange_pose(bench.arm, joints))
            found.append(landmarks(bench, joints, model, place, picture, look, level))
    return tuple(found)


def _lasting(reference: Reference, mark: Landmarks) -> Landmarks:
    """Without what the camera's other looks do not show in the same place: the arm's shadow, a wrong depth."""
    looks, arm = reference.looks, reference.bench.arm
    likeness = []
    for look, picture in enumerate(looks.pictures[mark.camera.name]):
        if look != mark.look:
            where = expected(mark, reference.still, arm, looks.joints[mark.look], looks.joints[look])
            found = measure(mark.patches, contrast(picture, mark.patches.level), where.corners)
            likeness.append(np.where(found.seen & mark.patches.textured, found.likeness, np.nan))
    if not likeness:
        return mark
    rows = np.array(likeness)
    middle = np.nanmedian(np.where(np.isnan(rows).all(axis=0), 1.0, rows), axis=0)
    return mark.without((mark.surfaces.part < 0) & (middle < ALIKE))
