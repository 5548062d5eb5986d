"""`dynacollect dataset replay` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.collector.session.running import Run, run_session
from dynacollect.collector.session.settings import Settings
from dynacollect.rig.arms import PANDA
from dynacollect.rig.cell.arm import CellArm
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import SetPoints

from ..datasets.made_ways import recorded


def replay(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["dataset", "replay", *map(str, words)])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("replay") / "monday")


@pytest.mark.slow
def test_an_episode_that_was_collected_is_followed_and_the_arm_goes_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 1, 1, "truth", False, 0.35)
    run_session(tmp_path / "s", settings, Run())
    last = dict[str, SetPoints]()
    command = CellArm.command

    def noted(self: CellArm, setpoints: SetPoints) -> None:
        last["sent"] = setpoints
        command(self, setpoints)

    monkeypatch.setattr(CellArm, "command", noted)
    done = replay(tmp_path / "s", "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (said["stopped"], said["not_home"], said["shadow"]) == ("", "", False)
    assert said["apart"]["rms_mm"] < 3.0 and said["apart"]["max_mm"] < 6.0
    assert 0.5 < said["pace"] <= 1.0
    assert np.abs(last["sent"].joints[-1] - PANDA.home).max() < 0.05


@pytest.mark.slow
def test_it_says_for_people_that_a_shadow_sent_nothing(session: Path) -> None:
    done = replay(session, "--shadow", "--speed", "0.5")
    assert done.exit_code == 0
    assert "Nothing was sent" in done.stdout and "episode 1 of monday to its end" in done.stdout


def test_what_it_cannot_do_is_one_sentence(session: Path, tmp_path: Path) -> None:
    for words, said in (
        ((tmp_path,), "is no session, episode or built data set"),
        ((session, "--episode", "4"), "has no episode 4; it has 1"),
        ((session, "--rig", "cell-piper"), "name a rig with that arm"),
    ):
        done = replay(*words)
        assert done.exit_code == 2
        assert said in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_a_real_arm_moves_for_nobody_who_was_not_asked(session: Path, tmp_path: Path) -> None:
    data = load_rig("cell").resolved()
    data["arm"] = {"driver": "franka", "model": "franka-panda", "host": "192.0.2.1"}
    data["cameras"] = {"front": {"driver": "realsense", "serial": "1"}}
    rig = tmp_path / "rig.yaml"
    rig.write_text(yaml.safe_dump(data))
    done = replay(session, "--rig", rig)
    assert done.exit_code == 2 and "somebody has said that its space is clear" in done.stderr
