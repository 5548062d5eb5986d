"""A calibration of another rig is refused in one sentence that says what differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dynacollect.calibration.file import CalibrationFile
from dynacollect.calibration.fit_to_rig import models_for
from dynacollect.rig.config import RigConfig, read_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.starter import starter_text
from dynacollect.rig.yaml_lines import read_yaml

from . import made

TEXT = starter_text("franka-panda", "bench-2")


def rig(*changes: tuple[str, str]) -> RigConfig:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_rig(read_yaml(text, "rig.yaml"), Path())


def with_camera(file: CalibrationFile, name: str, **update: object) -> CalibrationFile:
    return file.model_copy(update={"cameras": {**file.cameras, name: file.cameras[name].model_copy(update=update)}})


@pytest.mark.parametrize("seed", range(5))
def test_the_calibration_of_a_rig_gives_its_models(seed: int) -> None:
    models, file = models_for(rig(), made.file(seed)), made.file(seed)
    assert list(models) == list(rig().cameras)
    for name, model in models.items():
        assert np.array_equal(model.K, file.models()[name].K)
        assert np.array_equal(model.T_parent_camera.as_matrix(), file.models()[name].T_parent_camera.as_matrix())
        assert model.on_wrist == (rig().cameras[name].mount == "wrist")


def test_what_is_not_known_is_not_held_against_it() -> None:
    file = made.file(0)
    for name in file.cameras:
        file = with_camera(file, name, serial=None)
    assert list(models_for(rig(), file.model_copy(update={"rig": None, "arm": None}))) == list(rig().cameras)


def test_cameras_that_the_rig_lacks_do_not_matter() -> None:
    file = made.file(0)
    more = file.model_copy(update={"cameras": {**file.cameras, "top": file.cameras["side_cam"]}})
    assert set(models_for(rig(), more)) == set(rig().cameras)


SWAP = (
    ("serial: CELL-OPST", "serial: X"),
    ("serial: CELL-SIDE", "serial: CELL-OPST"),
    ("serial: X", "serial: CELL-SIDE"),
)
WIDER = (("width: 480", "width: 960"), ("height: 360", "height: 720"))
OLD = "The calibration of bench-2 from 2026-01-31"


def without(file: CalibrationFile, name: str) -> CalibrationFile:
    return file.model_copy(update={"cameras": {key: one for key, one in file.cameras.items() if key != name}})


def as_is(file: CalibrationFile) -> CalibrationFile:
    return file


Change = Callable[[CalibrationFile], CalibrationFile]

# what differs: (changes to rig.yaml, change to the file, serials as reported, the sentence)
WRONG: dict[str, tuple[tuple[tuple[str, str], ...], Change, dict[str, str], str]] = {
    "no such camera": (
        (),
        lambda file: without(file, "side_cam"),
        {},
        f"{OLD} has no camera side_cam, only opst_cam, wrist_cam; name it alike in rig.yaml, or calibrate it too.",
    ),
    "another size": (
        (("width: 480", "width: 640"),),
        as_is,
        {},
        "opst_cam takes 640x360, and was calibrated at 480x360; set it to 480x360 in rig.yaml, or calibrate again.",
    ),
    "the same shape at twice the size": (
        WIDER,
        as_is,
        {},
        "opst_cam takes 960x720, the same shape 2 times as wide, and was calibrated at 480x360 (whether the camera"
        " scales or crops, nobody can know); set it to 480x360 in rig.yaml, or calibrate again.",
    ),
    "another serial in rig.yaml": (
        (),
        lambda file: with_camera(file, "side_cam", serial="839112"),
        {},
        "side_cam is camera CELL-SIDE, and 839112 was calibrated; mend its serial in rig.yaml, or calibrate again.",
    ),
    "another serial on the cable": (
        (),
        as_is,
        {"wrist_cam": "839112"},
        "wrist_cam is camera 839112, and CELL-WRIST was calibrated; mend its serial in rig.yaml, or calibrate again.",
    ),
    "a serial that was another camera": (
        (),
        as_is,
        {"wrist_cam": "CELL-SIDE", "side_cam": "839112"},
        "side_cam is camera 839112, and CELL-SIDE was calibrated; mend its serial in rig.yaml, or calibrate again.",
    ),
    "a camera in the place of one that is gone": (
        (),
        as_is,
        {"opst_cam": "CELL-SIDE", "side_cam": "CELL-SIDE"},
        "opst_cam is camera CELL-SIDE, which was calibrated as side_cam; mend its serial in rig.yaml, or calibrate"
        " again.",
    ),
    "swapped in rig.yaml": (
        SWAP,
        as_is,
        {},
        "opst_cam and side_cam are swapped: opst_cam is now camera CELL-SIDE, which was calibrated as side_cam, and"
        " the other way round; swap their serials in rig.yaml.",
    ),
    "swapped on the cables": (
        (),
        as_is,
        {"opst_cam": "CELL-WRIST", "wrist_cam": "CELL-OPST"},
        "opst_cam and wrist_cam are swapped: opst_cam is now camera CELL-WRIST, which was calibrated as wrist_cam, and"
        " the other way round; swap their serials in rig.yaml.",
    ),
    "another place": (
        (),
        lambda file: with_camera(
            file, "wrist_cam", role="fixed", T_flange_camera=None, T_base_camera=file.cameras["side_cam"].T_base_camera
        ),
        {},
        "wrist_cam is on the wrist in rig.yaml and was calibrated fixed beside the table; mend its mount, or calibrate"
        " again.",
    ),
    "another arm": (
        (("model: franka-panda", "model: piper"),),
        as_is,
        {},
        f"{OLD} was made with the arm franka-panda, and the rig has piper; calibrate this rig, or mend arm.model in"
        " rig.yaml.",
    ),
    "the lens only": (
        (),
        lambda file: with_camera(file, "opst_cam", T_base_camera=None),
        {},
        "The calibration has the lens of opst_cam but not its T_base_camera; solve it with robot poses: dynacollect"
        " calibrate solve.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_differs_is_refused_in_one_sentence(name: str) -> None:
    changes, change, serials, said = WRONG[name]
    with pytest.raises(DynacollectError) as caught:
        models_for(rig(*changes), change(made.file(0)), serials)
    assert str(caught.value) == said
