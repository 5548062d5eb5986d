"""Whether a calibration is of the rig at hand, and the camera models that the rig then uses."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..rig.camera_model import CameraModel
from ..rig.config import CameraConfig, RigConfig
from ..rig.errors import DynacollectError
from .file import CalibrationFile
from .file_parts import FiledCamera


def models_for(
    rig: RigConfig, file: CalibrationFile, serials: Mapping[str, str] | None = None
) -> dict[str, CameraModel]:
    """Of all cameras of the rig; `serials` by camera, as they report themselves, else as rig.yaml has them.

    DynacollectError says in one sentence why the calibration is not of this rig.
    """
    if file.arm is not None and file.arm.model != rig.arm.model:
        raise DynacollectError(
            f"{_called(file)} was made with the arm {file.arm.model}, and the rig has {rig.arm.model}; "
            "calibrate this rig, or mend arm.model in rig.yaml."
        )
    for name in rig.cameras:
        if name not in file.cameras:
            raise DynacollectError(
                f"{_called(file)} has no camera {name}, only {', '.join(file.cameras)}; "
                "name it alike in rig.yaml, or calibrate it too."
            )
    _check_serials(file, {name: camera.serial for name, camera in rig.cameras.items()} | dict(serials or {}))
    for name, camera in rig.cameras.items():
        _check_camera(name, camera, file.cameras[name])
    return {name: file.cameras[name].model(name) for name in rig.cameras}


def _called(file: CalibrationFile) -> str:
    of = f" of {file.rig}" if file.rig else ""
    return f"The calibration{of} from {file.created_at:%Y-%m-%d}"


def _check_serials(file: CalibrationFile, serials: Mapping[str, str]) -> None:
    calibrated = {name: camera.serial for name, camera in file.cameras.items() if camera.serial}
    owner = {serial: name for name, serial in calibrated.items()}
    for name, serial in serials.items():
        if name not in calibrated or calibrated[name] == serial:
            continue
        other = owner.get(serial)
        if other is not None and serials.get(other) == calibrated[name]:
            raise DynacollectError(
                f"{name} and {other} are swapped: {name} is now camera {serial}, which was calibrated as {other}, "
                "and the other way round; swap their serials in rig.yaml."
            )
        was = f"which was calibrated as {other}" if other else f"and {calibrated[name]} was calibrated"
        raise DynacollectError(f"{name} is camera {serial}, {was}; mend its serial in rig.yaml, or calibrate again.")


def _check_camera(name: str, camera: CameraConfig, filed: FiledCamera) -> None:
    if camera.mount != filed.role:
        raise DynacollectError(
            f"{name} is {_place(camera.mount)} in rig.yaml and was calibrated {_place(filed.role)}; "
            "mend its mount, or calibrate again."
        )
    size = camera.width, camera.height
    if size != filed.size:
        factor = Fraction(size[0], filed.size[0])
        alike = (
            "" if factor != Fraction(size[1], filed.size[1]) else f", the same shape {float(factor):g} times as wide"
        )
        why = " (whether the camera scales or crops, nobody can know)" if alike else ""
        raise DynacollectError(
            f"{name} takes {size[0]}x{size[1]}{alike}, and was calibrated at {filed.shape}{why}; "
            f"set it to {filed.shape} in rig.yaml, or calibrate again."
        )


def _place(mount: str) -> str:
    return "on the wrist" if mount == "wrist" else "fixed beside the table"
