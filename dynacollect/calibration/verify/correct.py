"""Puts a bumped camera's pose right from what a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ..file import CalibrationFile
from ..file_parts import CameraStd, Pose
from .result import Verification

AWAY_M = 1.0
"""How far away a camera looks: makes metres of radians."""


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """The camera models to go on with."""

    models: Mapping[str, CameraModel]
    covariances: Mapping[str, Vector]
    """Of the cameras that were put right: (6, 6), the turn about the camera's own axes [rad], the shift along its
    parent's [m]; to be added to what the calibration says of them."""


def corrected(models: Mapping[str, CameraModel], found: Verification) -> Corrected:
    """The calibration's models with the bumped cameras where they are now.

    Refused where the base moved or cannot be told, and where a motion is less sure than it is large.
    """
    if found.base.moved is not False:
        raise DynacollectError(f"No camera can be put right: {_lower(found.base.sentence)}")
    put_right, covariances = dict(models), dict[str, Vector]()
    for check in found.cameras.values():
        if check.moved is None:
            raise DynacollectError(f"{check.sentence.rstrip('.')}; mend that and verify again before correcting.")
        if check.moved and check.pose is not None and check.step is not None and check.covariance is not None:
            _refuse_unsure(check.name, check.step, check.covariance)
            put_right[check.name] = replace(models[check.name], T_parent_camera=check.pose)
            covariances[check.name] = check.covariance
    return Corrected(put_right, covariances)


def corrected_file(file: CalibrationFile, found: Verification, *, created: str) -> CalibrationFile:
    """The calibration file with the bumped cameras where they are now, and as sure of it as the check was."""
    right = corrected({name: file.cameras[name].model(name) for name in found.cameras}, found)
    cameras = dict(file.cameras)
    for name, covariance in right.covariances.items():
        old = cameras[name]
        pose, std = Pose.of(right.models[name].T_parent_camera), old.std and _wider(old.std, covariance)
        cameras[name] = old.model_copy(update={old.pose_key: pose, "std": std})
    words = tuple(f"Put right on {created[:10]} by pictures without a board: {found.cameras[name].sentence}"
                  for name in right.covariances)  # fmt: skip
    return file.model_copy(update={"created": created, "cameras": cameras, "findings": file.findings + words})


def _wider(std: CameraStd, covariance: Vector) -> CameraStd:
    """The sigmas of the place with those of its correction."""
    more = np.sqrt(np.diag(covariance)) * np.repeat([np.rad2deg(1.0), 1e3], 3)
    turn, shift = (
        tuple(float(f"{np.hypot(a, b):.3g}") for a, b in zip(old, new, strict=True))
        for old, new in ((std.turn_deg, more[:3]), (std.shift_mm, more[3:]))
    )
    return std.model_copy(update={"turn_deg": turn, "shift_mm": shift})


def _refuse_unsure(name: str, step: Vector, covariance: Vector) -> None:
    """Correcting must make what the camera sees at AWAY_M less wrong than leaving it."""
    size = np.repeat([AWAY_M, 1.0], 3) ** 2
    if float(size @ np.diag(covariance)) >= float(size @ step**2):
        raise DynacollectError(f"{name} moved by less than its motion is sure to; calibrate again instead.")


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
