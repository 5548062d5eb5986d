"""`calibrate solve` as a user meets it, on drawn pictures with known truth."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from scipy.spatial.transform import RigidTransform, Rotation
from typer.testing import CliRunner, Result

from dynacollect.calibration.file import read_calibration
from dynacollect.collector import cli
from dynacollect.collector.commands import calibrate_solve

from ..calibration.drawn_set import DrawnSet, smeared, stretched, write_set

SPOILT = {"held/front/003.png": smeared, "held/side/005.png": stretched}
RIG = """\
schema: 1
name: my-lab
arm: {driver: cell, model: franka-panda}
cameras:
  front: {driver: cell, serial: CELL-OPST}
  side: {driver: cell, serial: CELL-SIDE, width: WIDTH}
  wrist: {driver: cell, serial: CELL-WRIST, mount: wrist}
"""


@pytest.fixture(scope="module", autouse=True)
def _hooked() -> Iterator[None]:
    """The command in its group."""
    app = typer.Typer()
    app.callback()(lambda: None)
    calibrate_solve.add_to(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dynacollect.collector.commands.calibrate.app", app)
        yield


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["calibrate", "solve", *map(str, words)], prog_name="dynacollect")


@dataclass(frozen=True)
class Solved:
    """A folder after the command, and what it said."""

    drawn: DrawnSet
    said: dict[str, Any]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    drawn = write_set(tmp_path_factory.mktemp("calibration") / "session", 3, frames=15, spoilt=SPOILT)
    done = run(drawn.folder, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    return Solved(drawn, json.loads(done.stdout))


@pytest.fixture
def folder(solved: Solved, tmp_path: Path) -> Path:
    """The same pictures, not yet solved."""
    return Path(
        shutil.copytree(solved.drawn.folder, tmp_path / "again", ignore=shutil.ignore_patterns("*.html", "*.yaml"))
    )


@pytest.mark.slow
def test_the_document_has_the_truth_within_its_sigmas(solved: Solved) -> None:
    assert set(solved.said["cameras"]) == set(solved.drawn.scene.cameras)
    for name, true in solved.drawn.scene.cameras.items():
        said = solved.said["cameras"][name]
        K, std = np.array(said["K"]), said["std"]
        focal = [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]
        key, other = ("T_flange_camera", "T_base_camera") if true.wrist else ("T_base_camera", "T_flange_camera")
        found = RigidTransform.from_matrix(said[key])
        off = 1e3 * (found.translation - true.place.translation)
        turned = np.rad2deg((true.place.rotation.inv() * found.rotation).as_rotvec())
        assert other not in said
        assert said["size"] == [480, 360]
        assert np.all(np.abs(np.subtract(focal, true.lens[:4])) < 5 * np.array(std["K"]))
        assert np.all(np.abs(np.subtract(said["dist"], true.lens[4:])) < 5 * np.array(std["dist"]))
        assert np.all(np.abs(off) < 5 * np.array(std["shift_mm"]))
        assert np.all(np.abs(turned) < 5 * np.array(std["turn_deg"]))
        assert np.linalg.norm(off) < 3
        assert np.linalg.norm(turned) < 0.3


@pytest.mark.slow
def test_the_document_names_what_was_left_out(solved: Solved) -> None:
    assert ("side", "held", 5) in [(one["camera"], one["mounting"], one["frame"]) for one in solved.said["rejected"]]
    assert "held/front/003.png" in [one["picture"] for one in solved.said["unused"]]
    assert all(one["reason"] for one in [*solved.said["rejected"], *solved.said["unused"]])


@pytest.mark.slow
def test_the_document_says_how_good_it_is(solved: Solved) -> None:
    said = solved.said
    table = RigidTransform.from_matrix(said["boards"]["table"]["T_base_board"])
    off = 1e3 * (table.translation - solved.drawn.scene.T_base_board.translation)
    assert np.all(np.abs(off) < 5 * np.array(said["boards"]["table"]["std"]["shift_mm"]))
    assert set(said["boards"]) == {"held", "table"}
    assert said["verdict"]["grade"] in ("good", "usable")
    assert 0 < said["quality"]["workspace"]["rms_mm"] <= said["quality"]["workspace"]["worst_mm"] < 2
    assert said["board_scale"] is None


@pytest.mark.slow
def test_the_files_are_there_and_say_the_same(solved: Solved) -> None:
    file = read_calibration(solved.drawn.folder / "calibration.yaml")
    report = (solved.drawn.folder / "report.html").read_text(encoding="utf-8")
    assert (file.id, file.created) == (solved.said["id"], solved.said["created"])
    for name, camera in file.cameras.items():
        said = solved.said["cameras"][name]
        assert camera.K.fx == pytest.approx(said["K"][0][0], abs=0.01 * said["std"]["K"][0])
    assert report.count("data:image/jpeg;base64,") == 6 + len(solved.said["rejected"]) + len(solved.said["unused"])
    assert f"{solved.said['quality']['workspace']['rms_mm']:.3f} mm" in report


@pytest.mark.slow
def test_what_is_there_is_never_overwritten(solved: Solved) -> None:
    folder = solved.drawn.folder
    before = {path: path.read_bytes() for path in (folder / "calibration.yaml", folder / "report.html")}
    done = run(folder)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "calibration.yaml exists and is left as it is" in done.stderr
    done = run(folder, "--out", folder / "other.yaml")
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "report.html exists" in done.stderr
    assert not (folder / "other.yaml").exists()
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_people_get_a_line_a_camera_and_force_writes_over(folder: Path) -> None:
    (folder / "calibration.yaml").write_text("mine")
    (folder / "report.html").write_text("mine")
    done = run(folder, "--force", "--no-guided")
    assert (done.exit_code, done.stderr) == (0, "")
    for name in ("front", "side", "wrist"):
        assert re.search(
            rf"^{name} +rms 0\.\d+ px  position ± .* mm  angle ± .* deg  held out .* mm", done.stdout, re.M
        )
    assert "held/side/005: its corners do not fit" in done.stdout
    assert "held/front/003.png: " in done.stdout
    assert read_calibration(folder / "calibration.yaml").cameras
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not list(folder.glob(".*"))


@pytest.mark.slow
def test_a_result_that_is_not_good_enough_is_no_calibration(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for path in folder.glob("robot_*.json"):
        rows = json.loads(path.read_text())
        for row in rows:
            here = RigidTransform.from_matrix(row["T_base_flange"])
            noise = Rotation.from_rotvec(np.deg2rad(0.8) * rng.normal(size=3))
            shaken = RigidTransform.from_components(
                here.translation + 0.004 * rng.normal(size=3), here.rotation * noise
            )
            row["T_base_flange"] = shaken.as_matrix().tolist()
        path.write_text(json.dumps(rows))
    done = run(folder, "--no-guided", "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (said["verdict"]["grade"], said["calibration"]) == ("not good enough", None)
    assert not (folder / "calibration.yaml").exists()
    assert "Not good enough" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_rig_gives_names_and_serials(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(RIG.replace("WIDTH", "480"))
    done = run(folder, "--rig", tmp_path / "rig.yaml", "--no-guided", "--json")
    file = read_calibration(folder / "calibration.yaml")
    assert (done.exit_code, json.loads(done.stdout)["id"]) == (0, file.id)
    assert file.rig == "my-lab"
    assert {name: camera.serial for name, camera in file.cameras.items()} == {
        "front": "CELL-OPST", "side": "CELL-SIDE", "wrist": "CELL-WRIST",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("WIDTH", "640"), "side takes 640x360, and was calibrated at 480x360"),
        (("  front", "  fornt"), "my-lab has no camera front; did you mean 'fornt'?"),
    ],
)
@pytest.mark.slow
def test_another_rigs_pictures_are_refused(folder: Path, tmp_path: Path, change: tuple[str, str], said: str) -> None:
    (tmp_path / "rig.yaml").write_text(RIG.replace(*change).replace("WIDTH", "480"))
    done = run(folder, "--rig", tmp_path / "rig.yaml", "--no-guided")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr
    assert not (folder / "calibration.yaml").exists()
    assert not (folder / "report.html").exists()


@pytest.mark.slow
def test_bad_input_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (folder / "held" / "front" / "000.png").write_bytes(b"no picture")
    for words, said in (
        ((tmp_path / "nowhere",), "There is no folder"),
        ((tmp_path / "empty",), "board.json"),
        ((folder,), "000.png is no picture"),
        ((folder, "--out", tmp_path), "is a folder"),
        ((folder, "--out", tmp_path / "one", "--report", tmp_path / "one"), "give two files"),
    ):
        done = run(*words)
        assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), words
        assert said in done.stderr
    done = run(folder, "--json")
    assert (done.exit_code, done.stderr, list(json.loads(done.stdout))) == (2, "", ["error"])
