"""What other tools' calibration files have in common: cameras with poses of their own, and matrices written flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator
from scipy.spatial.transform import RigidTransform

from ..rig.camera_model import CameraModel
from ..rig.config_base import LIST, Part, refusal
from ..rig.config_errors import rig_error
from ..rig.nouns import Vector
from .file_parts import FARTHEST
from .rigid import flaw_of
from .text_files import read_document

Parent = Literal["base", "flange", "cam0"]
Count = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True, eq=False)
class ForeignCamera:
    """A camera as another tool's file describes it."""

    model: CameraModel
    parent: Parent | None
    """What the model's pose starts from; None where the file has the lens only."""


class Foreign(Part):
    """A mapping of a file that other tools write into too: keys that are not known are passed over."""

    @model_validator(mode="before")
    @classmethod
    def drop_unknown(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if key in cls.model_fields}


class Matrix(Foreign):
    """Row by row, as OpenCV and ROS write it."""

    rows: Count = Field(examples=[3])
    cols: Count = Field(examples=[3])
    data: Annotated[tuple[float, ...], LIST] = Field(examples=["[…]"])

    @model_validator(mode="after")
    def check(self) -> Matrix:
        """As many numbers as rows and columns say."""
        if len(self.data) != self.rows * self.cols:
            problem = f"{self.rows} rows of {self.cols} are {self.rows * self.cols} numbers, not {len(self.data)}"
            raise refusal(problem, "mend rows, cols or data", "data")
        return self

    @property
    def array(self) -> Vector:
        """(rows, cols)."""
        return np.array(self.data).reshape(self.rows, self.cols)


def _camera_matrix(matrix: Matrix) -> Matrix:
    if (matrix.rows, matrix.cols) != (3, 3):
        raise refusal(f"it is {matrix.rows}x{matrix.cols}", "write K with 3 rows and 3 cols")
    K = matrix.array
    if K[0, 1] != 0:
        raise refusal(f"it has a skew of {K[0, 1]:g} px, which cannot be taken over", "calibrate without skew", "data")
    if np.any(K[[1, 2, 2], [0, 0, 1]] != 0) or K[2, 2] != 1 or min(K[0, 0], K[1, 1]) <= 0:
        raise refusal("it is no camera matrix", "write fx 0 cx, 0 fy cy, 0 0 1 in pixels", "data")
    return matrix


def _brown_conrady(matrix: Matrix) -> Matrix:
    if 1 not in (matrix.rows, matrix.cols):
        raise refusal(f"it is {matrix.rows}x{matrix.cols}", "write one row of k1, k2, p1, p2, k3")
    if (count := len(matrix.data)) not in (4, 5):
        kind = "a rational or thin-prism lens" if count in (8, 12, 14) else "another lens model"
        raise refusal(
            f"{count} coefficients are {kind}, which cannot be taken over", "calibrate with k1, k2, p1, p2, k3 alone"
        )
    return matrix


def check_rigid(T: Vector) -> None:
    """Refuses what is no rotation with a translation in metres; nothing is said of where it stands."""
    if flaw := flaw_of(T, FARTHEST):
        raise refusal(*flaw)


def _rigid(matrix: Matrix) -> Matrix:
    if (matrix.rows, matrix.cols) != (4, 4):
        raise refusal(f"it is {matrix.rows}x{matrix.cols}", "write a transform with 4 rows and 4 cols")
    check_rigid(matrix.array)
    return matrix


CameraMatrix = Annotated[Matrix, AfterValidator(_camera_matrix)]
BrownConrady = Annotated[Matrix, AfterValidator(_brown_conrady)]
RigidMatrix = Annotated[Matrix, AfterValidator(_rigid)]


def padded(coefficients: tuple[float, ...]) -> Vector:
    """(5,): a lens without k3 has none."""
    return np.pad(np.array(coefficients), (0, 5 - len(coefficients)))


def camera(
    name: str,
    size: tuple[int, int],
    K: Vector,
    distortion: Vector,
    pose: RigidTransform | None = None,
    parent: Parent | None = None,
) -> ForeignCamera:
    """A camera whose pose is its parent's where none is given."""
    at = RigidTransform.identity() if pose is None else pose
    return ForeignCamera(CameraModel(name, *size, K, distortion, at, parent == "flange"), parent)


def read_foreign(path: Path, kind: Any) -> Any:
    """What pydantic makes of the file; DynacollectError names its line, its key and what to write."""
    source = read_document(path, "name the file that the other tool wrote")
    try:
        return TypeAdapter(kind).validate_python(source.data)
    except ValidationError as error:
        raise rig_error(error, source) from error
