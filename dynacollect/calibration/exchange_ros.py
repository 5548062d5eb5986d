"""ROS's camera_info YAML, one file a camera, as camera_calibration_parsers writes it; it has no poses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import BeforeValidator, Field

from ..rig.config_base import refusal
from ..rig.nouns import Vector
from .file_parts import FiledCamera
from .foreign import BrownConrady, CameraMatrix, Count, Foreign, ForeignCamera, camera, padded, read_foreign

PLUMB_BOB = "plumb_bob"


def _plumb_bob(model: object) -> object:
    if model != PLUMB_BOB:
        raise refusal(f"the lens model '{model}' cannot be taken over", "calibrate with plumb_bob (k1, k2, p1, p2, k3)")
    return model


class RosCamera(Foreign):
    """The keys that matter; rectification and projection follow from the lens for a single camera."""

    image_width: Count = Field(examples=[480])
    image_height: Count = Field(examples=[360])
    camera_name: str | None = None
    camera_matrix: CameraMatrix = Field(examples=["{rows: 3, cols: 3, data: […]}"])
    distortion_model: Annotated[str, BeforeValidator(_plumb_bob)] = Field(examples=[PLUMB_BOB])
    distortion_coefficients: BrownConrady = Field(examples=["{rows: 1, cols: 5, data: […]}"])


def ros_text(name: str, filed: FiledCamera) -> str:
    """The camera as camera_info."""
    K = filed.K.matrix
    data = {
        "image_width": filed.size[0],
        "image_height": filed.size[1],
        "camera_name": name,
        "camera_matrix": _matrix(K),
        "distortion_model": PLUMB_BOB,
        "distortion_coefficients": _matrix(filed.distortion.vector[None, :]),
        "rectification_matrix": _matrix(np.eye(3)),
        "projection_matrix": _matrix(np.column_stack([K, np.zeros(3)])),
    }
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=110)


def _matrix(values: Vector) -> dict[str, object]:
    rows, cols = values.shape
    return {"rows": rows, "cols": cols, "data": values.ravel().tolist()}


def read_ros(path: Path) -> dict[str, ForeignCamera]:
    """The one camera of a file, by its name or else the file's."""
    read: RosCamera = read_foreign(path, RosCamera)
    name = read.camera_name or path.stem
    size = read.image_width, read.image_height
    return {name: camera(name, size, read.camera_matrix.array, padded(read.distortion_coefficients.data))}
