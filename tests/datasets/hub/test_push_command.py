"""`dataset merge` and `dataset push` as a user types them."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import typer
from huggingface_hub import HfApi, constants
from typer.testing import CliRunner, Result

from dynacollect.collector.commands.dataset_merge import merge
from dynacollect.collector.commands.dataset_push import push
from dynacollect.datasets.export import build
from dynacollect.datasets.hub import push as push_set

from ..made_sessions import Course, make_session
from .loopback import TOKEN, running

app = typer.Typer()
app.command("merge")(merge)
app.command("push")(push)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.slow
def test_from_two_sets_to_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, course in (("monday", Course(0, 16)), ("tuesday", Course(1, 18))):
        build([make_session(tmp_path / name, course)], tmp_path / f"{name} set")
    merged = run("merge", tmp_path / "monday set", tmp_path / "tuesday set", "--out", tmp_path / "set")
    assert merged.exit_code == 0
    assert f"{tmp_path / 'set'} has 2 episodes of panda, 1 s." in merged.stdout
    assert f"1 from {tmp_path / 'tuesday set'}" in merged.stdout
    with running() as (hub, address):
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(sys.modules[push_set.__module__], "HfApi", partial(HfApi, address, TOKEN))
        dry = run("push", tmp_path / "set", "--repo", "lab/mugs", "--dry-run")
        assert dry.exit_code == 0 and "nothing was sent" in dry.stdout and "# mugs" in dry.stdout
        assert not hub.repos
        done = run("push", tmp_path / "set", "--repo", "lab/mugs")
        assert done.exit_code == 0 and "only you can see it" in done.stdout
        again = run("push", tmp_path / "set", "--repo", "lab/mugs", "--tag", "first", "--json")
        said = json.loads(again.stdout)
        assert (said["sent"], said["tags"], said["private"]) == (0, ["v3.0", "first"], True)
        assert hub.repos["lab/mugs"].tags["first"] == said["sha"]
        assert "meta/merged.json" in hub.bytes_of("lab/mugs")["README.md"].decode()
