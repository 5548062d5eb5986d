"""Sessions become one with nothing lost, doubled or changed, whenever the merge is killed and however often done."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dynacollect.datasets.checks import EVERY, check_session
from dynacollect.datasets.checks.record_rules import changed_files, misnumbered, unreadable
from dynacollect.datasets.merge_sessions import PLAN, STAGE, Origin, merge_sessions, merged_from
from dynacollect.datasets.raw import RawEpisode, episodes_in
from dynacollect.rig.errors import DynacollectError

from .dying import KilledError, die_at
from .made_sessions import Course, make_session


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made")
    make_session(home / "worker-00", Course(0, 8), Course(1, 10, success=False))
    make_session(home / "worker-01", Course(2, 9), Course(3, 8), Course(4, 7, success=None))
    return home


@pytest.fixture
def sources(made: Path, tmp_path: Path) -> list[Path]:
    return [Path(shutil.copytree(path, tmp_path / path.name)) for path in sorted(made.iterdir())]


def contents(session: Path) -> dict[str, str]:
    return {
        str(path.relative_to(session)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(session.rglob("*")) if path.is_file()
    }  # fmt: skip


def by_id(*sessions: Path) -> dict[str, RawEpisode]:
    return {each.record.id: each for session in sessions for each in episodes_in(session)}


def assert_merged(sources: list[Path], out: Path) -> None:
    merged, told = episodes_in(out), by_id(*sources)
    assert [each.record.number for each in merged] == list(range(1, len(told) + 1))
    assert [each.folder.name for each in merged] == [f"{number:06d}" for number in range(1, len(told) + 1)]
    assert {each.record.id for each in merged} == told.keys()
    assert [each.record.started for each in merged] == sorted(each.record.started for each in merged)
    for each, origin in zip(merged, merged_from(out), strict=True):
        source = told[each.record.id]
        assert (source.folder.parents[1].name, source.record.number) == (origin.session, origin.number)
        came = {"merged_from": {"session": origin.session, "number": origin.number}}
        expected = source.record.model_copy(
            update={"number": each.record.number, "provenance": {**source.record.provenance, **came}}
        )
        assert each.record == expected
        assert not each.damage()
        for kept in each.record.files:
            assert (each.folder / kept.file).samefile(source.folder / kept.file), "the same file costs no room"
    assert not (out / STAGE).exists()


def test_all_episodes_are_there_once_as_they_were(sources: list[Path], tmp_path: Path) -> None:
    before, out = [contents(source) for source in sources], tmp_path / "all"
    merge_sessions(sources, out)
    assert_merged(sources, out)
    assert [contents(source) for source in sources] == before
    after = contents(out)
    merge_sessions(sources, out)
    assert contents(out) == after
    rules = [rule.name for rule in EVERY if rule.find in (misnumbered, changed_files, unreadable)]
    assert len(rules) == 3
    assert not check_session(out, rules).findings


def test_a_merge_grows_and_numbers_stay(sources: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all"
    merge_sessions(sources, out)
    before = contents(out / "episodes")
    make_session(sources[0], Course(5, 8))
    merge_sessions(sources, out)
    assert_merged(sources, out)
    assert before.items() <= contents(out / "episodes").items()
    assert merged_from(out)[-1] == Origin("worker-00", 3)


def test_what_the_provenance_shall_say_is_said(sources: list[Path], tmp_path: Path) -> None:
    def retold(session: str, provenance: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**provenance, "version": f"{provenance['version']} of {session}"}

    merge_sessions(sources, tmp_path / "all", retold)
    said = {each.record.provenance["version"] for each in episodes_in(tmp_path / "all")}
    assert said == {"test of worker-00", "test of worker-01"}


def test_what_was_set_aside_stays_there(sources: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all"
    merge_sessions(sources, out)
    (out / "set_aside").mkdir()
    (out / "episodes/000002").rename(out / "set_aside/000002")
    merge_sessions(sources, out)
    assert sorted(path.name for path in (out / "episodes").iterdir()) == ["000001", "000003", "000004", "000005"]


def test_without_second_names_it_copies(sources: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    merge_sessions(sources, tmp_path / "all")
    assert not [damage for each in episodes_in(tmp_path / "all") for damage in each.damage()]
    assert len(episodes_in(tmp_path / "all")) == 5


def test_what_cannot_be_merged_is_refused(sources: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="episodes of its own"):
        merge_sessions(sources[:1], sources[1])
    with pytest.raises(DynacollectError, match="the same name"):
        merge_sessions([sources[0], tmp_path / "b" / sources[0].name], tmp_path / "all")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / PLAN).write_text(json.dumps({"format": 99, "episodes": []}))
    with pytest.raises(DynacollectError, match="newer than"):
        merge_sessions(sources, tmp_path / "odd")


def test_killed_at_any_instant_it_goes_on(sources: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in sources:
        for folder in sorted((source / "episodes").iterdir())[1:]:
            shutil.rmtree(folder)
    step, killed = 0, True
    while killed:
        step, out = step + 1, tmp_path / f"killed-{step}"
        with monkeypatch.context() as patches:
            die_at(step, patches)
            killed = was_killed(sources, out)
        whole = episodes_in(out) if (out / "episodes").is_dir() else []
        assert not [damage for each in whole for damage in each.damage()]
        assert len({each.record.id for each in whole}) == len(whole)
        merge_sessions(sources, out)
        assert_merged(sources, out)
    assert step > 20


def was_killed(sources: list[Path], out: Path) -> bool:
    try:
        merge_sessions(sources, out)
    except KilledError:
        return True
    return False
