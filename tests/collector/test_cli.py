"""The command line as a user meets it: help, typos, refusals, JSON, exit codes."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from dynacollect import __version__
from dynacollect.collector import cli, output
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words), prog_name="dynacollect")


def test_version_and_module_entry() -> None:
    done = subprocess.run([sys.executable, "-m", "dynacollect", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"dynacollect {__version__}\n")


def test_help_lists_every_group() -> None:
    done = run("--help")
    assert done.exit_code == 0
    assert all(row.name in done.output for row in cli.GROUPS)


@pytest.mark.parametrize("words", [(), ("rig",)])
def test_no_command_shows_help_and_is_wrong_input(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert "Usage" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rgi",), "No such command 'rgi'. Did you mean 'rig'?"),
        (("rig", "innit"), "No such command 'innit'. Did you mean 'init'?"),
        (("rig", "init", "--jsn"), "No such option: --jsn"),
        (("rig", "init", "--robot", "panda"), "'panda' is not one of 'franka-panda', 'franka-fr3', 'piper'"),
    ],
)
def test_a_typo_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_rig_init_writes_a_rig_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    done = run("rig", "init", str(path), "--robot", "piper", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"path": str(path), "robot": "piper"}
    assert load_rig(path).arm.model == "piper"


def test_rig_init_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text("mine")
    done = run("rig", "init", str(path))
    assert done.exit_code == 2
    assert "exists and is left as it is" in done.stderr
    assert path.read_text() == "mine"


def test_a_refusal_in_a_real_process(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "dynacollect", "rig", "init", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_an_error_with_json_is_one_document(tmp_path: Path) -> None:
    for words in (("rig", "init", str(tmp_path), "--json"), ("rig", "init", "--bogus", "--json"), ("rgi", "--json")):
        done = run(*words)
        assert done.exit_code == 2
        assert list(json.loads(done.stdout)) == ["error"]
        assert done.stderr == ""


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Result:
    """`dynacollect rig fail`, a command that raises."""
    app = typer.Typer()

    @app.command("fail")
    def fail() -> None:
        raise error

    monkeypatch.setattr("dynacollect.collector.commands.rig.app", app)
    return run("rig", "fail")


def test_a_wrong_input_has_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, DynacollectError("rig.yaml:3: [red]wrong[/red]; mend it"))
    assert (done.exit_code, done.stderr) == (2, "rig.yaml:3: [red]wrong[/red]; mend it\n")


def test_ctrl_c_leaves_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, KeyboardInterrupt())
    assert (done.exit_code, done.output) == (130, "")


@pytest.mark.parametrize("code", [0, 1])
def test_a_commands_own_answer_is_the_exit_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(monkeypatch, typer.Exit(code)).exit_code == code


def test_a_bug_names_the_file_with_its_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = failing(monkeypatch, ZeroDivisionError("oh"))
    (report,) = tmp_path.iterdir()
    assert done.exit_code == 70
    assert "Traceback" not in done.stderr
    assert str(report) in done.stderr
    assert "ZeroDivisionError: oh" in report.read_text()


def test_debug_lets_the_traceback_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNACOLLECT_DEBUG", "1")
    assert isinstance(failing(monkeypatch, ZeroDivisionError("oh")).exception, ZeroDivisionError)


@dataclass
class Reading:
    rate_hz: float
    where: Path


def test_plain_values_are_json() -> None:
    import numpy as np

    data = {"a": np.arange(3), "b": np.float32(0.5), "c": Reading(math.nan, Path("x")), "d": (True, None, np.inf)}
    made = output.plain(data)
    assert made == {"a": [0, 1, 2], "b": 0.5, "c": {"rate_hz": None, "where": "x"}, "d": [True, None, None]}
    json.dumps(made, allow_nan=False)
    with pytest.raises(TypeError, match="has no JSON form"):
        output.plain(object())
