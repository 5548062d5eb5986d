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
from dynacollect.calibration.sightings import Mounting
from dynacollect.collector import cli
from dynacollect.collector.capture.by_hand import ByHand
from dynacollect.collector.capture.kept import Kept
from dynacollect.collector.capture.moving import WAYS
from dynacollect.collector.capture.progress import Progress, Wish
from dynacollect.collector.capture.rehearsal import rehearse
from dynacollect.collector.capture.session import Session
from dynacollect.collector.capture.shadow import shadow_of
from dynacollect.collector.capture.show import BAR, Show, bar, view
from dynacollect.collector.capture.starting import FIRST
from dynacollect.controllers.motion import Motion
from dynacollect.controllers.visiting import Visitor
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import Command, Vector
from dynacollect.rig.rig import Rig, open_rig

BOARD = Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
VIEWS = 7


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


def capture(folder: Path, mountings: tuple[Mounting, ...], stop_at: int | None = None) -> tuple[list[str], Truth]:
    """What the command does, up to a number of pictures; the truth of the cell with it."""

    def watch(progress: Progress) -> None:
        if stop_at is not None and sum(progress.views.values()) >= stop_at:
            raise KeyboardInterrupt

    album = Album(folder, BOARD)
    with open_rig(load_rig("cell"), seed=0) as rig:
        kept = Kept(rig.config, BOARD, watch)
        if (folder / mountings[0]).exists():
            kept.go_on_from(read_layout(folder).data)
        wish = Wish(mountings, Enough(least_views=VIEWS, most_views=VIEWS))
        return Session(rig, kept, album, panel_of(BOARD), wish).run(), Truth(rig)


def test_by_hand_nothing_is_sent_so_there_is_nothing_to_rehearse(tmp_path: Path) -> None:
    for option in ("--shadow", "--ask"):
        check_refused(run("capture", "--out", tmp_path / "session", "--by-hand", option), "nothing is sent to the arm")
    assert not (tmp_path / "session").exists()


