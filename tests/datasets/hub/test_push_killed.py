"""A push that is killed leaves nothing that stands in the way: the same line goes on, and sends nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from dynacollect.datasets.export import Options, build

from ..made_sessions import Course, make_session
from .loopback import TOKEN, USER, Fault, Hub, running

REPO = f"{USER}/mugs"
POINTS = {
    "before a repository is there": Fault("POST", "repos/create", "drop"),
    "after it was made": Fault("POST", "repos/create", "lost"),
    "in the first upload": Fault("PUT", "/storage/", "drop"),
    "in a later upload": Fault("PUT", "/storage/", "drop", nth=4),
    "after an upload": Fault("PUT", "/storage/", "lost", nth=3),
    "before a commit": Fault("POST", "/commit/", "drop", nth=2),
    "after a commit": Fault("POST", "/commit/", "lost", nth=2),
    "before the tag": Fault("POST", "/tag/", "drop"),
    "after the tag": Fault("POST", "/tag/", "lost"),
}


@pytest.fixture(scope="module")
def hub() -> Iterator[tuple[Hub, str]]:
    with running() as served:
        yield served


@pytest.fixture(scope="module")
def forks(hub: tuple[Hub, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    home = str(tmp_path_factory.mktemp("home"))
    mine = {"HF_ENDPOINT": hub[1], "HF_HUB_DISABLE_XET": "1", "HF_HOME": home, "HF_TOKEN": TOKEN}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    script, pipe = Path(__file__).with_name("push_forks.py"), subprocess.PIPE
    with subprocess.Popen([sys.executable, script], env=kept | mine, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    build([make_session(folder / "monday", Course(0, 16), Course(1, 18))], folder / "mugs", Options())
    return folder / "mugs"


def pushed(forks: subprocess.Popen[str], built: Path, out: Path, number: Queue[int]) -> int:
    """The exit code of a push; its process number is told as soon as there is one."""
    assert forks.stdin is not None and forks.stdout is not None
    words = [str(built), "--repo", REPO, "--no-check", "--json"]
    forks.stdin.write(json.dumps({"words": words, "out": str(out)}) + "\n")
    forks.stdin.flush()
    number.put(int(forks.stdout.readline()))
    return int(forks.stdout.readline())


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_it_goes_on(
    hub: tuple[Hub, str], forks: subprocess.Popen[str], built: Path, tmp_path: Path, point: str
) -> None:
    server, number = hub[0], Queue[int]()
    server.forget()
    server.faults = [replace(POINTS[point], call=lambda: os.kill(number.get(), signal.SIGKILL))]
    assert pushed(forks, built, tmp_path / "first.json", number) == -signal.SIGKILL
    before = [] if REPO not in server.repos else list(server.repos[REPO].commits)
    sent = len(before[-1].files) - 1 if before else 0

    server.faults = []
    assert pushed(forks, built, tmp_path / "second.json", number) == 0
    done = json.loads((tmp_path / "second.json").read_text())
    mine = {path.relative_to(built).as_posix(): path.read_bytes() for path in built.rglob("*") if path.is_file()}
    there = server.bytes_of(REPO, "v3.0")
    assert {path: there.get(path) for path in mine} == mine
    assert set(server.puts.values()) == {1}
    assert server.repos[REPO].commits[: len(before)] == before
    assert done["private"] is server.repos[REPO].private is True
    assert done["sent"] + sent == done["files"] == len(there) - 1
