"""No command moves a real arm unasked; nobody is asked about a simulated one."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.collector.clear_to_move import clear_to_move
from dynacollect.rig.config import load_rig
from dynacollect.rig.starter import BUILT_IN


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A PiPER on a bus that is not there."""
    data = load_rig("cell-piper").resolved()
    data["arm"] = {"driver": "piper", "model": "piper", "channel": "can7"}
    data["cameras"] = {"front": {"driver": "realsense", "serial": "1"}}
    path = tmp_path / "rig.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.mark.parametrize("words", [["collect", "--out", "s"], ["calibrate", "timing"]])
def test_without_a_terminal_nothing_moves(real: Path, words: list[str]) -> None:
    ran = CliRunner().invoke(cli.app, [*words, "--rig", str(real)])
    assert ran.exit_code == 2
    assert "somebody has said that its space is clear" in ran.output
    assert not Path("s").exists()


def test_with_a_yes_it_goes_on_to_connect(real: Path) -> None:
    ran = CliRunner().invoke(cli.app, ["calibrate", "timing", "--rig", str(real), "--yes"])
    assert ran.exit_code == 2
    assert "no CAN interface 'can7'" in ran.output


@pytest.mark.parametrize("answer", [True, False])
def test_the_answer_counts(real: Path, monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    if answer:
        clear_to_move(load_rig(real), yes=False)
    else:
        with pytest.raises(typer.Exit):
            clear_to_move(load_rig(real), yes=False)


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_simulated_asks_nobody(name: str) -> None:
    clear_to_move(load_rig(name), yes=False)
