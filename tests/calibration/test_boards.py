"""Boards: printed at true scale, described in a file that reads back, refused in one sentence."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from dynacollect.calibration.boards import Charuco, board_of, board_text, read_board
from dynacollect.calibration.detect import detect
from dynacollect.calibration.sheet import lay_out
from dynacollect.calibration.sheet_files import encode
from dynacollect.collector import cli
from dynacollect.rig.errors import DynacollectError

FACTS = {
    "type": "charuco", "squares_x": 7, "squares_y": 5, "square_m": 0.036, "marker_m": 0.027,
    "dictionary": "DICT_4X4_50",
}  # fmt: skip


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words), prog_name="dynacollect")


def test_a_board_reads_back(tmp_path: Path) -> None:
    board = board_of(FACTS, "here")
    path = tmp_path / "board.json"
    path.write_text(board_text(board))
    assert read_board(path) == board
    assert json.loads(path.read_text())["square_m"] == 0.036


def test_corners_are_a_grid_of_squares() -> None:
    board = board_of(FACTS, "here")
    assert isinstance(board, Charuco)
    assert board.points.shape == (24, 3)
    steps = np.diff(board.points.reshape(4, 6, 3), axis=1)
    np.testing.assert_allclose(steps, np.broadcast_to([0.036, 0.0, 0.0], steps.shape), atol=1e-12)


def test_a_drawing_has_its_true_size() -> None:
    text = encode(lay_out(board_of(FACTS, "here"), "A4"), Path("b.svg"), 600).decode()
    assert 'width="297mm"' in text
    widths = [float(width) for width in re.findall(r"h([\d.]+)v", text)]
    assert widths.count(36.0) == 18
    assert pytest.approx(min(width for width in widths if width > 4.0), abs=0.01) == 27.0 / 6


def test_a_printed_picture_is_seen_at_its_size() -> None:
    board = board_of(FACTS, "here")
    image = Image.open(io.BytesIO(encode(lay_out(board, "A4"), Path("b.png"), 200)))
    per_mm = image.info["dpi"][0] / 25.4
    seen = detect(board, np.asarray(image.convert("L")))
    assert len(seen.ids) == 24
    apart = np.linalg.norm(seen.pixels[1] - seen.pixels[0]) / per_mm
    assert apart == pytest.approx(36.0, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"marker_m": 0.04}, "marker"),
        ({"square_m": 36.0, "marker_m": 27.0}, "metres"),
        ({"dictionary": "DICT_9X9"}, "dictionary"),
        ({"squares_x": 2}, "squares_x"),
        ({"type": "dots"}, "type"),
    ],
)
def test_a_wrong_board_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(DynacollectError, match=said) as refused:
        board_of({**FACTS, **change}, "here")
    assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_the_command_writes_and_keeps(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"board.{suffix}"
    first = run("calibrate", "board", "--out", str(out), "--dpi", "100", "--json")
    assert first.exit_code == 0
    assert json.loads(first.stdout)["definition"]["square_m"] == pytest.approx(0.036)
    before = out.read_bytes()
    assert run("calibrate", "board", "--out", str(out), "--square-mm", "30").exit_code == 2
    assert out.read_bytes() == before
    assert run("calibrate", "board", "--out", str(out), "--dpi", "100", "--measured-mm", "100.5").exit_code == 0
    assert json.loads((tmp_path / "board.json").read_text())["square_m"] == pytest.approx(0.036 * 1.005)


@pytest.mark.parametrize(
    "words",
    [("--out", "b.gif"), ("--squares", "seven"), ("--square-mm", "90"), ("--paper", "B7"), ("--measured-mm", "3.9")],
)
def test_a_wrong_wish_is_one_sentence(tmp_path: Path, words: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("calibrate", "board", *words)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert not list(tmp_path.iterdir())
