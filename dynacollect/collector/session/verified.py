"""Whether cameras and robot still stand where they were calibrated, by the reference pictures of `calibrate verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...calibration.file import CalibrationFile
from ...calibration.verify.check import verify
from ...calibration.verify.looks import load_looks
from ...calibration.verify.reference import prepare
from ...calibration.verify.surfaces import Bench
from ...rig.camera_model import CameraModel
from ...rig.rig import Rig
from ..capture.looking import taken_looks
from .preflight import Finding

NAME = "calibration verified"


def looks_beside(calibration: Path | None) -> Path | None:
    """The folder of reference pictures that belongs to a calibration file."""
    folder = None if calibration is None else calibration.parent / "looks"
    return folder if folder is not None and folder.is_dir() else None


def verified(rig: Rig, folder: Path, file: CalibrationFile, models: Mapping[str, CameraModel]) -> Finding:
    """Drives the arm to the poses of the reference pictures; nothing else may stand on the table."""
    before = load_looks(folder)
    remedy = f"dynacollect calibrate verify {folder.parent / 'calibration.yaml'} --correct corrected.yaml"
    if before.calibration not in (None, file.id):
        return Finding(NAME, False, f"{folder} was taken for calibration {before.calibration}", f"{remedy}, or --learn")
    rig.stage.present()
    now = taken_looks(rig, np.asarray(before.joints), lambda *_: None)
    box, safety = rig.config.safety.box, rig.config.safety
    bench = Bench(rig.arm.model, np.array(box.lower[:2]), np.array(box.upper[:2]), safety.table_z)
    found = verify(prepare(bench, before, dict(models)), now)
    return Finding(NAME, found.good, " ".join(found.sentences), "" if found.good else remedy)
