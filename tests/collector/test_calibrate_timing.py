"""`calibrate timing` on drawn pictures of a board that an arm keeps moving, with clocks that are known to be late."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dynacollect.calibration.boards import board_text
from dynacollect.collector import cli

from ..calibration.drawn_set import BOARD, picture
from ..calibration.mishaps import flange, panda, way

LATE = (0.08, -0.05)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["calibrate", "timing", *map(str, words)], prog_name="dynacollect")


def write_moving(folder: Path) -> None:
    """What two fixed cameras see of the board in the hand on the way."""
    made = panda(frames=20, moving=True, late=LATE)
    lags, times = dict(zip(made.cameras, LATE, strict=True)), {}
    folder.mkdir()
    (folder / "board.json").write_text(board_text(BOARD))
    rows = [
        {"frame": one.frame, "T_base_flange": one.T_base_flange.as_matrix().tolist(), "measured_at": one.measured_at}
        for one in made.data.poses
    ]
    (folder / "robot_held.json").write_text(json.dumps(rows))
    for number, one in enumerate(made.data.sightings):
        camera, path = made.cameras[one.camera], f"held/{one.camera}/{one.frame:03d}.png"
        assert one.captured_at is not None
        there = flange(way(np.array([one.captured_at + lags[one.camera]])))[0]
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / path), picture(camera, camera.place.inv() * there * made.T_flange_board, seed=number))
        times[path] = one.captured_at
    (folder / "times.json").write_text(json.dumps(times))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timing") / "session"
    write_moving(folder)
    return folder


@pytest.mark.slow
def test_the_lag_of_every_camera_is_told(session: Path) -> None:
    done = run(session, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    cameras = json.loads(done.stdout)["cameras"]
    assert set(cameras) == {"front", "side"}
    for clock, lag in zip(cameras.values(), LATE, strict=True):
        assert 0 < clock["std_s"] < 0.002
        assert abs(clock["offset_s"] - lag) < 4 * clock["std_s"]
    assert sorted(path.name for path in session.iterdir()) == ["board.json", "held", "robot_held.json", "times.json"]


@pytest.mark.slow
def test_people_get_a_line_a_camera(session: Path) -> None:
    done = run(session)
    assert done.exit_code == 0
    assert re.fullmatch(r"front  \+\d+\.\d ± \d\.\d ms to its times\nside   -\d+\.\d ± .*\n", done.stdout)


@pytest.mark.slow
def test_without_times_it_says_what_takes_some(session: Path) -> None:
    times = (session / "times.json").read_text()
    (session / "times.json").unlink()
    done = run(session)
    (session / "times.json").write_text(times)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "has no pictures with times from while the arm moved; dynacollect calibrate capture" in done.stderr
