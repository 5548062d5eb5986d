"""`dynacollect dataset build` as a user types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector import cli

from ..datasets.made_sessions import Course, make_session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("cli") / "monday", Course(0, 12), Course(1, 14, success=False))


def build(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["dataset", "build", *map(str, words)])


def test_it_says_what_it_made_and_grows(session: Path, tmp_path: Path) -> None:
    more = make_session(tmp_path / "tuesday", Course(2, 13))
    done = build(session, "--out", tmp_path / "set", "--negatives", tmp_path / "bad", "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (said["added"], said["episodes"], said["left_out"], said["skipped"]) == (1, 1, 1, [])
    assert (said["negatives"]["added"], said["negatives"]["where"]) == (1, "failure")
    again = build(session, more, "--out", tmp_path / "set")
    assert again.exit_code == 0
    assert "has 2 episodes; 1 new" in again.stdout and "1 left out" in again.stdout


def test_options_reach_the_set(session: Path, tmp_path: Path) -> None:
    words = ["--size", "48x32", "--cameras", "opst_cam, wrist_cam", "--action", "delta", "--ahead", "2", "--trim"]
    words += [
        "--angles",
        "signed",
        "--format",
        "v2.1",
        "--licence",
        "cc-by-4.0",
        "--where",
        "ticks > 0 and object == mug",
    ]
    assert build(session, "--out", tmp_path / "set", *words).exit_code == 0
    said = json.loads((tmp_path / "set/meta/dynacollect.json").read_text())
    assert said["options"] == {
        "format": "v2.1", "where": "ticks > 0 and object == mug", "cameras": ["opst_cam", "wrist_cam"],
        "size": [48, 32], "action": "delta", "ahead": 2, "angles": "signed", "trim": True, "instructions": 8,
        "validation": 0.05, "licence": "cc-by-4.0",
    }  # fmt: skip
    assert len(said["episodes"]) == 2


def test_none_that_fits_is_a_no(session: Path, tmp_path: Path) -> None:
    done = build(session, "--out", tmp_path / "set", "--where", "speed > 9")
    assert done.exit_code == 1
    assert "none of the episodes fits 'speed > 9'" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--where", "sucess"), "did you mean success?"),
        (("--size", "480"), "--size 480 is no size"),
        (("--size", "481x360"), "--size 481x360 is no size"),
        (("--cameras", "top_cam"), "has no camera top_cam; it has opst_cam, side_cam, wrist_cam"),
        (("--ahead", "-1"), "Invalid value for '--ahead'"),
    ],
)
def test_wrong_input_is_one_sentence(session: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = build(session, "--out", tmp_path / "set", "--json", *words)
    assert done.exit_code == 2
    assert said in json.loads(done.stdout)["error"]
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_session_is_refused(tmp_path: Path) -> None:
    done = build(tmp_path, "--out", tmp_path / "set", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"].count("holds no episodes")) == (2, 1)
