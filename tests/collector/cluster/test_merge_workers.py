"""Workers' sessions become one of the same bytes, at whatever instant the merge is killed before it is done again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from dynacollect.collector.cluster.running import merge_workers
from dynacollect.collector.report import summary_of
from dynacollect.collector.session.journal import read_journal
from dynacollect.datasets.raw import episodes_in

from ...datasets.dying import KilledError, die_at
from ...datasets.made_sessions import Course, make_session

OUTCOMES = {True: "success", False: "failure", None: "doubtful"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two workers; the last episode of the second one was committed, and its process killed before it could say so."""
    folder = tmp_path_factory.mktemp("s")
    make_session(folder / "worker-00", Course(0, 6))
    make_session(folder / "worker-01", Course(2, 7, success=False), Course(3, 6))
    for home, told in (("worker-00", 1), ("worker-01", 1)):
        tell(folder / home, told)
    return folder


def tell(home: Path, told: int) -> None:
    """The journal, with a discarded attempt before each episode."""
    lines = [{"event": "session", "settings": {"episodes": 1}}]
    for number, episode in enumerate(episodes_in(home), 1):
        lines += [{"event": "attempt", "attempt": 2 * number - 1}, verdict(2 * number - 1, "discarded", None)]
        lines += [{"event": "attempt", "attempt": 2 * number}]
        if number <= told:
            lines += [verdict(2 * number, OUTCOMES[episode.record.verdict.success], number)]
    text = "".join(json.dumps({"at": f"2026-01-31T00:00:{k:02d}+00:00", **line}) + "\n" for k, line in enumerate(lines))
    (home / "journal.jsonl").write_text(text)


def verdict(attempt: int, outcome: str, episode: int | None) -> dict[str, object]:
    return {"event": "verdict", "attempt": attempt, "outcome": outcome, "episode": episode}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


@pytest.mark.slow
def test_killed_at_any_instant_the_result_is_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path(shutil.copytree(folder, tmp_path / "whole"))
    merge_workers(whole)
    expected, step, killed = contents(whole), 0, True
    while killed:
        step += 1
        out = Path(shutil.copytree(folder, tmp_path / f"killed-{step}"))
        with monkeypatch.context() as patches:
            die_at(step, patches)
            killed = was_killed(out)
        merge_workers(out)
        assert contents(out) == expected
    assert step > 30


def was_killed(out: Path) -> bool:
    try:
        merge_workers(out)
    except KilledError:
        return True
    return False


def test_what_was_told_is_told_of_the_merged_episodes(folder: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(folder, tmp_path / "s"))
    merge_workers(out)
    merged = {each.record.number: each.record for each in episodes_in(out)}
    lines = [line for line in read_journal(out) if line["event"] == "verdict" and line["episode"] is not None]
    assert len(lines) == 2
    for line in lines:
        record = merged[line["episode"]]
        assert record.provenance["merged_from"]["session"] == line["worker"]
        assert OUTCOMES[record.verdict.success] == line["outcome"]
    found = summary_of(out)
    assert (found.discarded, found.failures) == (3, 1)
    assert found.episodes == 2, "what was committed counts, told or not"
