"""`calibrate verify` on the cell, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dynacollect.calibration.exchange import imported
from dynacollect.calibration.file import write_calibration
from dynacollect.calibration.foreign import ForeignCamera
from dynacollect.collector import cli
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.rig import open_rig


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["calibrate", "verify", *map(str, words)], prog_name="dynacollect")


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A perfect one."""
    config = load_rig("cell")
    models = Truth(open_rig(config)).camera_models
    foreign = {
        name: ForeignCamera(model, "flange" if model.on_wrist else "base")
        for name, model in (models() if callable(models) else models).items()
    }
    path = tmp_path_factory.mktemp("verify") / "calibration.yaml"
    write_calibration(path, imported(foreign, created="2026-01-31T12:00:00Z", rig=config))
    return path


def test_without_reference_pictures_there_is_nothing_to_compare(calibration: Path) -> None:
    done = run(calibration)
    assert done.exit_code == 2 or "no reference pictures" in str(done.exception)


@pytest.mark.slow
def test_a_bumped_camera_is_told_from_a_rig_that_stands(calibration: Path) -> None:
    looks = calibration.parent / "looks"
    assert run(calibration, "--learn", "--looks", looks).exit_code == 0
    again = run(calibration, "--learn", "--looks", looks)
    assert again.exit_code != 0
    still = run(calibration, "--looks", looks, "--json")
    assert still.exit_code == 0, still.output
    assert json.loads(still.stdout)["good"]
    bumped = run(calibration, "--looks", looks, "--fault", "side_cam.bumped@0.5=0.006", "--json")
    assert bumped.exit_code == 1, bumped.output
    said = json.loads(bumped.stdout)["cameras"]
    assert {name: camera["moved"] for name, camera in said.items()} == {
        "opst_cam": False,
        "side_cam": True,
        "wrist_cam": False,
    }
