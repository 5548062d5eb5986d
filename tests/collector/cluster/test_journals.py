"""The merged journal counts what its workers' journals count together, in the order of time, however often made."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dynacollect.collector.cluster.journals import attempt_of, merge_journals
from dynacollect.collector.report import SessionSummary, summary_of
from dynacollect.collector.session.journal import Journal, read_journal

from ..report.made_journals import made

WORKERS = 3


@pytest.fixture(params=range(3))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for worker in range(WORKERS):
        made(tmp_path / f"worker-{worker:02d}", seed=10 * request.param + worker, count=40 + worker)
    return tmp_path


def homes(folder: Path) -> list[Path]:
    return sorted(folder.glob("worker-*"))


def merged(folder: Path) -> list[dict[str, Any]]:
    """Every worker's episodes under numbers of their own."""
    numbers = {
        (home.name, line["episode"]): 1000 * k + line["episode"]
        for k, home in enumerate(homes(folder)) for line in read_journal(home) if line.get("episode")
    }  # fmt: skip
    merge_journals(folder, homes(folder), numbers)
    return list(read_journal(folder))


def test_the_summary_is_the_sum_of_the_workers(folder: Path) -> None:
    with_settings(folder)
    merged(folder)
    found, each = summary_of(folder), [summary_of(home) for home in homes(folder)]
    for name in ("episodes", "attempted", "failures", "doubtful", "discarded", "human_calls"):
        assert getattr(found, name) == sum(getattr(one, name) for one in each) > 0, name
    assert by_speed(found) == sum((by_speed(one) for one in each), Counter())
    assert by_object(found) == sum((by_object(one) for one in each), Counter())
    for name, fault in found.faults.items():
        theirs = [one.faults[name] for one in each if name in one.faults]
        for count in ("seen", "recovered", "stopped"):
            assert getattr(fault, count) == sum(getattr(one, count) for one in theirs), (name, count)
    times = [datetime.fromisoformat(line["at"]) for line in read_journal(folder)]
    assert found.seconds == pytest.approx((times[-1] - times[0]).total_seconds(), abs=5.0), "of all at once"
    assert found.wanted == 1234, "of the whole, not a worker's share"


def with_settings(folder: Path) -> None:
    """What the session itself says before its workers begin."""
    line = {"event": "session", "run": 1, "settings": {"episodes": 1234}}
    earliest = min(str(line["at"]) for home in homes(folder) for line in read_journal(home))
    (folder / "journal.jsonl").write_text(json.dumps({**line, "at": earliest}) + "\n")


def by_speed(found: SessionSummary) -> Counter[tuple[float | None, str]]:
    counts: Counter[tuple[float | None, str]] = Counter()
    for one in found.by_speed:
        counts += Counter({(one.lo, "n"): one.n, (one.lo, "success"): round(one.n * one.success)})
    return counts


def by_object(found: SessionSummary) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for name, one in found.by_object.items():
        counts += Counter({(name, "n"): one.n, (name, "wins"): one.wins})
    return counts


def test_every_line_is_there_once_in_the_order_of_time(folder: Path) -> None:
    lines = merged(folder)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    for home in homes(folder):
        own = list(read_journal(home))
        theirs = [line for line in lines if line["worker"] == home.name]
        assert [line["at"] for line in theirs] == [line["at"] for line in own]
        told = [(line["attempt"], attempt_of(home.name, was["attempt"])) for line, was in zip(theirs, own, strict=True)
                if "attempt" in was]  # fmt: skip
        assert told
        assert all(now == expected for now, expected in told)
    begun = [line["attempt"] for line in lines if line["event"] == "attempt"]
    assert len(set(begun)) == len(begun)
    numbers = [line["episode"] for line in lines if line["event"] == "verdict" and line["episode"] is not None]
    assert len(set(numbers)) == len(numbers)


def test_what_the_session_said_itself_stays(folder: Path) -> None:
    journal = Journal(folder)
    journal.say("session", run=1, settings={"episodes": 99})
    journal.say("end", reason="enough")
    journal.close()
    first = merged(folder)
    assert [line["event"] for line in first if "worker" not in line] == ["session", "end"]
    assert merged(folder) == first
    made(folder / "worker-07", seed=7, count=4)
    assert len(merged(folder)) == len(first) + len(list(read_journal(folder / "worker-07")))


def test_a_clock_that_steps_back_leaves_the_order_of_a_worker(tmp_path: Path) -> None:
    home = tmp_path / "worker-00"
    home.mkdir()
    hours = (3, 1, 2, 5)
    lines = [{"at": f"2026-01-31T0{hour}:00:00.000+00:00", "event": "odd", "k": k} for k, hour in enumerate(hours)]
    (home / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    merge_journals(tmp_path, [home], {})
    assert [line["k"] for line in read_journal(tmp_path)] == [0, 1, 2, 3]
