"""`calibrate capture`: what it refuses, what it shows, and a whole capture in the cell, solved against the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.spatial.transform import RigidTransform
from typer.testing import CliRunner, Result

from dynacollect.calibration.boards import Charuco, board_text
from dynacollect.calibration.capture.album import Album
from dynacollect.calibration.capture.coverage import CameraCoverage, Coverage, RobotCoverage
from dynacollect.calibration.capture.stakes import Uncertainty
from dynacollect.calibration.capture.stop import Enough
from dynacollect.calibration.layout import read_layout
from dynacollect.calibration.panel import panel_of
from dynacollect.collector import cli
from dynacollect.collector.capture.session import Progress, Session, Wish
from dynacollect.collector.capture.show import BAR, Show, bar, view
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.rig import open_rig

BOARD = Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
WISH = Wish(("held", "table"), Enough(least_views=8, most_views=8))


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["calibrate", *map(str, words)], prog_name="dynacollect")


def check_refused(done: Result, said: str) -> None:
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert said in done.stderr


def test_a_folder_of_another_board_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text(board_text(BOARD))
    other = tmp_path / "other.json"
    other.write_text(board_text(BOARD.scaled(0.5)))
    done = run("capture", "--out", tmp_path, "--board", other)
    check_refused(done, "is of another board (ChArUco 7x5, square 56 mm")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board.json", "other.json"]
    assert (tmp_path / "board.json").read_text() == board_text(BOARD)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no"),
        ("{", "is no JSON"),
        ('{"type": "circles"}', "has a board of type 'circles'"),
        (board_text(BOARD).replace("0.056", "56"), "56 looks like millimetres; write metres, 0.056"),
    ],
)
def test_a_wrong_board_is_one_sentence(tmp_path: Path, content: str | None, said: str) -> None:
    path, out = tmp_path / "mine.json", tmp_path / "session"
    if content is not None:
        path.write_text(content)
    check_refused(run("capture", "--out", out, "--board", path), said)
    assert not out.exists()


def test_an_unknown_rig_is_one_sentence(tmp_path: Path) -> None:
    check_refused(run("capture", "--out", tmp_path / "session", "--rig", "cel"), "cel")
    assert not (tmp_path / "session").exists()


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check_refused(run("capture", "--out", tmp_path / "file" / "session"), "cannot be written")


def test_pictures_without_their_board_are_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    check_refused(run("capture", "--out", tmp_path), "has pictures but no board.json")


def test_refusals_are_documents_too(tmp_path: Path) -> None:
    done = run("capture", "--out", tmp_path, "--board", tmp_path / "none.json", "--json")
    assert (done.exit_code, done.stderr, list(json.loads(done.stdout))) == (2, "", ["error"])


def progress() -> Progress:
    cells = np.zeros((6, 9))
    opst = CameraCoverage("opst_cam", 12, 1.0, 0.4, 0.9, 0.5, 0.0, cells, "opst_cam: the [/corner]")
    robot = RobotCoverage("held", 14, 0.7, 1.0, "")
    seen = Coverage({"opst_cam": opst}, {"held": robot})
    unsure = Uncertainty(0.314, None, None)
    return Progress("held", "opst_cam: lowers the error by 7 %", {"opst_cam": 12, "side_cam": 0}, seen, unsure,
                    ("side_cam: [/blurred]",))  # fmt: skip


def test_the_view_tells_everything_that_counts() -> None:
    console = Console(record=True, width=100, file=StringIO())
    console.print(view(progress()))
    text = console.export_text()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    (row,) = (line for line in lines if line.strip("│ ").startswith("opst_cam"))
    bars = [cell.strip() for cell in row.strip("│").split("│")]
    assert bars[1] == "12"
    assert [cell.count("█") for cell in bars[2:6]] == [10, 4, 5, 0]
    unsure = "points in the workspace are sure to 0.31 mm"
    rest = "now: opst_cam: lowers the error by 7 %", "left out: side_cam: [/blurred]"
    for said in ("Board in the hand", "the [/corner]", "turns of the hand", unsure, *rest):
        assert said in text
    (row,) = (line for line in lines if line.strip("│ ").startswith("side_cam"))
    assert [cell.strip() for cell in row.strip("│").split("│")][1:3] == ["0", ""]


def test_a_view_before_anything_is_seen() -> None:
    console = Console(record=True, width=80, file=StringIO())
    console.print(view(replace(progress(), mounting="table", coverage=None, uncertainty=None, refused=())))
    text = console.export_text()
    assert "Board on the table" in text
    assert "so far" not in text
    assert "turns" not in text
    assert "left out" not in text


@pytest.mark.parametrize(("share", "full"), [(-1.0, 0), (0.0, 0), (0.26, 3), (0.999, 10), (1.0, 10), (7.0, 10)])
def test_a_bar_is_as_full_as_its_share(share: float, full: int) -> None:
    made = bar(share)
    assert made.plain == "█" * full + "░" * (BAR - full)
    assert (made.style == "green") == (share >= 1)


def test_without_a_terminal_every_new_line_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Show(quiet=False) as show:
        for _ in range(3):
            show.update(progress())
        show.update(replace(progress(), doing="solving"))
    with Show(quiet=True) as show:
        show.update(progress())
    said = " ".join(capsys.readouterr().err.split())
    first = "held: opst_cam 12, side_cam 0; opst_cam: lowers the error by 7 %"
    assert said == f"{first} held: opst_cam 12, side_cam 0; solving"


def capture(folder: Path, stop_at: int | None = None) -> tuple[list[str], Truth]:
    """What the command does, up to a number of pictures; the truth of the cell with it."""

    def watch(progress: Progress) -> None:
        if stop_at is not None and sum(progress.views.values()) >= stop_at:
            raise KeyboardInterrupt

    album = Album(folder, BOARD)
    with open_rig(load_rig("cell"), seed=0) as rig:
        session = Session(rig, BOARD, panel_of(BOARD), album, WISH, watch)
        if (folder / "held").exists():
            session.go_on_from(read_layout(folder).data)
        return session.run(), Truth(rig)


@pytest.mark.slow
def test_a_capture_in_the_cell_is_solved_to_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the middle, and gone on with."""
    monkeypatch.setattr("dynacollect.rig.cell.scene.SHADOW_PX", 256)
    monkeypatch.setattr("dynacollect.rig.cell.scene.EDGE_SAMPLES", 0)
    folder = tmp_path / "session"
    with pytest.raises(KeyboardInterrupt):
        capture(folder, stop_at=3)
    kept = {path: path.read_bytes() for path in folder.glob("held/*/*.png")}
    poses = json.loads((folder / "robot_held.json").read_text())
    assert len(kept) >= 3
    said, truth = capture(folder)
    assert all(path.read_bytes() == content for path, content in kept.items())
    assert json.loads((folder / "robot_held.json").read_text())[: len(poses)] == poses
    assert [one.split(":")[0] for one in said] == ["held", "held", "table", "table"]
    views = {path.name: len(list(path.glob("*.png"))) for path in folder.glob("*/*_cam")}
    assert set(views) == set(truth.camera_models)
    assert min(views.values()) >= WISH.rule.most_views
    done = run("solve", folder, "--no-guided", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    for name, true in truth.camera_models.items():
        found, std = document["cameras"][name], document["cameras"][name]["std"]
        key = "T_flange_camera" if name == "wrist_cam" else "T_base_camera"
        pose, wanted = RigidTransform.from_matrix(found[key]), true.T_parent_camera
        off = 1e3 * (pose.translation - wanted.translation)
        turned = np.rad2deg((wanted.rotation.inv() * pose.rotation).as_rotvec())
        assert np.all(np.abs(off) < 4 * np.array(std["shift_mm"])), name
        assert np.all(np.abs(turned) < 4 * np.array(std["turn_deg"])), name
    assert 0 < document["quality"]["workspace"]["rms_mm"] < 1
