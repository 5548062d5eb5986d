"""A calibration file says all or is refused in one sentence with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynacollect.calibration.file import CalibrationFile, read_calibration
from dynacollect.rig.errors import DynacollectError

from . import made


def read(text: str, path: Path) -> CalibrationFile:
    path.write_text(text, encoding="utf-8")
    return read_calibration(path)


def good() -> str:
    """Without its id, so that what is wrong is found by what it says."""
    lines = made.file(0).to_yaml().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("id:"))


# what is wrong: (old text, new text, what the sentence ends with)
WRONG = {
    "another layout": ("schema: 1", "schema: 2", "reads layout 1; update dynacollect"),
    "a layout that is none": ("schema: 1", "schema: one", "schema: expected 1, got 'one'; write 1"),
    "no moment": (
        made.CREATED,
        "yesterday",
        "created: 'yesterday' is no moment in UTC; write it like 2026-01-31T12:00:00Z",
    ),
    "a moment elsewhere": (
        made.CREATED,
        "2026-01-31T12:00:00+01:00",
        "is no moment in UTC; write it like 2026-01-31T12:00:00Z",
    ),
    "a moment nowhere": (
        made.CREATED,
        "2026-01-31T12:00:00",
        "is no moment in UTC; write it like 2026-01-31T12:00:00Z",
    ),
    "an unknown key": ("rms_px:", "rms_pixels:", "unknown key 'rms_pixels'; did you mean 'rms_px'?"),
    "a missing key": ("    role: fixed\n", "", "the key 'role' is missing; add 'role: fixed'"),
    "an unknown role": ("role: fixed", "role: hand", "role: there is no 'hand' to choose; choose from fixed, wrist"),
    "a serial that is a number": (
        "serial: CELL-OPST",
        "serial: 839",
        'serial: expected text, got the number 839; put it in quotes: "839"',
    ),
    "one serial twice": (
        "serial: CELL-SIDE",
        "serial:  CELL-OPST",
        "cameras.side_cam.serial: CELL-OPST is already opst_cam; give each camera its own serial",
    ),
    "a size with a unit": (
        "size: [480, 360]",
        "size: [480px, 360]",
        "size[0]: expected a whole number, got '480px'; write 480",
    ),
    "no size": ("size: [480, 360]", "size: [480, 0]", "size: a picture of 480x0 has no pixels; write [width, height]"),
    "a pose on the wrong side": (
        "T_flange_camera:",
        "T_base_camera: # oh",
        "a wrist camera has no T_base_camera; write T_flange_camera, or mend its role",
    ),
    "millimetres": (
        "translation: [",
        "translation: [1350.0, 0, 0] #",
        "1350 m is too far away; write metres, not millimetres",
    ),
    "a short place": (
        "translation: [",
        "translation: [0, 0] #",
        "translation: a list of 2 is too short; add the missing values",
    ),
    "a quaternion that is none": (
        "quaternion: [",
        "quaternion: [1, 1, 0, 0] #",
        "the quaternion's length is 1.41421; write x, y, z, w of length 1",
    ),
    "a negative focal length": ("K: {fx: ", "K: {fx: -", "is out of bounds; write more than 0"),
    "a negative sigma": (
        "shift_mm: [",
        "shift_mm: [-0.1, 0, 0] #",
        "shift_mm[0]: -0.1 is out of bounds; write at least 0",
    ),
    "nan": ("rms_px: 0.05", "rms_px: .nan", "rms_px: expected a finite number, got nan; write a finite number"),
    "another board": (
        "type: charuco",
        "type: chess",
        "board.type: there is no board of type 'chess'; choose from charuco, aprilgrid",
    ),
    "a board in millimetres": (
        "square_m: 0.056",
        "square_m: 56.0",
        "board.square_m: 56 looks like millimetres; write metres, 0.056",
    ),
    "a board without its side": (
        "  square_m: 0.056\n",
        "",
        "board: the key 'square_m' is missing; add 'square_m: 0.036'",
    ),
    "no cameras": ("cameras:", "lenses:", "unknown key 'lenses'; choose from"),
    "a key twice": ("rig: bench-2", "rig: bench-2\nrig: bench-3", "keep one of the two"),
    "a tab": ("  model: franka", "\tmodel: franka", "a tab; indent with spaces"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, said = WRONG[name]
    text, path = good(), tmp_path / "calibration.yaml"
    assert old in text
    with pytest.raises(DynacollectError) as caught:
        read(text.replace(old, new, 1), path)
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    assert said in message
    assert "\n" not in message
    if new and (spot := text.replace(old, new, 1).find(new)) >= 0 and "\n" not in new:
        line = int(message.removeprefix(f"{path}:").split(":")[0])
        assert line == text[:spot].count("\n") + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is in the file; give what dynacollect calibrate solve wrote."),
        ("# only words\n", "nothing is in the file; give what dynacollect calibrate solve wrote."),
        ("- 1\n", "this is no calibration; give what dynacollect calibrate solve wrote."),
        ("schema: 1\n", "the key 'created' is missing; add 'created: \"2026-01-31T12:00:00Z\"'"),
    ],
)
def test_what_is_no_calibration_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DynacollectError) as caught:
        read(text, tmp_path / "c.yaml")
    assert str(caught.value) == f"{tmp_path / 'c.yaml'}:1: {said}"


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match=r"none\.yaml does not exist; give what"):
        read_calibration(tmp_path / "none.yaml")
    with pytest.raises(DynacollectError, match="is a folder; give what"):
        read_calibration(tmp_path)
