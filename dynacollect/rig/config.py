"""A rig as `rig.yaml` describes it: arm, cameras, pairing, calibration, safety, and the cell's knobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator

from .cameras.config_base import CameraPart
from .cameras.files.config import FilesCamera
from .cameras.lerobot.config import LeRobotCamera
from .cameras.realsense.config import RealSenseCamera
from .cameras.uvc.config import UvcCamera
from .config_base import LIST, Part, Point, by_driver, nearest, refusal
from .config_cell import Cell, CellSensor
from .config_errors import rig_error
from .config_stage import StageConfig
from .errors import DynacollectError
from .franka.config import FrankaArm, FrankaSim
from .piper.config import PiperArm, PiperSim
from .starter import BUILT_IN, SAFE_BOXES, STAND_INS, Robot, starter_text
from .yaml_lines import YamlFile, read_text, read_yaml

CELL_CAMERAS = {"CELL-OPST": "fixed", "CELL-SIDE": "fixed", "CELL-WRIST": "wrist"}
"""The cameras that the cell has, by serial, and what each is mounted on."""


class CellArm(Part):
    """The simulated arm."""

    driver: Literal["cell"]
    model: Robot = Field(description="Which arm.", examples=["franka-panda"])


class CellCamera(CameraPart):
    """A simulated camera."""

    driver: Literal["cell"]
    serial: str = Field(description="Which of the cell's cameras.", examples=["CELL-OPST"])
    sensor: CellSensor | None = Field(default=None, description="What differs from cell.sensor for this camera.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.serial not in CELL_CAMERAS:
            raise refusal(f"no camera '{self.serial}' is connected", nearest(self.serial, CELL_CAMERAS), "serial")
        if self.mount != CELL_CAMERAS[self.serial]:
            where = "on the wrist" if self.mount == "fixed" else "beside the table"
            raise refusal(f"{self.serial} sits {where}", f"write {CELL_CAMERAS[self.serial]}", "mount")
        return self


ARM_DRIVERS: dict[str, type[Part]] = {
    "cell": CellArm,
    "piper": PiperArm,
    "piper-sim": PiperSim,
    "franka": FrankaArm,
    "franka-sim": FrankaSim,
}
CAMERA_DRIVERS: dict[str, type[Part]] = {
    "cell": CellCamera,
    "files": FilesCamera,
    "realsense": RealSenseCamera,
    "uvc": UvcCamera,
    "lerobot": LeRobotCamera,
}

type ArmConfig = CellArm | PiperArm | PiperSim | FrankaArm | FrankaSim
type CameraConfig = CellCamera | FilesCamera | RealSenseCamera | UvcCamera | LeRobotCamera


class Pairing(Part):
    """How close in time frames must be to count as one moment."""

    soft_s: float = Field(default=0.005, gt=0, le=0.5, description="Further apart, a frame is marked late.")
    hard_s: float = Field(default=0.02, gt=0, le=0.5, description="Further apart, a frame counts as missing.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.soft_s >= self.hard_s:
            raise refusal(
                f"{self.soft_s:g} is not below hard_s, which is {self.hard_s:g}", "lower it or raise hard_s", "soft_s"
            )
        return self


class Box(Part):
    """A box with its sides along the axes of the robot base, metres."""

    lower: Point = Field(description="The corner with the smallest x, y, z.", examples=["[0.15, -0.5, 0.0]"])
    upper: Point = Field(description="The corner with the largest x, y, z.", examples=["[0.75, 0.5, 0.6]"])

    @model_validator(mode="after")
    def _check(self) -> Self:
        for index, (low, high) in enumerate(zip(self.lower, self.upper, strict=True)):
            if low >= high:
                raise refusal(
                    f"{low:g} is not below upper[{index}], which is {high:g}", "swap or widen them", "lower", index
                )
        return self


class Safety(Part):
    """Where the tool may go; the last gate before the arm enforces it."""

    box: Box = Field(description="The tool stays inside.")
    table_z: float = Field(default=0.0, ge=-2, le=2, description="Height of the table top, metres above the base.")
    clearance_m: float = Field(default=0.003, ge=0, le=0.1, description="The tool stays this far above the table.")
    keep_out: Annotated[tuple[Box, ...], LIST] = Field(default=(), description="Boxes that the tool stays out of.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.box.upper[2] <= self.table_z + self.clearance_m:
            raise refusal(
                f"{self.box.upper[2]:g} leaves no room over the table at {self.table_z:g}",
                "raise it or lower table_z",
                *("box", "upper", 2),
            )
        return self


def _calibration_file(value: object, info: ValidationInfo) -> object:
    """A path beside the rig file, made absolute."""
    if value is None:
        return value
    if not isinstance(value, str):
        raise refusal(f"expected the path of a file, got {value!r}", "write its path, or null while there is none")
    folder: Path = (info.context or {}).get("folder", Path())
    path = (folder / Path(value).expanduser()).resolve()
    if not path.is_file():
        raise refusal(f"there is no file {path}", "write its path from this file's folder, or null while there is none")
    return path


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class RigConfig(Part):
    """A rig. Frozen; lengths in metres, times in seconds, all in the frame of the robot base."""

    schema_version: Literal[1] = Field(alias="schema", description="Version of this layout.", examples=[1])
    name: str = Field(description="What you call the rig; sessions and data sets carry it.", examples=["my-lab"])
    arm: Annotated[ArmConfig, by_driver(ARM_DRIVERS)] = Field(examples=["{driver: cell, model: franka-panda}"])
    cameras: dict[str, Annotated[CameraConfig, by_driver(CAMERA_DRIVERS)]] = Field(
        min_length=1, examples=["{opst_cam: {driver: cell, serial: CELL-OPST}}"]
    )
    pairing: Pairing = Pairing()
    calibration: Annotated[Path | None, BeforeValidator(_calibration_file)] = Field(
        default=None, description="What `calibrate` wrote, relative to this file; null while there is none."
    )
    safety: Safety
    stage: StageConfig = StageConfig()
    cell: Cell = Cell()

    @model_validator(mode="before")
    @classmethod
    def _fill_safety(cls, data: object) -> object:
        """What the file leaves out of `safety` suits the arm's reach."""
        if not isinstance(data, Mapping):
            return data
        arm, safety = data.get("arm"), data.get("safety", {})
        if not isinstance(safety, Mapping):
            return data
        model = arm.get("model") if isinstance(arm, Mapping) else None
        lower, upper = SAFE_BOXES.get(model if isinstance(model, str) else "", SAFE_BOXES["franka-panda"])
        return {**data, "safety": {"box": {"lower": lower, "upper": upper}, **safety}}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not NAME.fullmatch(self.name):
            raise refusal(f"'{self.name}' cannot be a folder name", "use letters, digits, '-', '_' and '.'", "name")
        self._check_cameras()
        shortest = min(1 / camera.fps for camera in self.cameras.values())
        if self.pairing.hard_s >= shortest:
            raise refusal(
                f"{self.pairing.hard_s:g} spans more than a frame ({shortest:g} s)",
                f"stay under {shortest:g}",
                *("pairing", "hard_s"),
            )
        return self

    def _check_cameras(self) -> None:
        owner: dict[tuple[str, str], str] = {}
        for name, camera in self.cameras.items():
            if not name.isidentifier():
                raise refusal(f"'{name}' is no camera name", f"write {_identifier(name)}", "cameras", key=name)
            first = owner.setdefault((camera.driver, camera.serial), name)
            if first != name:
                raise refusal(
                    f"{camera.serial} is already {first}",
                    "give each camera its own serial",
                    *("cameras", name, "serial"),
                )

    @property
    def simulated(self) -> bool:
        """Whether its arm stands in the cell, be it behind a real driver."""
        return not isinstance(self.arm, PiperArm | FrankaArm)

    def sensor_of(self, camera: str) -> CellSensor:
        """The cell's sensor with what the camera overrides."""
        config = self.cameras[camera]
        own = config.sensor if isinstance(config, CellCamera) else None
        return self.cell.sensor if own is None else self.cell.sensor.model_copy(update=_given(own))

    def resolved(self) -> dict[str, Any]:
        """Everything that holds, defaults and overrides included, in plain values; it loads as the same rig."""
        data = self.model_dump(mode="json", by_alias=True)
        for name, camera in self.cameras.items():
            if isinstance(camera, CellCamera):
                data["cameras"][name]["sensor"] = self.sensor_of(name).model_dump(mode="json")
        return data

    def to_yaml(self) -> str:
        """`resolved()` as a rig.yaml."""
        return yaml.safe_dump(self.resolved(), sort_keys=False, allow_unicode=True)