@pytest.mark.slow
def test_a_shadow_goes_where_the_arm_may_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it calls clear the arm then reaches, and what it refuses the arm refuses, in the same words."""
    wish = Wish(("table",))
    with open_rig(load_rig("cell"), seed=0) as rig:
        before, sent = Truth(rig).joints(), []
        with monkeypatch.context() as patch:
            patch.setattr(rig.arm, "command", sent.append)
            poses = rehearse(rig, Kept(rig.config, BOARD, lambda _: None), panel_of(BOARD), wish)
        assert sent == []
        assert np.abs(Truth(rig).joints() - before).max() < 1e-3
        visitor = Visitor(rig)
        far = [one for one in poses if one.why or one.took_s > 2.0]
        for one in far[:3]:
            assert visitor.visit(one.T_base_flange) == one.why
        outside = RigidTransform.from_translation([0.0, -0.7, 0.0]) * poses[0].T_base_flange
        assert Visitor(shadow_of(rig)).visit(outside) == visitor.visit(outside) != ""
    assert {one.purpose for one in poses} == {"first view", "back"}
    assert sum(not one.why for one in poses) >= FIRST


@pytest.mark.slow
def test_without_a_yes_the_arm_does_not_move(tmp_path: Path) -> None:
    words = ["calibrate", "capture", "--out", str(tmp_path / "s"), "--mounting", "table", "--ask"]
    done = CliRunner().invoke(cli.app, words, input="n\n", prog_name="dynacollect")
    assert done.exit_code == 1
    assert "table: not begun, since nobody agreed to these poses." in done.stdout
    assert not list((tmp_path / "s").glob("*/*/*.png"))
    assert "shall it move so? [y/N]" in done.stderr
    assert "What the arm would do" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "mountings", [("table",), pytest.param(("held", "table"), marks=pytest.mark.long)], ids="-".join
)
def test_a_capture_in_the_cell_is_solved_to_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mountings: tuple[Mounting, ...]
) -> None:
    """Interrupted in the middle, and gone on with; with fewer first views, candidates and ways than usual."""
    monkeypatch.setattr("dynacollect.collector.capture.session.FIRST", 6)
    monkeypatch.setattr("dynacollect.collector.capture.kept.CANDIDATES", 30)
    monkeypatch.setattr("dynacollect.collector.capture.moving.WAYS", WAYS[:3])
    folder, first = tmp_path / "session", mountings[0]
    with pytest.raises(KeyboardInterrupt):
        capture(folder, mountings, stop_at=3)
    kept = {path: path.read_bytes() for path in folder.glob(f"{first}/*/*.png")}
    poses = json.loads((folder / f"robot_{first}.json").read_text())
    assert len(kept) >= 3
    said, truth = capture(folder, mountings)
    assert all(path.read_bytes() == content for path, content in kept.items())
    assert json.loads((folder / f"robot_{first}.json").read_text())[: len(poses)] == poses
    assert [one.split(":")[0] for one in said] == [name for name in mountings for _ in range(2)]
    views = {path.name: len(list(path.glob("*.png"))) for path in folder.glob("*/*_cam")}
    assert set(views) == (set(truth.camera_models) if "held" in mountings else {"wrist_cam"})
    assert min(views.values()) >= VIEWS
    done = run("solve", folder, "--no-guided", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    for name in views:
        found, std = document["cameras"][name], document["cameras"][name]["std"]
        key = "T_flange_camera" if name == "wrist_cam" else "T_base_camera"
        pose, wanted = RigidTransform.from_matrix(found[key]), truth.camera_models[name].T_parent_camera
        off = 1e3 * (pose.translation - wanted.translation)
        turned = np.rad2deg((wanted.rotation.inv() * pose.rotation).as_rotvec())
        assert np.all(np.abs(off) < 4 * np.array(std["shift_mm"])), name
        assert np.all(np.abs(turned) < 4 * np.array(std["turn_deg"])), name
    if "held" in mountings:
        assert 0 < document["quality"]["workspace"]["rms_mm"] < 1


class Person:
    """Pushes the arm on, from one pose to the next, as soon as the session says so."""

    def __init__(self, rig: Rig, goals: list[Vector]) -> None:
        self.heard: list[str] = []
        self._rig, self._goals = rig, iter(goals)
        self._motion = Motion(rig.arm.model, share=0.4, tool_speed=0.4)

    def watch(self, progress: Progress) -> None:
        self.heard.append(progress.doing)
        if not any(word in progress.doing for word in ("move the arm", "move on")):
            return
        goal, now = next(self._goals, None), self._rig.clock.now()
        if goal is None:
            raise KeyboardInterrupt
        self._motion.start(self._rig.feel().joints, now)
        self._rig.arm.command(self._motion.towards(Command(joints=goal), now))


@pytest.mark.long
@pytest.mark.slow
def test_by_hand_a_picture_is_taken_wherever_the_arm_rests(tmp_path: Path) -> None:
    wish = Wish(("table",), Enough(least_views=FIRST, most_views=FIRST))
    with open_rig(load_rig("cell"), seed=0) as rig:
        poses = rehearse(rig, Kept(rig.config, BOARD, lambda _: None), panel_of(BOARD), wish)
        motion = Motion(rig.arm.model)
        found = [motion.joints_for(one.T_base_flange * rig.arm.model.T_flange_tool) for one in poses if not one.why]
        goals = [goal for goal in found if goal is not None]
        away = rig.feel().joints + np.array([0, 0, 0, 0, 0, 0.9, 0])
        person = Person(rig, [goals[0], away, *goals[1:4], goals[0], *goals[4:]])
        kept = Kept(rig.config, BOARD, person.watch)
        said = ByHand(rig, kept, Album(tmp_path, BOARD), panel_of(BOARD), wish).run()
        truth = Truth(rig).camera_models["wrist_cam"].T_parent_camera
    assert said[0].startswith(f"table: Stopped at {FIRST} views")
    assert kept.refused == [
        "wrist_cam: no marker of the board is seen",
        "wrist_cam: the same view is kept already as frame 0",
    ]
    assert sum(doing.startswith("left out; move on: wrist_cam: ") for doing in person.heard) >= 2
    layout = read_layout(tmp_path)
    assert len(layout.data.sightings) == FIRST
    rests = np.array([pose.joints for pose in layout.data.poses])
    assert all(np.abs(np.array(goals) - rest).max(axis=1).min() < 2e-3 for rest in rests)
    assert kept.calibration is not None
    camera = kept.calibration.cameras["wrist_cam"]
    off = 1e3 * (camera.pose.translation - truth.translation)
    assert np.all(np.abs(off) < 4 * np.array(camera.pose_std.shift_mm))
