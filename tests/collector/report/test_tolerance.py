"""The report is written whatever became of the session: killed, torn, damaged, empty, or named by an enemy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from dynacollect.collector.commands import session as command
from dynacollect.collector.report import summary_of, write_report
from dynacollect.collector.report.events import EVENTS
from dynacollect.collector.report.reel import stills
from dynacollect.datasets.raw import RawEpisode
from dynacollect.rig.errors import DynacollectError

from ...datasets.damage import cut, edit_record
from ...datasets.made_sessions import Course, make_session, read_stamp
from .made_journals import Writer, made
from .reading import Page

COURSES = (Course(0, 26), Course(1, 30, success=False), Course(2, 24, success=None), Course(3, 25))
OUTCOMES = ("success", "failure", "doubtful", "success")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four episodes with pictures, and their journal."""
    session = make_session(tmp_path_factory.mktemp("sessions") / "monday", *COURSES)
    writer, rng = Writer(session), np.random.default_rng(0)
    writer.run(1, wanted=2)
    for number, outcome in enumerate(OUTCOMES, start=1):
        writer.attempt(number, rng, outcome, number, object="mug")
    writer.say("end", reason="all are there")
    return session


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "monday"))


def page_of(session: Path, out: Path | None = None) -> Page:
    return Page(write_report(session, out).read_text(encoding="utf-8"))


def strips(page: Page) -> list[str]:
    """Where each leads."""
    return [attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs["href"].startswith("./")]


def test_strips_lead_to_the_episodes(session: Path, tmp_path: Path) -> None:
    page = page_of(session)
    assert len(strips(page)) == sum(tag == "img" for tag, _ in page.tags)
    assert {"./episodes/000002/", "./episodes/000003/"} < {*strips(page)}
    away = tmp_path / "a folder"
    away.mkdir()
    for href in strips(page_of(session, away / "report.html")):
        assert (away / href).resolve().parent == session / "episodes"


def test_stills_are_the_pictures_of_their_ticks(recorded: Path) -> None:
    first = 0
    for number, course in enumerate(COURSES, start=1):
        video = recorded / f"episodes/{number:06d}/side_cam.mp4"
        found = stills(video, [0, 1, 7, 12, course.ticks - 1])
        assert list(found) == [0, 1, 7, 12, course.ticks - 1]
        for tick, image in found.items():
            index, camera = read_stamp(np.asarray(image, np.uint8))
            assert (camera, first + tick - index) in ((1, 0), (1, 1))
        first += course.ticks


def test_damage_is_said_and_the_rest_is_shown(session: Path) -> None:
    episodes = session / "episodes"
    (episodes / "000001/episode.json").write_text("{")
    shutil.rmtree(episodes / "000003")
    cut(episodes / "000004/opst_cam.mp4", 5000)
    (episodes / "000004/wrist_cam.mp4").write_bytes(b"no film")
    (episodes / "000002/opst_cam.mp4").unlink()
    page = page_of(session)
    assert "1 episode (1) cannot be read" in page.text
    assert "1 episode (3) told of in the journal, but no longer there" in page.text
    assert "2 of 2 kept" in page.text
    assert "./episodes/000002/" in strips(page)
    edit_record(episodes / "000002", lambda record: record.update(fps=0.0, ticks=0))
    assert "./episodes/000002/" not in strips(page_of(session))


def test_no_pictures_no_strips(session: Path) -> None:
    for path in session.rglob("*.mp4"):
        path.unlink()
    page = page_of(session)
    assert strips(page) == []
    assert "No success has pictures" in page.text


def test_an_episode_without_its_line_is_counted_by_its_record(session: Path) -> None:
    """As a kill between the commit and the journal's line leaves it."""
    whole = summary_of(session)
    journal = session / "journal.jsonl"
    lines = journal.read_text().splitlines()
    verdicts = [place for place, line in enumerate(lines) if '"verdict"' in line]
    edit_record(session / "episodes/000004", lambda record: record["provenance"].update(wish={"attempt": 4}))
    journal.write_text("\n".join(lines[: verdicts[-1]]) + "\n" + lines[verdicts[-1]][:40])
    found = summary_of(session)
    assert (found.episodes, found.attempted, found.success) == (whole.episodes, whole.attempted, whole.success)
    assert found.by_speed == whole.by_speed
    assert "1 episode (4) committed, but not told of" in page_of(session).text
    journal.unlink()
    alone = summary_of(session)
    assert (alone.episodes, alone.failures, alone.doubtful, alone.attempted) == (2, 1, 1, 4)
    assert "the journal is missing or empty" in page_of(session).text


