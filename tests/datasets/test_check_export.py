"""LeRobot data sets are judged by the rules that make sense for them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynacollect.datasets.checks import check_any
from dynacollect.datasets.checks.fix import refuse_export
from dynacollect.datasets.export import Options, build
from dynacollect.rig.errors import DynacollectError

from .damage import cut, edit_video, spoil
from .made_sessions import Course, make_session

Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    session = make_session(folder / "monday", Course(0, 26), Course(1, 24), Course(2, 30))
    build([session], folder / "mug", Options())
    return folder / "mug"


def table(pattern: str, change: Callable[[list[dict[str, Any]]], object]) -> Harm:
    """The rows of the only such file, changed in place."""

    def harm(root: Path) -> None:
        path = next(root.glob(pattern))
        old = pq.read_table(path)
        rows = old.to_pylist()
        change(rows)
        pq.write_table(pa.Table.from_pylist(rows, schema=old.schema), path)

    return harm


def rows(change: Callable[[list[dict[str, Any]]], object]) -> Harm:
    return table("data/*/*.parquet", change)


def document(name: str, change: Callable[[dict[str, Any]], object]) -> Harm:
    def harm(root: Path) -> None:
        content = json.loads((root / name).read_text())
        change(content)
        (root / name).write_text(json.dumps(content))

    return harm


def video(root: Path) -> Path:
    return next((root / "videos").glob("*side*/*/*.mp4"))


def nan_in_state(rows: list[dict[str, Any]]) -> None:
    rows[30]["observation.state"] = [float("nan"), *rows[30]["observation.state"][1:]]


HARM: dict[str, tuple[str, Harm]] = {
    "no number": ("not-a-number", rows(nan_in_state)),
    "no number in the statistics": (
        "not-a-number", document("meta/stats.json", lambda stats: stats["action"].update(mean=[float("nan")] * 7))
    ),
    "a row is gone": ("row-count", rows(lambda rows: rows.pop(30))),
    "another total": ("row-count", document("meta/info.json", lambda info: info.update(total_frames=7))),
    "another time": ("row-times", rows(lambda rows: rows[30].update(timestamp=9.0))),
    "another task": ("task-unknown", rows(lambda rows: rows[30].update(task_index=99))),
    "statistics of another set": (
        "statistics",
        document("meta/stats.json", lambda stats: stats["observation.state"].update(max=[9.0] * 6)),
    ),
    "a table without its end": ("table-unreadable", lambda root: cut(next(root.glob("data/*/*.parquet")), 900)),
    "a video is gone": ("file-missing", lambda root: video(root).unlink()),
    "a video is cut": ("frame-count", lambda root: cut(video(root), 7000)),
    "a video is spoilt": ("undecodable", lambda root: spoil(video(root), 9000, 400)),
    "on both sides": (
        "split-leakage", document("meta/splits.json", lambda lists: lists.update(val=[0], train=[0, 1, 2]))
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HARM)
def test_the_rule_that_is_meant_finds_it(what: str, made: Path, tmp_path: Path) -> None:
    rule, harm = HARM[what]
    root = Path(shutil.copytree(made, tmp_path / "mug"))
    harm(root)
    report = check_any(root)
    assert rule in {finding.rule for finding in report.findings}
    assert not report.ok


def test_nothing_is_said_of_a_sound_set(made: Path) -> None:
    report = check_any(made)
    assert report.findings == ()
    assert report.episodes == 3


def test_pictures_of_one_episode_are_told_from_those_of_its_neighbours(tmp_path: Path) -> None:
    """They share a file; the second one is black."""
    session = make_session(tmp_path / "monday", Course(0, 26), Course(1, 24), Course(2, 30))
    edit_video(session / "episodes/000002", "side_cam", lambda images: [image * 0 for image in images])
    build([session], tmp_path / "mug", Options(where="ticks > 0"))
    found = [(each.rule, each.episode, each.detail) for each in check_any(tmp_path / "mug").findings]
    assert ("black", 1, "24 of 24 pictures are black") in found
    assert {episode for rule, episode, _ in found if rule == "black"} == {1}


def test_nothing_of_it_is_set_aside(made: Path) -> None:
    with pytest.raises(DynacollectError, match="build it again"):
        refuse_export(made)


def test_an_older_layout_is_refused(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "mug"))
    document("meta/info.json", lambda info: info.update(codebase_version="v2.1"))(root)
    with pytest.raises(DynacollectError, match=r"v2\.1"):
        check_any(root)
