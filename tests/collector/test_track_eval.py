"""`track eval` on drawn sequences: its JSON, its files, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform
from typer.testing import CliRunner

from dynacollect.collector.commands.track import app
from dynacollect.rig.errors import DynacollectError
from dynacollect.tracking.sequences.read import read_sequence

from ..tracking.made_sequences import write_data_set

SPREAD = {"median", "p95", "rms"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets in a folder."""
    folder = tmp_path_factory.mktemp("data")
    write_data_set(folder / "ball", frames=14)
    write_data_set(folder / "other", name="can", frames=8, speed=0.0)
    return folder


def run(*words: object) -> str:
    line = ["eval", *map(str, words), "--tracker", "centroid"]
    done = CliRunner().invoke(app, line, catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def outcome(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that one run writes."""
    folder = tmp_path_factory.mktemp("outcome")
    files = ("--states", folder / "states.jsonl", "--video", folder / "film.mp4", "--plots", folder / "page.html")
    (folder / "figures.json").write_text(run(data, "--json", *files))
    return folder


@pytest.mark.slow
def test_the_document_has_the_names_that_others_rely_on(outcome: Path) -> None:
    found = json.loads((outcome / "figures.json").read_text())
    for name in ("position_mm", "rotation_deg", "velocity_mm_s", "predict_230ms_mm"):
        assert set(found[name]) == SPREAD
    assert found["frames"] == 22
    assert found["lost"] == found["false_healthy"] == found["switches"] == 0
    assert set(found["per_sequence"]) == {"ball/000000", "other/000000"}
    assert found["position_mm"]["median"] < 5.0
    assert found["per_sequence"]["other/000000"]["velocity_mm_s"]["median"] < 30.0
    assert found["stage_ms"]["tick"]["median"] > 0


@pytest.mark.slow
def test_states_are_told_line_by_line_in_the_files_frames(data: Path, outcome: Path) -> None:
    rows = [json.loads(line) for line in (outcome / "states.jsonl").read_text().splitlines()]
    assert len(rows) == 22
    truth = read_sequence(data / "ball/000000").truth["tennis_ball"]
    for row in rows[4:14]:
        assert row["object"] == "tennis_ball"
        assert np.shape(row["covariance"]) == (12, 12)
        told = RigidTransform.from_matrix(row["T_base_object"])
        assert np.linalg.norm(told.translation - truth.at(row["time"]).translation) < 0.005
        assert row["velocity"] == pytest.approx([0.0, 0.3, 0.0], abs=0.15)
        assert row["health"] == 1.0


@pytest.mark.slow
def test_the_video_shows_what_is_believed(outcome: Path) -> None:
    video = cv2.VideoCapture(str(outcome / "film.mp4"))
    frames = []
    while (got := video.read())[0]:
        frames.append(got[1])
    assert len(frames) == 22
    assert frames[0].shape[1] == 2 * 240
    # The outline of a state to act on is green, where the pictures are grey.
    assert ((frames[6][..., 1].astype(int) - frames[6][..., 2]) > 60).sum() > 40


def test_the_page_of_plots_needs_nothing_else(outcome: Path) -> None:
    text = (outcome / "page.html").read_text()
    assert text.count("<svg") >= 8
    assert "ball/000000" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_without_truth_there_are_states_and_no_errors(data: Path, tmp_path: Path) -> None:
    copy, out = tmp_path / "copy", tmp_path / "states.jsonl"
    shutil.copytree(data / "ball", copy)
    for path in copy.rglob("scene_gt*"):
        path.unlink()
    found = json.loads(run(copy, "--json", "--states", out))
    assert found["frames"] == 0
    assert found["position_mm"]["median"] is None
    assert found["lost"] is None
    assert len(out.read_text().splitlines()) == 14


def test_a_plate_is_asked_for_where_it_is_missing(data: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(data / "ball", tmp_path / "copy"))
    (copy / "000000/background_cam2.png").unlink()
    with pytest.raises(DynacollectError, match=r"background_cam2\.png; add"):
        run(copy)


@pytest.mark.parametrize("option", ["--states", "--video", "--plots"])
def test_nothing_is_written_over(option: str, data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.mp4"
    kept.write_text("kept")
    with pytest.raises(DynacollectError, match="exists already"):
        run(data, option, kept)
    assert kept.read_text() == "kept"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="no folder"):
        run(tmp_path / "nowhere")
