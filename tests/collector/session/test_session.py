"""Whole sessions in the cell, without pictures: counts, resuming, stopping, and an arm that is left alone in time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dynacollect.collector.session.fault_table import rule_of
from dynacollect.collector.session.journal import read_journal
from dynacollect.collector.session.retiring import Retiring
from dynacollect.collector.session.running import Ran, Run, run_session
from dynacollect.collector.session.setting import Scene
from dynacollect.collector.session.settings import Settings
from dynacollect.collector.session.supervisor import Stop
from dynacollect.controllers.machine import TaskName
from dynacollect.datasets.raw.reader import episodes_in
from dynacollect.rig.cell.arm import CellArm
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import SetPoints, Verdict
from dynacollect.rig.rig import Rig

OBJECTS = ("apple", "cube", "tennis_ball")
LONG = pytest.mark.long


def settings(episodes: int, **more: Any) -> Settings:
    config = load_rig("cell")
    if (attendant := more.pop("attendant_s", None)) is not None:
        config = config.model_copy(update={"cell": config.cell.model_copy(update={"attendant_s": attendant})})
    return Settings(config, ("pick",), OBJECTS, episodes, 3, "truth", False, 0.35, patience_s=20.0, **more)


def collected(folder: Path, episodes: int, run: Run | None = None, **more: Any) -> Ran:
    return run_session(folder, settings(episodes, **more), run or Run())


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    return [line for line in read_journal(folder) if line["event"] == name]


def assert_whole(folder: Path) -> Counter[str]:
    """Every episode reads, was told of once, and has an attempt of its own; the outcomes."""
    episodes = episodes_in(folder)
    assert not [damage for episode in episodes for damage in episode.damage()]
    attempts = [episode.record.provenance["wish"]["attempt"] for episode in episodes]
    assert len(set(attempts)) == len(attempts)
    told = Counter(line["attempt"] for line in events(folder, "verdict"))
    assert not told or max(told.values()) == 1
    return Counter(str(episode.record.verdict.success) for episode in episodes)


@pytest.mark.slow
def test_it_collects_what_was_asked_for_and_goes_on_where_it_was(tmp_path: Path) -> None:
    assert collected(tmp_path, 2).reason == ""
    assert assert_whole(tmp_path)["True"] == 2
    before = {path: path.read_bytes() for path in (tmp_path / "episodes").rglob("*") if path.is_file()}
    assert collected(tmp_path, 3).reason == ""
    assert assert_whole(tmp_path)["True"] == 3
    assert all(path.read_bytes() == data for path, data in before.items())
    assert [line["run"] for line in events(tmp_path, "session")] == [1, 2]
    attempts = [line["attempt"] for line in events(tmp_path, "attempt")]
    assert attempts == sorted(set(attempts))
    # Nothing is left to do.
    lines = len(events(tmp_path, "attempt"))
    assert collected(tmp_path, 3).reason == ""
    assert len(events(tmp_path, "attempt")) == lines


@pytest.mark.slow
def test_an_episode_says_where_it_comes_from(tmp_path: Path) -> None:
    collected(tmp_path, 1)
    record = episodes_in(tmp_path)[0].record
    said = record.provenance
    assert record.instructions[0].startswith("pick up the ")
    assert record.things[0].role == "target"
    assert said["wish"]["object"] == record.things[0].name
    assert said["config"]["arm"]["model"] == "franka-panda"
    assert said["arm"]["firmware"] == "cell-1"
    assert record.phases
    assert record.ticks > 20


@pytest.mark.slow
def test_stopped_in_the_middle_of_an_attempt(tmp_path: Path) -> None:
    stop = Stop()

    def ask(*_: object) -> None:
        stop.reason = "enough"

    ran = collected(tmp_path, 50, Run(judge=ask, stop=stop))
    assert ran.interrupted
    assert ran.reason == "enough"
    assert sum(assert_whole(tmp_path).values()) == 1
    assert events(tmp_path, "end")[-1]["reason"] == "enough"


@pytest.mark.slow
@pytest.mark.parametrize("order", ["arm.reflex@4", "gripper.jammed@3"])
def test_what_can_be_mended_is_mended(tmp_path: Path, order: str) -> None:
    assert collected(tmp_path, 2, Run(faults=(order,))).reason == ""
    assert assert_whole(tmp_path)["True"] == 2
    names = {line["name"] for line in events(tmp_path, "fault")}
    assert names
    deeds = events(tmp_path, "deed")
    assert deeds
    assert deeds[-1]["ok"]
    assert not events(tmp_path, "call")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("bus_off", 4),
        ("torn", 9),
        pytest.param("frozen", 4, marks=LONG),
        pytest.param("clamped", 9, marks=LONG),
        pytest.param("all_zero", 4, marks=LONG),
    ],
)
def test_an_arm_that_must_stand_is_not_commanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    plain, barred, sent = CellArm.command, list[str](), 0

    def command(self: CellArm, setpoints: SetPoints) -> None:
        nonlocal sent
        sent += 1
        standing = [rule_of("arm", one.name) for one in self.health().faults if not one.name.startswith("gripper")]
        barred.extend(rule.name for rule in standing if rule.ends)
        plain(self, setpoints)

    monkeypatch.setattr(CellArm, "command", command)
    ran = collected(tmp_path, 2, Run(faults=(f"arm.{name}@{at}+2",)), attendant_s=5.0)
    assert ran.reason == ""
    assert events(tmp_path, "fault") or events(tmp_path, "not home")
    assert sent > 100
    assert not barred


@pytest.mark.slow
@pytest.mark.parametrize("task", [pytest.param("place", marks=LONG), "long-horizon"])
def test_what_was_put_down_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: TaskName) -> None:
    """Verdicts are those of the truth, and still are once the arm has gone home."""
    plain, wins, truth = Retiring.home, list[tuple[bool, bool | None]](), Counter[bool]()

    def judge(rig: Rig, _: object, scene: Scene, __: object, found: Verdict) -> None:
        placed = Truth(rig).placed
        wins.append((all(placed(key).success for key in scene.targets), found.success))
        monkeypatch.setattr(Retiring, "home", home_then(lambda: all(placed(key).success for key in scene.targets)))

    def home_then(placed: Callable[[], bool]) -> Callable[[Retiring], str]:
        def home(self: Retiring) -> str:
            why = plain(self)
            truth[placed()] += 1
            monkeypatch.setattr(Retiring, "home", plain)
            return why

        return home

    assert run_session(tmp_path, replace(settings(1), tasks=(task,)), Run(judge=judge)).reason == ""
    assert all(true == found for true, found in wins if found is not None)
    assert truth[True] == sum(true for true, _ in wins) >= 1
    assert not events(tmp_path, "call")


@pytest.mark.slow
def test_a_person_is_called_and_comes(tmp_path: Path) -> None:
    assert collected(tmp_path, 2, Run(faults=("arm.power_cut@4",)), attendant_s=5.0).reason == ""
    assert [line["name"] for line in events(tmp_path, "call")] == ["drives_off"]
    assert events(tmp_path, "answered")[0]["seconds"] == pytest.approx(5.0, abs=1.0)
    assert assert_whole(tmp_path)["True"] == 2


@pytest.mark.slow
def test_nobody_comes(tmp_path: Path) -> None:
    rung: list[str] = []
    ran = collected(tmp_path, 3, Run(faults=("arm.power_cut@4",), ring=lambda reason, _: rung.append(reason)))
    assert ran.reason == "nobody came"
    assert not ran.interrupted
    assert len(rung) == 1
    assert "no power" in rung[0]


@pytest.mark.slow
def test_an_object_that_never_comes_is_given_up(tmp_path: Path) -> None:
    ran = collected(tmp_path, 2, Run(faults=("stage.missing@0+1000",)))
    assert ran.reason == "nobody came"
    assert {line["object"] for line in events(tmp_path, "quarantine")} == set(OBJECTS)
    assert not episodes_in(tmp_path)


@pytest.mark.slow
def test_what_does_not_start_is_set_anew(tmp_path: Path) -> None:
    assert collected(tmp_path, 1, Run(faults=("stage.stuck@0+6",))).reason == ""
    assert assert_whole(tmp_path)["True"] == 1


@pytest.mark.slow
def test_two_at_once_are_refused(tmp_path: Path) -> None:
    def again(*_: object) -> None:
        with pytest.raises(DynacollectError, match="being collected into now"):
            collected(tmp_path, 1)
        stop.reason = "enough"

    stop = Stop()
    assert collected(tmp_path, 9, Run(judge=again, stop=stop)).reason == "enough"


LINE = ("collect", "--state", "truth", "--no-images", "--objects", "apple,cube", "--seed", "5", "--json")


def started(folder: Path, episodes: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "dynacollect", *LINE, "--out", str(folder), "--episodes", str(episodes)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_episodes(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list((folder / "episodes").glob("[0-9]*"))) < count and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.slow
def test_interrupted_and_killed_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    process = started(folder, 100)
    wait_for_episodes(folder, 1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "SIGINT" in json.loads(out)["reason"]
    have = len(list((folder / "episodes").glob("[0-9]*")))
    process = started(folder, 100)
    wait_for_episodes(folder, have + 1)
    process.kill()
    process.communicate(timeout=60)
    kept = assert_whole(folder)["True"]
    process = started(folder, kept + 1)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert document["episodes"] == kept + 1 == assert_whole(folder)["True"]
    assert document["attempted"] >= document["episodes"]
    assert Path(document["report"]).exists()
    assert "killed" in document["faults"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--task", "juggle"), "there is no task 'juggle'"),
        (("--objects", "unicorn"), "no object"),
        (("--state", "vision", "--no-images"), "leaves nothing to track"),
        (("--webhook", "ftp://x"), "is no address"),
        (("--rig", "nowhere.yaml"), "nowhere.yaml"),
        (("--fault", "arm.hiccups@3"), "no fault 'hiccups'"),
        (("--calibration", "nowhere.yaml", "--state", "vision", "--images"), "nowhere.yaml"),
    ],
)
def test_wrong_lines(
    tmp_path: Path,
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dynacollect.collector.cli import main

    line = ["dynacollect", "collect", "--out", str(tmp_path / "s"), "--state", "truth", "--no-images", *words]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert said in " ".join(error.split())
    assert "Traceback" not in error


@pytest.mark.slow
def test_an_attempt_that_goes_wrong_is_left_out_and_the_next_one_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynacollect.collector.session import session as loop

    whole, calls = loop.expert_for, []

    def at_times(*words: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) in (1, 3):
            raise DynacollectError("a camera sends no pictures; look at its cable")
        return whole(*words, **more)

    monkeypatch.setattr(loop, "expert_for", at_times)
    assert collected(tmp_path, 2).reason == ""
    assert assert_whole(tmp_path)["True"] == 2
    assert [line["name"] for line in events(tmp_path, "fault")].count("surprise") == 2
    assert not list((tmp_path / "in_flight").iterdir())


@pytest.mark.slow
def test_what_goes_wrong_again_and_again_is_a_persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dynacollect.collector.session import session as loop

    def never(*_: Any, **__: Any) -> Any:
        raise DynacollectError("a camera sends no pictures; look at its cable")

    monkeypatch.setattr(loop, "expert_for", never)
    assert collected(tmp_path, 2).reason == "nobody came"
    assert len(events(tmp_path, "attempt")) == loop.SURPRISES
    assert "look at its cable" in events(tmp_path, "call")[0]["reason"]
