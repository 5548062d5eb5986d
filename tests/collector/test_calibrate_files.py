"""`calibrate show | export | import` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from dynacollect.calibration.file import read_calibration
from dynacollect.collector.commands import calibrate_files
from dynacollect.rig.errors import DynacollectError

CALIBRATION = """\
schema: 1
created: "2026-01-31T12:00:00Z"
rig: bench-2
arm: {model: franka-panda}
cameras:
  opst_cam:
    role: fixed
    serial: CELL-OPST
    size: [480, 360]
    K: {fx: 241.5, fy: 241.25, cx: 239.5, cy: 179.5}
    distortion: {k1: 0.02, k2: -0.004, p1: 0.0004, p2: -0.0003, k3: 0.0}
    T_base_camera:
      translation: [1.2, 0.0, 0.6]
      quaternion: [0.5, 0.5, -0.5, -0.5]
    std:
      turn_deg: [0.03, 0.04, 0.0]
      shift_mm: [0.3, 0.4, 1.2]
      K: {fx: 0.25, fy: 0.24, cx: 0.5, cy: 0.5}
      distortion: {k1: 0.001, k2: 0.001, p1: 0.001, p2: 0.001, k3: 0.001}
    rms_px: 0.053
    views: {used: 28, taken: 30}
  wrist_cam:
    role: wrist
    size: [480, 360]
    K: {fx: 240, fy: 240, cx: 239.5, cy: 179.5}
quality:
  corner_sigma_px: 0.04
  robot_sigma_deg: 0.05
  robot_sigma_mm: 0.2
  held_out:
    opst_cam: {views: 4, rms_px: 0.2, rms_mm: 0.444}
  workspace: {low: [0.3, -0.2, 0.0], high: [0.7, 0.2, 0.2], rms_mm: 0.123, worst_mm: 0.456}
  advice: ['Tilt the [/board] more.']
"""


def app() -> typer.Typer:
    made = typer.Typer()
    calibrate_files.add_to(made)
    return made


def run(*words: object) -> Result:
    return CliRunner().invoke(app(), list(map(str, words)), env={"COLUMNS": "160"})


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / "calibration.yaml"
    path.write_text(CALIBRATION)
    return path


def test_show_tells_what_counts(calibration: Path) -> None:
    done = run("show", calibration)
    assert done.exit_code == 0
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if "_cam" in line}
    for said in ("fixed", "480x360", "241.5", "0.25", "1.30", "0.050", "28/30", "0.053", "0.44"):
        assert said in rows["opst_cam"]
    assert rows["wrist_cam"].count("not known") == 2
    for said in ("0.123 mm", "0.456 at worst", "Tilt the [/board] more.", "days old", read_calibration(calibration).id):
        assert said in done.stdout


def test_show_gives_one_document(calibration: Path) -> None:
    told = json.loads(run("show", calibration, "--json").stdout)
    assert told["id"] == read_calibration(calibration).id
    assert told["age_days"] > 0
    assert told["cameras"]["opst_cam"]["T_base_camera"]["translation"] == [1.2, 0.0, 0.6]


def test_out_and_in_again(calibration: Path, tmp_path: Path) -> None:
    out = json.loads(run("export", calibration, "--format", "opencv", "--out", tmp_path / "cv", "--json").stdout)
    paths, again = out["paths"].values(), tmp_path / "again.yaml"
    told = json.loads(run("import", *paths, "--format", "opencv", "--rig", "cell", "--out", again, "--json").stdout)
    first, second = read_calibration(calibration), read_calibration(again)
    assert told["id"] == second.id
    assert "where wrist_cam is to the robot" in told["lacking"]
    for name, camera in first.cameras.items():
        assert second.cameras[name].K == camera.K
        assert second.cameras[name].distortion == camera.distortion
        assert second.cameras[name].role == camera.role
    assert second.cameras["wrist_cam"].serial == "CELL-WRIST"


def test_ros_says_what_stays_behind(calibration: Path, tmp_path: Path) -> None:
    done = run("export", calibration, "--format", "ros", "--out", tmp_path / "ros")
    assert done.exit_code == 0
    assert "the poses stay behind" in done.stdout
    assert sorted(path.name for path in (tmp_path / "ros").iterdir()) == ["opst_cam.yaml", "wrist_cam.yaml"]
    theirs = tmp_path / "ros" / "opst_cam.yaml"
    done = run("import", theirs, "--format", "ros", "--rename", "opst_cam=front", "--out", tmp_path / "new.yaml")
    assert "nothing said where front is to the robot" in done.stdout
    assert list(read_calibration(tmp_path / "new.yaml").cameras) == ["front"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "none.yaml"), "none.yaml does not exist; give what dynacollect calibrate solve wrote."),
        (("import", "none.yaml", "--format", "ros"), "none.yaml does not exist; name the file that the other tool"),
        (("import", "none.yaml", "--format", "ros", "--rename", "cam0"), "--rename cam0 names no two cameras"),
    ],
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    error = run(*words).exception
    assert isinstance(error, DynacollectError)
    assert said in str(error)
    assert "\n" not in str(error)
