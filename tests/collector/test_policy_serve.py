"""`policy serve`: wrong input is one sentence, before anything is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector.cli import app
from dynacollect.controllers.streaming.remote.secret import VARIABLE
from dynacollect.rig.errors import DynacollectError

LOADED = "dynacollect.training.rollout.source"


@pytest.fixture(autouse=True)
def loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that finds nothing, and no token."""

    def policy_source(path: str, device: str) -> None:
        raise DynacollectError(f"there is no policy in '{path}' for {device}; name another folder")

    module = ModuleType(LOADED)
    module.__dict__["policy_source"] = policy_source
    monkeypatch.setitem(sys.modules, "dynacollect.training.rollout", ModuleType("dynacollect.training.rollout"))
    monkeypatch.setitem(sys.modules, LOADED, module)
    monkeypatch.delenv(VARIABLE, raising=False)


def serve(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "serve", "nowhere", *words])


def test_wrong_input_is_one_sentence_with_its_remedy(tmp_path: Path) -> None:
    short = tmp_path / "token"
    short.write_text("short")
    for words, sentence in (
        (("--listen", "127.0.0.1:0"), "there is no policy in 'nowhere' for auto; name another folder"),
        (("--listen", "127.0.0.1:0", "--device", "cpu"), "for cpu"),
        (("--listen", "5588"), "write HOST:PORT"),
        (("--listen", "0.0.0.0:5588"), VARIABLE),
        (("--listen", "192.0.2.1:5588", "--token-file", str(short)), "openssl rand"),
        (("--token-file", str(tmp_path / "none")), "cannot be read"),
    ):
        found = serve(*words)
        assert found.exit_code == 2 and sentence in found.stderr.replace("\n", " "), found.output
        assert not found.stdout


def test_a_token_is_taken_from_the_environment_and_is_no_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "a token of more than 16 characters")
    assert "no policy in" in serve("--listen", "0.0.0.0:0").stderr, "everybody may come who has it"
    assert serve("--token", "x").exit_code == 2


def test_the_bridge_is_refused_for_wrong_input_and_warns_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = CliRunner().invoke(app, ["policy", "bridge", "cell", "--rig", "nowhere"])
    assert found.exit_code == 2 and "nowhere" in found.stderr
    assert CliRunner().invoke(app, ["policy", "bridge", "cell", "--observations", "0"]).exit_code == 2
    monkeypatch.setitem(sys.modules, "zmq", None)
    found = CliRunner().invoke(app, ["policy", "bridge", "cell"])
    assert found.exit_code == 2 and "unpickles what it is sent" in found.stderr
    assert "dynacollect[bridge]" in found.stderr.replace("\n", "")