def _given(sensor: CellSensor) -> dict[str, Any]:
    return {name: getattr(sensor, name) for name in sensor.model_fields_set}


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name) if name[:1].isalpha() else f"cam_{re.sub(r'\W', '_', name)}"


def load_rig(name_or_path: str | Path) -> RigConfig:
    """A built-in rig by name, or a rig.yaml; DynacollectError says in one sentence what is wrong with it."""
    if (built_in := str(name_or_path)) in BUILT_IN:
        text = starter_text(BUILT_IN[built_in], built_in, STAND_INS.get(built_in, "cell"))
        return read_rig(read_yaml(text, f"<rig {built_in}>"), Path())
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        raise DynacollectError(f"{path}: this is a folder, not a rig file; name the file in it, as {path / 'rig.yaml'}")
    if not path.exists():
        raise DynacollectError(_not_found(path))
    return read_rig(read_yaml(read_text(path), str(path)), path.resolve().parent)


def read_rig(file: YamlFile, folder: Path) -> RigConfig:
    """The rig that a file describes; its paths start at `folder`."""
    if not isinstance(file.data, Mapping):
        raise DynacollectError(
            f"{file.name}:1: expected a mapping with the keys schema, name, arm, cameras; "
            "compare it with a fresh one from: dynacollect rig init"
        )
    try:
        return RigConfig.model_validate(file.data, context={"folder": folder})
    except ValidationError as error:
        raise rig_error(error, file) from error


def _not_found(path: Path) -> str:
    siblings = [item.name for item in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    return (
        f"{path}: there is neither such a file nor such a built-in rig; "
        f"{nearest(path.name, [*BUILT_IN, *siblings])} (or write a file with: dynacollect rig init)"
    )
