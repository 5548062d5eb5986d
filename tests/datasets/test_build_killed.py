"""A build that is killed leaves the data set as it was, or as it shall be; the next one needs no repair."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.export import Options, build, staging
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

from .exported import episodes, hashes
from .made_sessions import Course, make_session

ALL = Options(where="ticks > 0")
Killed = Callable[..., bool]


@pytest.fixture(scope="module")
def killed() -> Iterator[Killed]:
    """Builds in a process of its own; whether it was killed."""
    script = Path(__file__).with_name("kill_builds.py")
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def run(sessions: list[Path], out: Path, **how: object) -> bool:
            order = {"sessions": [str(session) for session in sessions], "out": str(out), **how}
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return json.loads(stdout.readline())["killed"]

        yield run
        stdin.close()


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sessions")
    monday = make_session(folder / "monday", Course(0, 20), Course(1, 24))
    return [monday, make_session(folder / "tuesday", *(Course(seed, 20 + seed) for seed in range(6)))]


def state_of(out: Path) -> dict[str, str]:
    return hashes(out) if out.exists() else {}


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "grows"), [(4, False), (4, True), pytest.param(10, True, marks=pytest.mark.long)])
def test_killed_at_any_instant(sessions: list[Path], tmp_path: Path, killed: Killed, kills: int, grows: bool) -> None:
    clock = HostClock()
    begin = clock.now()
    build(sessions, tmp_path / "after", ALL)
    lasts = clock.now() - begin
    if grows:
        build(sessions[:1], tmp_path / "before", ALL)
    before, after = state_of(tmp_path / "before"), state_of(tmp_path / "after")
    out = tmp_path / "set"
    if grows:
        build(sessions[:1], out, ALL)
    for delay in np.random.default_rng(kills).uniform(0.0, 1.2 * lasts, kills):
        killed(sessions, out, kill_after=delay)
        assert state_of(out) in (before, after)
    build(sessions, out, ALL)
    assert state_of(out) == after
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", ["_flush", "_exchanged", "flushed"])
def test_killed_around_the_change(sessions: list[Path], tmp_path: Path, killed: Killed, place: str) -> None:
    out = tmp_path / "set"
    build(sessions[:1], out, ALL)
    before = state_of(out)
    assert killed(sessions, out, place=place)
    assert (state_of(out) == before) == (place != "_exchanged")
    build(sessions, out, ALL)
    assert len(episodes(out)) == 8


@pytest.mark.slow
def test_killed_where_names_cannot_be_swapped(sessions: list[Path], tmp_path: Path, killed: Killed) -> None:
    out = tmp_path / "set"
    build(sessions[:1], out, ALL)
    before = state_of(out)
    assert killed(sessions, out, place="rename", no_swap=True)
    assert not out.exists()
    assert build(sessions[:1], out, ALL).added == 0
    assert state_of(out) == before
    assert not killed(sessions, out, no_swap=True)
    assert len(episodes(out)) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.slow
def test_two_at_once_are_one_and_a_sentence(sessions: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    with staging.next_state(out), pytest.raises(DynacollectError, match="being built by another process"):
        build(sessions, out, ALL)
    assert build(sessions, out, ALL).added == 8


@pytest.mark.slow
def test_a_full_disk_leaves_what_was_there(
    sessions: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    build(sessions[:1], out, ALL)
    before = state_of(out)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.write_table", full)
        with pytest.raises(DynacollectError, match=r"No space left on device\) and is as it was"):
            build(sessions, out, ALL)
    assert state_of(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