def test_nothing_at_all_is_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    page = page_of(tmp_path)
    assert "0 kept" in page.text
    writer = Writer(tmp_path)
    writer.run(1, wanted=3)
    assert "0 of 3 kept" in page_of(tmp_path).text
    writer.attempt(1, np.random.default_rng(0), "success", 1)
    assert "1 of 3 kept" in page_of(tmp_path).text


@pytest.mark.parametrize("seed", range(4))
def test_torn_and_odd_lines_are_passed_over(tmp_path: Path, seed: int) -> None:
    """Cut anywhere, or with any value of any field replaced, the page is written and well-formed."""
    made(tmp_path, seed, count=24)
    path, rng = tmp_path / "journal.jsonl", np.random.default_rng(seed)
    raw = path.read_bytes()
    odd = (None, "word", -1, 1e308, True, [], [None], {}, {"says": "?"}, "\ud800", [1, 2], [["a"]], 10**30, "9" * 5000)
    lines = []
    for text in raw.splitlines():
        try:
            line: dict[str, Any] = json.loads(text)
        except ValueError:
            continue
        keys = [*line]
        line[keys[rng.integers(len(keys))]] = odd[rng.integers(len(odd))]
        lines.append(json.dumps(line))
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n[1]\nNaN\n" + raw[: rng.integers(len(raw))])
    page = page_of(tmp_path)
    found = summary_of(tmp_path)
    assert found.attempted >= found.episodes + found.failures + found.doubtful + found.discarded
    assert f"{found.episodes:,}" in page.text


def test_every_field_may_be_missing(tmp_path: Path) -> None:
    for event in EVENTS:
        with (tmp_path / "journal.jsonl").open("a") as file:
            file.write(json.dumps({"event": event}) + "\n")
    assert summary_of(tmp_path).attempted == 1
    page_of(tmp_path)


def test_hostile_names_are_escaped(session: Path, tmp_path: Path) -> None:
    evil = "</svg></style><script>alert('x')</script>\"><img src=http://evil.example/ onerror=x>\x00\u202e&amp;"
    hostile = session.rename(tmp_path / "<b onclick='x'>&\"monday?#%41")
    writer, rng = Writer(hostile), np.random.default_rng(1)
    writer.say(
        "session", run=2, version=evil, settings={"rig": evil, "robot": evil, "tasks": [evil], "objects": [evil]}
    )
    writer.say("check", name=evil, ok=False, detail=evil, remedy=evil)
    for number, outcome in enumerate(("failure", "doubtful", "success"), start=5):
        names = {"object": evil, "task": evil, "launcher": evil, "place": evil}
        writer.attempt(number, rng, outcome, number - 3, **names)
    writer.say("verdict", attempt=9, outcome="failure", episode=2, reason=evil, phases=[[evil, 3]], cycle_s=3)
    writer.say("reset", attempt=9, tries=3, ok=False, reason=evil)
    writer.say("fault", name=evil, device=evil, detail=evil)
    writer.say("deed", name=evil, device=evil, deed=evil, ok=False)
    writer.say("call", name=evil, device=evil, reason=evil, remedy=evil)
    writer.say("quarantine", object=evil, reason=evil)
    writer.say("drift", cameras={evil: 0.4})
    writer.say("end", reason=evil)
    edit_record(
        hostile / "episodes/000002", lambda record: record["phases"].__setitem__(1, [4, evil, evil])
    )  # fmt: skip
    page = page_of(hostile)
    assert not {"script", "b onclick"} & {tag for tag, _ in page.tags}
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")]
        assert attrs.get("src", "data:").startswith("data:")
        assert attrs.get("href", "#").startswith(("#", "./"))
    assert "<script>alert('x')</script>" in page.text
    assert "Session <b onclick='x'>&\"monday?#%41" in page.text
    assert strips(page)


def test_a_page_that_is_named_is_never_overwritten(session: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("mine")
    with pytest.raises(DynacollectError, match="exists already; name another file"):
        write_report(session, out)
    assert out.read_text() == "mine"
    with pytest.raises(DynacollectError, match="cannot write"):
        write_report(session, tmp_path / "nowhere" / "page.html")
    assert [path.name for path in session.iterdir() if "report" in path.name] == []


def test_the_command_says_the_figures(session: Path) -> None:
    app = typer.Typer()
    app.command()(command.report)
    done = CliRunner().invoke(app, [str(session), "--json"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert (found["episodes"], found["attempted"], found["success"], found["doubtful"]) == (2, 4, 0.5, 1)
    assert found["report"] == str(session / "report.html")
    assert Page((session / "report.html").read_text(encoding="utf-8"))
    assert RawEpisode.open(session / "episodes/000001").damage() == []
    plain = CliRunner().invoke(app, [str(session)], catch_exceptions=False)
    assert plain.stdout.startswith("2 of 2 kept, 50.0% of 4 with a verdict")
