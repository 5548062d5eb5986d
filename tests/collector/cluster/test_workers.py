"""Whole sessions by two workers in the cell: workers and parent are killed, and the count is exact all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dynacollect.collector.report import summary_of
from dynacollect.collector.session.journal import read_journal
from dynacollect.collector.session.lock import locked
from dynacollect.datasets.merge_sessions import merged_from
from dynacollect.datasets.raw import RawEpisode, episodes_in
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

PROGRAM = Path(__file__).with_name("cluster_run.py")
LONGEST_S = 300.0


def started(folder: Path, workers: int, episodes: int, *more: str) -> subprocess.Popen[str]:
    words = [sys.executable, str(PROGRAM), str(folder), str(workers), str(episodes), *more]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def wait_for(folder: Path, episodes: int) -> None:
    clock = HostClock()
    end = clock.now() + LONGEST_S
    while len(list(folder.glob("worker-*/episodes/[0-9]*"))) < episodes:
        assert clock.now() < end
        clock.wait_until(clock.now() + 0.05)


def wait_until_free(home: Path) -> None:
    """Its worker has ended."""
    clock = HostClock()
    end = clock.now() + LONGEST_S
    while clock.now() < end:
        try:
            with locked(home):
                return
        except DynacollectError:
            clock.wait_until(clock.now() + 0.05)
    raise AssertionError(f"{home} is still locked")


def worker_pid(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(pid) for pid in children if b"cluster.child" in Path(f"/proc/{pid}/cmdline").read_bytes())


def assert_merged(folder: Path) -> list[RawEpisode]:
    """Everything that workers have is there once and whole, and each episode has a seed and an attempt of its own."""
    merged = episodes_in(folder)
    theirs = [each for home in sorted(folder.glob("worker-*")) for each in episodes_in(home)]
    assert sorted(each.record.id for each in merged) == sorted(each.record.id for each in theirs)
    assert not [damage for each in merged for damage in each.damage()]
    wishes = [each.record.provenance["wish"] for each in merged]
    for name in ("attempt", "seed"):
        assert len({wish[name] for wish in wishes}) == len(wishes)
    told = {line["episode"]: line["attempt"] for line in read_journal(folder) if line["event"] == "verdict"}
    attempts = {each.record.number: wish["attempt"] for each, wish in zip(merged, wishes, strict=True)}
    assert all(told.get(number, attempt) == attempt for number, attempt in attempts.items())
    return merged


@pytest.mark.long
@pytest.mark.slow
def test_a_worker_that_is_killed_starts_again(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = started(folder, 2, 2)
    wait_for(folder, 1)
    os.kill(worker_pid(process.pid), signal.SIGKILL)
    assert answer(process) == {"reason": "", "interrupted": False}
    merged = assert_merged(folder)
    assert sum(each.record.verdict.success is True for each in merged) == 2
    assert {origin.session for origin in merged_from(folder)} == {"worker-00", "worker-01"}
    assert [line["reason"] for line in read_journal(folder) if line["event"] == "restart"] == ["killed by SIGKILL"]
    found = summary_of(folder)
    assert (found.episodes, found.wanted) == (2, 2)
    assert found.attempted >= len(merged)


@pytest.mark.long
@pytest.mark.slow
def test_interrupted_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = started(folder, 2, 100)
    wait_for(folder, 1)
    process.send_signal(signal.SIGINT)
    assert answer(process) == {"reason": "stopped by SIGINT", "interrupted": True}
    before = len(assert_merged(folder))
    assert answer(started(folder, 2, before + 1))["reason"] == ""
    assert len(assert_merged(folder)) > before


@pytest.mark.slow
def test_killed_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = started(folder, 2, 100)
    wait_for(folder, 1)
    process.kill()
    process.communicate()
    for home in folder.glob("worker-*"):
        wait_until_free(home)
        ends = [line for line in read_journal(home) if line["event"] == "end"]
        assert ends[-1]["reason"] == "asked to end", "who loses its parent ends safely"
    wanted = sum(each.record.verdict.success is True for home in folder.glob("worker-*") for each in episodes_in(home))
    # One worker fewer, and the count is exact.
    assert answer(started(folder, 1, wanted + 1))["reason"] == ""
    assert sum(each.record.verdict.success is True for each in assert_merged(folder)) == wanted + 1
    assert summary_of(folder).episodes == wanted + 1


@pytest.mark.long
@pytest.mark.slow
def test_on_ray(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    folder = tmp_path / "s"
    assert answer(started(folder, 1, 1, "local")) == {"reason": "", "interrupted": False}
    assert sum(each.record.verdict.success is True for each in assert_merged(folder)) == 1
