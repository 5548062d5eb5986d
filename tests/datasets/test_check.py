"""Whatever is done to an episode, the rule that is meant for it names it, and nothing is said of sound ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from dynacollect.collector.commands import dataset_check
from dynacollect.datasets.checks import EVERY, check_session, rules_named
from dynacollect.datasets.checks.fix import fix
from dynacollect.rig.errors import DynacollectError

from .damage import cut, messages, record_of, rewrite
from .harm import HARM, SIDE, each, grips, pictures, recorded
from .made_sessions import Course, make_session


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    courses = (Course(0, 26), Course(1, 30), Course(2, 24, success=False))
    return make_session(tmp_path_factory.mktemp("sessions") / "monday", *courses)


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "monday"))


def second(session: Path) -> Path:
    return session / "episodes/000002"


def names_of(session: Path) -> dict[str, set[int | None]]:
    found: dict[str, set[int | None]] = {}
    for finding in check_session(session).findings:
        found.setdefault(finding.rule, set()).add(finding.episode)
    return found


OF_SETS = {rule.name for rule in EVERY if rule.looks_at == "set"}


@pytest.mark.parametrize("what", HARM)
def test_the_rule_that_is_meant_names_the_episode(what: str, session: Path) -> None:
    rule, harm = HARM[what]
    if rule not in OF_SETS:
        # Nothing of the others is looked at.
        for other in ("000001", "000003"):
            shutil.rmtree(session / "episodes" / other)
    harm(second(session))
    found = names_of(session)
    assert rule in found
    # The calibration changes back with the next episode, and a copy is the later one.
    assert found[rule] <= {2, 3, 4, None}
    assert found[rule] & {2, 4, None}
    assert all(1 not in episodes for episodes in found.values())


def test_every_rule_of_sessions_has_its_harm() -> None:
    named = {rule for rule, _ in HARM.values()} | {"outlier"}
    assert named == {rule.name for rule in EVERY if rule.looks_at != "table"}
    assert len({rule.name for rule in EVERY}) == len(EVERY)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_said_of_sound_sessions(seed: int, tmp_path: Path) -> None:
    courses = (Course(seed, 25 + seed, missing=(7,)), Course(seed + 10, 24, success=bool(seed % 2)))
    report = check_session(make_session(tmp_path / "session", *courses))
    assert report.findings == ()
    assert report.ok
    assert report.episodes == 2


@pytest.mark.slow
def test_an_episode_unlike_the_others_is_an_outlier(tmp_path: Path) -> None:
    courses = [Course(seed, 22 if seed != 5 else 44) for seed in range(9)]
    found = names_of(make_session(tmp_path / "session", *courses))
    assert found == {"outlier": {6}}


def test_only_the_rules_that_are_named_are_asked(session: Path) -> None:
    recorded(instructions=[], provenance={})(second(session))
    assert {each.rule for each in check_session(session).findings} >= {"instruction-empty", "provenance-missing"}
    only = check_session(session, ["provenance-missing"])
    assert {each.rule for each in only.findings} == {"provenance-missing"}
    # A warning alone is no error.
    assert only.ok
    with pytest.raises(DynacollectError, match="did you mean 'black'"):
        rules_named(["blak"])


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="holds no episodes"):
        check_session(tmp_path)


# The command.

app = typer.Typer()
app.command("check")(dataset_check.check)
app.command("repair")(dataset_check.repair)


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_document_has_the_names_that_others_rely_on(session: Path) -> None:
    sound = json.loads(run("check", session, "--json"))
    assert (sound["ok"], sound["findings"], sound["episodes"]) == (True, [], 3)
    grips(lambda _width, _number: 0.08)(second(session))
    found = json.loads(run("check", session, "--json", code=1))
    assert found["ok"] is False
    assert [(each["rule"], each["episode"]) for each in found["findings"]] == [("gripper-never-closes", 2)]
    assert "never told to close" in found["findings"][0]["detail"]
    assert "gripper-never-closes" in run("check", session, code=1)
    assert {each["name"] for each in json.loads(run("check", "--list", "--json"))["rules"]} == {
        one.name for one in EVERY
    }


def test_the_page_shows_the_pictures_that_are_wrong(session: Path, tmp_path: Path) -> None:
    pictures(each(np.zeros_like))(second(session))
    run("check", session, "--html", tmp_path / "page.html", code=1)
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 1
    assert "10 of 30 pictures are black" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    with pytest.raises(DynacollectError, match="exists already"):
        CliRunner().invoke(app, ["check", str(session), "--html", str(tmp_path / "page.html")], catch_exceptions=False)


def test_fixing_sets_episodes_aside_as_they_are(session: Path) -> None:
    harm, folder = HARM["black"][1], second(session)
    harm(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "it was set aside" in run("check", session, "--fix")
    aside = session / "set_aside/000002"
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before
    assert json.loads(aside.with_name("000002.json").read_text())["because"][0]["rule"] == "black"
    assert check_session(session).findings == ()
    # A later episode may have the number again, and is set aside beside it.
    shutil.copytree(session / "episodes/000001", folder)
    recorded(number=2, id="x", provenance={"version": "1", "calibration": "2"}, instructions=[])(folder)
    run("check", session, "--fix")
    assert {path.name for path in (session / "set_aside").iterdir()} == {
        "000002", "000002.json", "000002-2", "000002-2.json",
    }  # fmt: skip


def test_fixing_tells_a_lost_record_anew_where_all_else_is_whole(session: Path) -> None:
    rewrite(second(session), messages(second(session)))
    lost = record_of(second(session))
    (second(session) / "episode.json").unlink()
    fixes = fix(check_session(session))
    assert [each.episode for each in fixes] == [2]
    assert "told anew" in fixes[0].did
    again = record_of(second(session))
    for key in ("task", "robot", "fps", "ticks", "number", "videos", "signals"):
        assert again[key] == lost[key]
    assert [phase[:2] for phase in again["phases"]] == [phase[:2] for phase in lost["phases"]]
    assert again["wall_minus_clock"] == pytest.approx(lost["wall_minus_clock"], abs=1e-5)
    assert again["verdict"]["success"] is None
    assert {rule for rule in names_of(session) if rule != "calibration-changed"} == {
        "instruction-empty",
        "provenance-missing",
    }


def test_fixing_brings_a_record_back_that_the_signals_repeat(session: Path) -> None:
    text = (second(session) / "episode.json").read_text()
    (second(session) / "episode.json").unlink()
    assert "the signals repeat it" in fix(check_session(session))[0].did
    assert (second(session) / "episode.json").read_text() == text
    assert check_session(session).findings == ()


def test_a_lost_record_is_not_told_anew_beside_damage(session: Path) -> None:
    (second(session) / "episode.json").unlink()
    cut(second(session) / f"{SIDE}.mp4", 3000)
    assert [each.did for each in fix(check_session(session))] == ["it was set aside"]
    assert not (session / "set_aside/000002/episode.json").exists()
