"""Calibrations to and from other tools: which formats there are, and what each of them lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from ..rig.config import RigConfig
from ..rig.errors import DynacollectError
from .exchange_kalibr import read_kalibr
from .exchange_opencv import opencv_text, read_opencv
from .exchange_ros import read_ros, ros_text
from .file import CalibrationFile
from .file_parts import Arm, Distortion, FiledCamera, Pinhole, Pose
from .foreign import ForeignCamera
from .result import Role
from .text_files import refuse_existing, write_new

Export = Literal["opencv", "ros"]
Import = Literal["opencv", "ros", "kalibr"]

WRITERS: Mapping[Export, Callable[[str, FiledCamera], str]] = {"opencv": opencv_text, "ros": ros_text}
READERS: Mapping[Import, Callable[[Path], dict[str, ForeignCamera]]] = {
    "opencv": read_opencv,
    "ros": read_ros,
    "kalibr": read_kalibr,
}


def export(file: CalibrationFile, form: Export, folder: Path) -> dict[str, Path]:
    """One file a camera; nothing is written unless all can be."""
    paths = {name: folder / f"{name}.yaml" for name in file.cameras}
    for name, path in paths.items():
        if Path(name).name != name:
            raise DynacollectError(f"'{name}' cannot be a file's name; rename the camera in the calibration.")
        refuse_existing(path)
    for name, path in paths.items():
        write_new(path, WRITERS[form](name, file.cameras[name]))
    return paths


def import_cameras(
    paths: Iterable[Path], form: Import, names: Mapping[str, str] | None = None
) -> dict[str, ForeignCamera]:
    """The cameras of all files, renamed as `names` says."""
    renamed, out = dict(names or {}), dict[str, ForeignCamera]()
    for path in paths:
        for theirs, camera in READERS[form](path).items():
            name = renamed.pop(theirs, theirs)
            if name in out:
                raise DynacollectError(f"{path}: there is already a camera {name}; give each its own name.")
            out[name] = camera
    if renamed:
        raise DynacollectError(f"No file has a camera {next(iter(renamed))}; the cameras are {', '.join(out)}.")
    return out


def imported(cameras: Mapping[str, ForeignCamera], *, created: str, rig: RigConfig | None = None) -> CalibrationFile:
    """A calibration file of them; a rig gives its name, its arm, the cameras' serials, and where lenses alone sit."""
    return CalibrationFile(
        schema=1,
        created=created,
        rig=rig and rig.name,
        arm=rig and Arm(model=rig.arm.model),
        cameras={name: _filed(name, camera, rig) for name, camera in sorted(cameras.items())},
    )


def lacking(file: CalibrationFile) -> str:
    """What the rig still needs, in one sentence; empty where nothing is missing."""
    missing = [name for name, camera in file.cameras.items() if camera.pose is None]
    if not missing:
        return ""
    return (
        f"The lenses are taken over, but nothing said where {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} to the robot: for that, dynacollect calibrate solve."
    )


def _filed(name: str, camera: ForeignCamera, rig: RigConfig | None) -> FiledCamera:
    ours = None
    if rig is not None:
        if name not in rig.cameras:
            raise DynacollectError(
                f"The rig {rig.name} has no camera {name}, only {', '.join(rig.cameras)}; "
                f"rename it: --rename {name}={next(iter(rig.cameras))}."
            )
        ours = rig.cameras[name]
    role: Role = ours.mount if ours else "wrist" if camera.parent == "flange" else "fixed"
    parent = "flange" if role == "wrist" else "base"
    if camera.parent in ("base", "flange") and camera.parent != parent:
        raise DynacollectError(
            f"{name} has a pose to the {camera.parent}, and in the rig it is {role}; mend one of them."
        )
    model = camera.model
    pose = Pose.of(model.T_parent_camera) if camera.parent == parent else None
    return FiledCamera(
        role=role,
        serial=ours and ours.serial,
        size=(model.width, model.height),
        K=Pinhole(fx=model.K[0, 0], fy=model.K[1, 1], cx=model.K[0, 2], cy=model.K[1, 2]),
        distortion=Distortion(**dict(zip(("k1", "k2", "p1", "p2", "k3"), model.distortion.tolist(), strict=True))),
        T_base_camera=pose if role == "fixed" else None,
        T_flange_camera=pose if role == "wrist" else None,
    )
