"""Workers are started again a bounded number of times, and all are asked to end when somebody wants that."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dynacollect.collector.cluster import Cluster, run_workers
from dynacollect.collector.cluster.following import Following
from dynacollect.collector.cluster.job import Ended, How, Job
from dynacollect.collector.cluster.pool import TRIES, run_all
from dynacollect.collector.cluster.process import Process
from dynacollect.collector.session.settings import Settings
from dynacollect.collector.session.supervisor import Stop
from dynacollect.rig.clock import HostClock
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError

CRASHED = Ended(How.CRASHED, "killed by SIGKILL")


@dataclass
class Scripted:
    """Ends as it is told, after an attempt or not."""

    home: Path
    ends: list[Ended | None]
    attempts: bool = False
    asked: list[str] = field(default_factory=list)

    def ended(self) -> Ended | None:
        if self.asked:
            return Ended(How.ENDED, "asked to end")
        if self.attempts:
            with (self.home / "journal.jsonl").open("a") as file:
                file.write(json.dumps({"event": "verdict", "outcome": "success"}) + "\n")
        return self.ends.pop(0)

    def stop(self) -> None:
        self.asked.append("stop")

    def kill(self) -> None:
        self.asked.append("kill")


def jobs(home: Path, count: int) -> list[Job]:
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 1, state="vision")
    found = [Job(home / f"worker-{worker:02d}", settings) for worker in range(count)]
    for job in found:
        job.home.mkdir()
    return found


def quiet(*_: object) -> None:
    pass


def test_one_that_keeps_crashing_is_given_up(tmp_path: Path) -> None:
    said: list[str] = []
    found = run_all(
        jobs(tmp_path, 1), lambda job: Scripted(job.home, [CRASHED]), Stop(), lambda _, why: said.append(why), quiet
    )
    assert found == {"worker-00": CRASHED}
    assert said == [CRASHED.reason] * (TRIES - 1)


@pytest.mark.slow
def test_one_that_gets_on_in_between_is_not(tmp_path: Path) -> None:
    left = [CRASHED] * (3 * TRIES) + [Ended(How.DONE)]
    shown: list[int] = []
    found = run_all(
        jobs(tmp_path, 1), lambda job: Scripted(job.home, [left.pop(0)], attempts=True), Stop(), quiet, shown.append
    )
    assert found["worker-00"].how == How.DONE
    assert shown == sorted(shown)
    assert shown[-1] == 3 * TRIES + 1


def test_all_are_asked_to_end_and_none_is_started_again(tmp_path: Path) -> None:
    stop, workers = Stop(), list[Scripted]()

    def start(job: Job) -> Scripted:
        workers.append(Scripted(job.home, [None] * 1000))
        return workers[-1]

    def look(_: int) -> None:
        stop.reason = "enough"

    found = run_all(jobs(tmp_path, 3), start, stop, quiet, look)
    assert [worker.asked for worker in workers] == [["stop"]] * 3
    assert {end.how for end in found.values()} == {How.ENDED}


def test_who_leaves_in_a_hurry_kills_them(tmp_path: Path) -> None:
    workers = list[Scripted]()

    def start(job: Job) -> Scripted:
        workers.append(Scripted(job.home, [None] * 1000))
        return workers[-1]

    def hurry(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(jobs(tmp_path, 2), start, Stop(), quiet, hurry)
    assert [worker.asked for worker in workers] == [["kill"]] * 2


def test_a_journal_is_read_on_line_by_line(tmp_path: Path) -> None:
    following, path = Following(tmp_path), tmp_path / "journal.jsonl"
    assert not following.news()
    line = json.dumps({"event": "verdict", "outcome": "success"}).encode()
    path.write_bytes(line + b"\n" + line[:20])
    assert following.news()
    assert following.kept == 1
    assert not following.news()
    with path.open("ab") as file:
        file.write(line[20:] + b"\n{torn\n" + json.dumps({"event": "verdict", "outcome": "failure"}).encode() + b"\n")
    assert following.news()
    assert following.kept == 2


def test_a_process_that_is_killed_has_crashed(tmp_path: Path) -> None:
    (job,) = jobs(tmp_path, 1)
    process, clock = Process(job), HostClock()
    assert process.ended() is None
    process.kill()
    end = clock.now() + 20.0
    while (found := process.ended()) is None and clock.now() < end:
        clock.wait_until(clock.now() + 0.05)
    assert found == CRASHED


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 1, state="vision")
    with pytest.raises(DynacollectError, match=r"Ray is not installed; .*cluster"):
        run_workers(tmp_path / "s", settings, Cluster(2, "local"))


@pytest.mark.slow
def test_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 1, state="vision")
    with pytest.raises(DynacollectError, match=r"no Ray cluster answers at 127\.0\.0\.1:1 "):
        run_workers(tmp_path / "s", settings, Cluster(2, "127.0.0.1:1"))


def test_folders_of_another_kind_are_refused(tmp_path: Path) -> None:
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 1, state="vision")
    (tmp_path / "journal.jsonl").write_text('{"event": "attempt", "attempt": 1}\n')
    with pytest.raises(DynacollectError, match="begun without --workers"):
        run_workers(tmp_path, settings, Cluster(2))
    lost = tmp_path / "lost"
    lost.mkdir()
    (lost / "merged.json").write_text('{"format": 1, "episodes": [["worker-03", 1]]}')
    with pytest.raises(DynacollectError, match="has lost worker-03"):
        run_workers(lost, settings, Cluster(2))


@pytest.mark.slow
def test_when_no_worker_can_begin_the_reason_is_said_once(tmp_path: Path) -> None:
    settings = Settings(load_rig("cell"), ("pick",), ("apple",), 4, state="vision")
    with pytest.raises(DynacollectError, match="calibration") as refused:
        run_workers(tmp_path / "s", settings, Cluster(2))
    assert str(refused.value).count("has no calibration") == 1
