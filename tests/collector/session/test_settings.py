"""A session goes on only with what it was begun with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dynacollect.collector.session.settings import FILE, Settings, keep
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError

FIRST = Settings(load_rig("cell"), ("pick",), ("apple", "can"), 10, 1, "truth", False)


def test_the_same_line_goes_on_and_more_episodes_may_be_wanted(tmp_path: Path) -> None:
    for each in (FIRST, FIRST, replace(FIRST, episodes=500), replace(FIRST, patience_s=3.0)):
        keep(tmp_path, each)


@pytest.mark.parametrize(
    "other",
    [
        replace(FIRST, seed=2), replace(FIRST, tasks=("place",)), replace(FIRST, objects=("apple",)),
        replace(FIRST, state="vision"), replace(FIRST, images=True), replace(FIRST, top_speed=0.3),
        replace(FIRST, rig=load_rig("cell-piper")),
    ],
)  # fmt: skip
def test_another_line_is_refused_and_changes_nothing(tmp_path: Path, other: Settings) -> None:
    keep(tmp_path, FIRST)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(DynacollectError, match=r"was begun with .*; give the same line again"):
        keep(tmp_path, other)
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_spoilt_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DynacollectError, match="remove it to go on"):
        keep(tmp_path, FIRST)
