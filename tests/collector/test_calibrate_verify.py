"""`calibrate verify` on the cell, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation
from typer.testing import CliRunner, Result

from dynacollect.calibration.exchange import imported
from dynacollect.calibration.file import read_calibration, write_calibration
from dynacollect.calibration.foreign import ForeignCamera
from dynacollect.calibration.verify.looks import Looks, load_looks, save_looks
from dynacollect.collector import cli
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.cell.scene import EDGE_SAMPLES, SHADOW_PX
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.rig import open_rig

BUMPED = "side_cam.bumped@0.5=0.006"


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["calibrate", "verify", *map(str, words)], prog_name="dynacollect")


def check_refused(done: Result, said: str) -> None:
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert said in done.stderr


@pytest.fixture(scope="module", autouse=True)
def _fine_pictures() -> Iterator[None]:
    """As the cell draws them: rough edges are measured too far off to put a camera right."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dynacollect.rig.cell.scene.SHADOW_PX", SHADOW_PX)
        patch.setattr("dynacollect.rig.cell.scene.EDGE_SAMPLES", EDGE_SAMPLES)
        yield


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A perfect one."""
    config = load_rig("cell")
    foreign = {
        name: ForeignCamera(model, "flange" if model.on_wrist else "base")
        for name, model in Truth(open_rig(config)).camera_models.items()
    }
    path = tmp_path_factory.mktemp("verify") / "calibration.yaml"
    write_calibration(path, imported(foreign, created="2026-01-31T12:00:00Z", rig=config))
    return path


@pytest.fixture(scope="module")
def learnt(calibration: Path) -> Path:
    """With its reference pictures."""
    assert run(calibration, "--learn").exit_code == 0
    return calibration


@pytest.fixture(scope="module")
def two_looks(learnt: Path) -> Path:
    """The first two of its reference pictures: enough to see whether something moved, and not to put it right."""
    looks, folder = load_looks(learnt.parent / "looks"), learnt.parent / "two"
    first = {name: pictures[:2] for name, pictures in looks.pictures.items()}
    save_looks(folder, Looks(looks.joints[:2], first, looks.calibration))
    return folder


@pytest.mark.slow
def test_without_reference_pictures_there_is_nothing_to_compare(calibration: Path, tmp_path: Path) -> None:
    check_refused(run(calibration, "--looks", tmp_path), f"There are no reference pictures in {tmp_path}")


@pytest.mark.slow
def test_what_cannot_be_is_refused_before_the_arm_moves(calibration: Path, tmp_path: Path) -> None:
    check_refused(run(calibration, "--learn", "--correct", tmp_path / "out.yaml"), "give one of the two")
    check_refused(run(calibration, "--correct", calibration), "exists and is left as it is")
    check_refused(run(calibration, "--learn", "--looks", tmp_path), "is there already")


@pytest.mark.slow
def test_a_rig_that_stands_is_good(learnt: Path, two_looks: Path, tmp_path: Path) -> None:
    done = run(learnt, "--looks", two_looks, "--json", "--correct", tmp_path / "out.yaml")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["good"], said["correction"]["out"]) == (0, True, None)
    assert not (tmp_path / "out.yaml").exists()


@pytest.mark.slow
def test_a_bumped_camera_is_named_and_put_right(learnt: Path, tmp_path: Path) -> None:
    out, before = tmp_path / "out.yaml", read_calibration(learnt)
    done = run(learnt, "--fault", BUMPED, "--json", "--correct", out)
    said, right = json.loads(done.stdout), read_calibration(out)
    assert (done.exit_code, said["good"]) == (0, False), done.output
    moved = {name: camera["moved"] for name, camera in said["cameras"].items()}
    assert moved == {"opst_cam": False, "side_cam": True, "wrist_cam": False}
    assert (said["correction"]["out"], said["correction"]["id"]) == (str(out), right.id)
    old, found, truth = before.models()["side_cam"], right.models()["side_cam"], bumped_truth()
    points = np.array([[x, y, z] for x in (0.3, 0.7) for y in (-0.3, 0.3) for z in (0.0, 0.3)])
    wrong, left = (np.abs(one.project(points) - truth.project(points)).max() for one in (old, found))
    assert left < 0.2 * wrong
    for name in ("opst_cam", "wrist_cam"):
        assert right.cameras[name] == before.cameras[name]
    assert "side_cam moved against" in right.findings[-1]
    check_refused(run(out, "--looks", learnt.parent / "looks"), f"not for {right.id}")


@pytest.mark.slow
def test_what_cannot_be_told_is_not_put_right(learnt: Path, two_looks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    words = "--looks", two_looks, "--fault", "side_cam.dark@0.2=0.002", "--json", "--correct", out
    done = run(learnt, *words)
    said = json.loads(done.stdout)
    assert (done.exit_code, said["cameras"]["side_cam"]["moved"], said["correction"]["out"]) == (1, None, None)
    assert said["correction"]["sentence"].startswith("Nothing was written. side_cam: cannot tell, for ")
    assert not out.exists()


def bumped_truth() -> CameraModel:
    """Where that fault puts the camera: 6 mrad about its own axes, and a fifth of that in metres to the right."""
    model = Truth(open_rig(load_rig("cell"))).camera_models["side_cam"]
    knock = RigidTransform.from_components([0.0012, 0.0, 0.0], Rotation.from_rotvec([0.0036, 0.0045, 0.0018]))
    return replace(model, T_parent_camera=model.T_parent_camera * knock)
