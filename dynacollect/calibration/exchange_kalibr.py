"""Kalibr's camchain YAML: cam0, cam1, ... each with its lens and its place to the one before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field
from scipy.spatial.transform import RigidTransform

from ..rig.config_base import LIST, Counts, nearest, refusal
from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .file_parts import Positive
from .foreign import Foreign, ForeignCamera, camera, check_rigid, padded, read_foreign

REMEDY = "calibrate with Kalibr's pinhole-radtan"


def _pinhole(model: object) -> object:
    if model != "pinhole":
        raise refusal(f"the camera model '{model}' cannot be taken over", REMEDY)
    return model


def _radtan(model: object) -> object:
    if model != "radtan":
        raise refusal(f"the distortion model '{model}' cannot be taken over", REMEDY)
    return model


Row = Annotated[tuple[float, float, float, float], LIST]
Rows = Annotated[tuple[Row, Row, Row, Row], LIST]


def _rigid(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    check_rigid(np.array(rows))
    return rows


class KalibrCamera(Foreign):
    """The keys that matter. T_cn_cnm1 takes the coordinates of the camera before to this one's."""

    camera_model: Annotated[str, BeforeValidator(_pinhole)] = Field(examples=["pinhole"])
    intrinsics: Annotated[tuple[Positive, Positive, float, float], LIST] = Field(examples=["[fx, fy, cx, cy]"])
    distortion_model: Annotated[str, BeforeValidator(_radtan)] = Field(examples=["radtan"])
    distortion_coeffs: Row = Field(examples=["[k1, k2, p1, p2]"])
    resolution: Counts = Field(examples=["[752, 480]"])
    T_cn_cnm1: Annotated[Rows, AfterValidator(_rigid)] | None = None

    @property
    def K(self) -> Vector:
        """(3, 3)."""
        fx, fy, cx, cy = self.intrinsics
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def read_kalibr(path: Path) -> dict[str, ForeignCamera]:
    """The cameras of a chain, each with its pose T_cam0_camera."""
    read: dict[str, KalibrCamera] = read_foreign(path, dict[str, KalibrCamera])
    out: dict[str, ForeignCamera] = {}
    T_cam0_before = RigidTransform.identity()
    for number in range(len(read)):
        name = f"cam{number}"
        if name not in read:
            wrong = next(key for key in read if key not in {f"cam{index}" for index in range(len(read))})
            raise DynacollectError(f"{path}: '{wrong}' stands where {name} should; {nearest(wrong, [name])}.")
        one = read[name]
        if number:
            if one.T_cn_cnm1 is None:
                raise DynacollectError(f"{path}: {name} has no T_cn_cnm1; add it, or give each camera in its own file.")
            T_cam0_before = T_cam0_before * RigidTransform.from_matrix(np.array(one.T_cn_cnm1)).inv()
        out[name] = camera(name, one.resolution, one.K, padded(one.distortion_coeffs), T_cam0_before, "cam0")
    return out
