"""The journal survives whatever ends a process: what was said stays, what was half said spoils nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dynacollect.collector.session.journal import FILE, Journal, read_journal


def written(folder: Path, count: int) -> bytes:
    journal = Journal(folder)
    for number in range(count):
        journal.say("verdict", attempt=number, reason=f"gröber Unfug {number}", speed=float("nan"), at_all=np.arange(2))
    journal.close()
    return (folder / FILE).read_bytes()


def test_it_is_read_as_it_was_said(tmp_path: Path) -> None:
    written(tmp_path, 3)
    lines = list(read_journal(tmp_path))
    assert [line["attempt"] for line in lines] == [0, 1, 2]
    assert lines[0]["speed"] is None
    assert lines[0]["at_all"] == [0, 1]


def test_cut_anywhere_and_gone_on_with(tmp_path: Path) -> None:
    whole = written(tmp_path, 3)
    for cut in range(len(whole)):
        (tmp_path / FILE).write_bytes(whole[:cut])
        journal = Journal(tmp_path)
        journal.say("end", reason="")
        journal.close()
        lines = list(read_journal(tmp_path))
        assert lines[-1]["event"] == "end"
        assert [line["attempt"] for line in lines[:-1]] == list(range(len(lines) - 1))
        assert len(lines) - 1 >= whole[:cut].count(b"\n")


def test_nothing_that_was_there_changes(tmp_path: Path) -> None:
    whole = written(tmp_path, 2)
    (tmp_path / FILE).write_bytes(whole + b'{"event": "ver')
    journal = Journal(tmp_path)
    journal.say("end")
    journal.close()
    assert (tmp_path / FILE).read_bytes().startswith(whole + b'{"event": "ver\n')


@pytest.mark.parametrize("junk", [b"\x00\x01\xff\n", b"[1, 2]\n", b"null\n", b"{}\n", b"\n"])
def test_junk_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    whole = written(tmp_path, 1)
    (tmp_path / FILE).write_bytes(junk + whole + junk)
    assert len(list(read_journal(tmp_path))) == 1


def test_those_who_look_on_are_told(tmp_path: Path) -> None:
    heard: list[str] = []
    journal = Journal(tmp_path, lambda line: heard.append(json.dumps(line)))
    journal.say("call", reason="why")
    journal.close()
    assert heard == [json.dumps(line) for line in read_journal(tmp_path)]


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path)) == []
