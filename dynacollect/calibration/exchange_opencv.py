"""OpenCV's FileStorage: one YAML file a camera, as OpenCV's calibration sample writes it, and where the camera is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import RigidTransform

from ..rig.config_base import refusal
from .file_parts import FiledCamera
from .foreign import (
    BrownConrady,
    CameraMatrix,
    Count,
    Foreign,
    ForeignCamera,
    RigidMatrix,
    camera,
    padded,
    read_foreign,
)


class OpenCvCamera(Foreign):
    """The keys that matter."""

    image_width: Count = Field(examples=[480])
    image_height: Count = Field(examples=[360])
    camera_name: str | None = None
    camera_matrix: CameraMatrix = Field(examples=["!!opencv-matrix …"])
    distortion_coefficients: BrownConrady = Field(examples=["!!opencv-matrix …"])
    T_base_camera: RigidMatrix | None = None
    T_flange_camera: RigidMatrix | None = None

    @model_validator(mode="after")
    def check(self) -> OpenCvCamera:
        """One place at most."""
        if self.T_base_camera and self.T_flange_camera:
            raise refusal("a camera is either fixed or on the flange", "delete one of its two poses", "T_flange_camera")
        return self


def opencv_text(name: str, filed: FiledCamera) -> str:
    """The camera as cv2.FileStorage reads it; the pose is left out where it is not known."""
    storage = cv2.FileStorage(".yaml", cv2.FILE_STORAGE_WRITE | cv2.FILE_STORAGE_MEMORY)
    storage.write("camera_name", name)
    storage.write("image_width", filed.size[0])
    storage.write("image_height", filed.size[1])
    storage.write("camera_matrix", filed.K.matrix)
    storage.write("distortion_coefficients", filed.distortion.vector[None, :])
    if (pose := filed.pose) is not None:
        storage.write(filed.pose_key, np.ascontiguousarray(pose.as_matrix()))
    return storage.releaseAndGetString()


def read_opencv(path: Path) -> dict[str, ForeignCamera]:
    """The one camera of a file, by its name or else the file's."""
    read: OpenCvCamera = read_foreign(path, OpenCvCamera)
    name = read.camera_name or path.stem
    matrix, parent = read.T_base_camera or read.T_flange_camera, "flange" if read.T_flange_camera else "base"
    lens = (read.image_width, read.image_height), read.camera_matrix.array, padded(read.distortion_coefficients.data)
    if matrix is None:
        return {name: camera(name, *lens)}
    return {name: camera(name, *lens, RigidTransform.from_matrix(matrix.array), parent)}
