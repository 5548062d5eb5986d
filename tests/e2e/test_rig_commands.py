"""The rig's commands as a user types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from dynacollect.collector import cli

WRONG_FILES = {
    "not yaml": "schema: [1\n",
    "empty": "",
    "a list": "- schema: 1\n",
    "unknown driver": (
        "schema: 1\nname: a\narm: {driver: ur5, model: piper}\ncameras: {c: {driver: cell, serial: CELL-OPST}}\n"
    ),
    "no such calibration": (
        "schema: 1\nname: a\narm: {driver: cell, model: piper}\ncameras: {c: {driver: cell, serial: CELL-OPST}}\n"
        "calibration: nowhere.yaml\n"
    ),
}
SMALL = """
schema: 1
name: small
arm: {driver: cell, model: piper}
cameras: {opst_cam: {driver: cell, serial: CELL-OPST, width: 160, height: 120}}
"""


def dynacollect(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MUJOCO_GL": "egl", "COLUMNS": "200"}
    command = [sys.executable, "-m", "dynacollect", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def one_sentence(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.slow
def test_show_writes_a_picture_of_all_views(tmp_path: Path) -> None:
    done = dynacollect("rig", "show", "--rig", "cell", "--seed", "3", "--out", "cell.png", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cameras"] == ["opst_cam", "side_cam", "wrist_cam"]
    picture = Image.open(tmp_path / "cell.png")
    assert picture.size == (3 * 480 + 8, 360 + 22)
    assert np.asarray(picture).std() > 20


@pytest.mark.slow
def test_a_wrong_file_leaves_with_2_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(WRONG_FILES["unknown driver"])
    done = dynacollect("rig", "check", "--rig", "rig.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr).startswith("rig.yaml:")


def run(*arguments: str) -> Result:
    """The same in this process."""
    return CliRunner().invoke(cli.app, list(arguments), prog_name="dynacollect")


@pytest.mark.slow
def test_check_of_a_fresh_file_is_ok(tmp_path: Path) -> None:
    path = str(tmp_path / "rig.yaml")
    assert run("rig", "init", path, "--robot", "piper").exit_code == 0
    done = run("rig", "check", "--rig", path, "--watch", "1", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0, found
    assert found["ok"] is True
    assert {"name", "ok", "detail"} == set(found["parts"][0])


@pytest.mark.slow
def test_check_sees_an_injected_fault(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(SMALL)
    words = "--rig", str(tmp_path / "rig.yaml"), "--fault", "opst_cam.freeze@1.5", "--watch", "1", "--json"
    done = run("rig", "check", *words)
    assert done.exit_code == 1
    bad = {part["name"]: part["detail"] for part in json.loads(done.stdout)["parts"] if not part["ok"]}
    assert "freeze" in bad["opst_cam"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["rig", "show", "--out", "/nowhere/cell.png"], "cannot write /nowhere/cell.png", marks=pytest.mark.slow
        ),
        pytest.param(["rig", "show", "--out", "cell.txt"], "name a .png or .jpg", marks=pytest.mark.slow),
        (["rig", "show", "--fault", "opst_cam.frezze@1"], "did you mean 'freeze'?"),
        (["rig", "show", "--fault", "nobody.freeze@1"], "no device 'nobody'"),
        (["rig", "show", "--rig", "cel"], "did you mean 'cell'?"),
        (["rig", "check", "--watch", "0"], "--watch"),
        (["rig", "check", "--rig", "/"], "this is a folder"),
    ],
)
def test_wrong_orders_are_refused(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in one_sentence(done.stderr)


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_files_in_json(name: str, tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(WRONG_FILES[name])
    done = run("rig", "check", "--rig", str(path), "--json")
    assert (done.exit_code, done.stderr) == (2, "")
    assert one_sentence(json.loads(done.stdout)["error"]).startswith(f"{path}:")


def test_faults_are_listed() -> None:
    done = run("rig", "faults", "--json")
    faults = json.loads(done.stdout)["faults"]
    assert done.exit_code == 0
    assert len(faults) >= 30
    assert {"name", "device", "effect", "seen_as", "within_s"} <= set(faults[0])
