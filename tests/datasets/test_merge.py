"""Data sets put together hold what each held, byte for byte where a build of all sessions at once would."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.checks import check_any
from dynacollect.datasets.export import Options, build, join, layout_v30
from dynacollect.datasets.export.options import Format
from dynacollect.datasets.merge import merge
from dynacollect.rig.errors import DynacollectError

from .exported import columns, episodes, hashes, info, pictures, statement
from .made_sessions import FPS, Course, make_session, read_stamp

ALL = Options(where="ticks > 0")
TICKS = {"monday": (30, 36, 25), "tuesday": (22, 31)}
MERGED = "meta/merged.json"


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    courses = (Course(0, 30), Course(1, 36, missing=(0, 3, 4)), Course(2, 25, success=False))
    return make_session(tmp_path_factory.mktemp("sessions") / "monday", *courses)


@pytest.fixture(scope="module")
def tuesday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("sessions") / "tuesday", Course(5, 22), Course(6, 31, success=None))


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some two episodes to a file."""
    monkeypatch.setattr(join, "LONGEST", 62 / FPS)
    monkeypatch.setattr(layout_v30, "ROWS", 70)
    monkeypatch.setattr(layout_v30, "EPISODES", 3)


def of_robot(session: Path, robot: str) -> Path:
    for path in session.glob("episodes/*/episode.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"robot": robot}))
    return session


def taken_over(before: Path, episode: int, after: Path, now: int) -> None:
    """Everything of an episode is what it was, but for its number."""
    mine, its = columns(before, episode), columns(after, now)
    assert mine.keys() == its.keys()
    for name in mine.keys() - {"index", "episode_index", "task_index", "phase"}:
        np.testing.assert_array_equal(mine[name], its[name], err_msg=name)
        assert mine[name].dtype == its[name].dtype
    for key in (name for name, feature in info(before)["features"].items() if feature["dtype"] == "video"):
        for one, other in zip(pictures(before, episode, key), pictures(after, now, key), strict=True):
            np.testing.assert_array_equal(one, other)
    was, is_now = episodes(before)[episode], episodes(after)[now]
    places = ("data/", "videos/", "meta/", "dataset_", "episode_index", "stats/index", "stats/episode", "stats/phase")
    for name in (name for name in was if not name.startswith((*places, "stats/task"))):
        assert was[name] == is_now[name], name
    sources = [statement(root)["episodes"][place] for root, place in ((before, episode), (after, now))]
    assert sources[0].items() <= sources[1].items()


@pytest.mark.slow
@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("form", ["v3.0", "v2.1"])
def test_merged_is_what_one_build_of_all_gives(monday: Path, tuesday: Path, tmp_path: Path, form: Format) -> None:
    options = replace(ALL, format=form)
    build([monday], tmp_path / "a", options)
    build([tuesday], tmp_path / "b", options)
    build([monday, tuesday], tmp_path / "at once", options)
    before = hashes(tmp_path / "a"), hashes(tmp_path / "b")
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    again = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "d")
    assert (merged.episodes, merged.seconds) == (again.episodes, again.seconds) == (5, pytest.approx(144 / FPS))
    assert hashes(tmp_path / "c") == hashes(tmp_path / "d")
    whole = hashes(tmp_path / "c")
    assert json.loads((tmp_path / "c" / MERGED).read_text())["sets"][1]["first_episode"] == 3
    assert whole.pop(MERGED)
    assert whole == hashes(tmp_path / "at once")
    assert (hashes(tmp_path / "a"), hashes(tmp_path / "b")) == before
    assert build([monday, tuesday], tmp_path / "c", options).added == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "at once", "b", "c", "d"]


@pytest.mark.slow
def test_different_conditions_and_phases_go_together(monday: Path, tuesday: Path, tmp_path: Path) -> None:
    build([monday], tmp_path / "good", Options(validation=0.0, licence="cc-by-4.0"))
    build([tuesday], tmp_path / "rest", Options(where="not success", trim=True, validation=0.5, licence="cc-by-4.0"))
    path = tmp_path / "rest/meta/dynacollect.json"
    said = json.loads(path.read_text())
    numbered = [name for name in said["phases"].values() if name != "none"]
    said["phases"] = {str(number): name for number, name in enumerate([*reversed(numbered), "STIR"])} | {"-1": "none"}
    path.write_text(json.dumps(said))
    merge([tmp_path / "good", tmp_path / "rest"], tmp_path / "all")
    for before, episode, now in (("good", 0, 0), ("good", 1, 1), ("rest", 0, 2), ("rest", 1, 3)):
        if episode < len(episodes(tmp_path / before)):
            taken_over(tmp_path / before, episode, tmp_path / "all", now)
    whole = statement(tmp_path / "all")
    assert whole["options"]["where"] == "(success) or (not success)"
    assert (whole["options"]["validation"], whole["options"]["licence"]) == (0.5, "cc-by-4.0")
    names = [said["phases"][str(number)] for number in columns(tmp_path / "rest", 0)["phase"]]
    assert [whole["phases"][str(number)] for number in columns(tmp_path / "all", 2)["phase"]] == names
    mean = columns(tmp_path / "all", 2)["phase"].mean()
    assert episodes(tmp_path / "all")[2]["stats/phase/mean"] == [pytest.approx(mean)]
    assert whole["phases"].keys() >= {"-1"} and "STIR" in whole["phases"].values()


@pytest.mark.slow
def test_robots_of_one_kind_are_told_apart_by_episode(tmp_path: Path) -> None:
    for name, robot, seeds in (("p", "franka-panda", (0, 1)), ("f", "franka-fr3", (2,)), ("q", "franka-panda", (3,))):
        of_robot(make_session(tmp_path / name, *(Course(seed, 24 + seed) for seed in seeds)), robot)
        build([tmp_path / name], tmp_path / f"set {name}")
    merge([tmp_path / "set p", tmp_path / "set f"], tmp_path / "two")
    merge([tmp_path / "two", tmp_path / "set q"], tmp_path / "three")
    assert info(tmp_path / "three")["robot_type"] == "franka-fr3+franka-panda"
    robots = ["franka-panda", "franka-panda", "franka-fr3", "franka-panda"]
    assert [row["robot"] for row in episodes(tmp_path / "three")] == robots
    assert [each["robot"] for each in statement(tmp_path / "three")["episodes"]] == robots
    told = json.loads((tmp_path / "three" / MERGED).read_text())["sets"]
    assert [each["statement"]["tool"]["in_flange"] is None for each in told[0]["merged_of"]] == [False, False]
    for before, episode, now in (("set p", 1, 1), ("set f", 0, 2), ("set q", 0, 3)):
        taken_over(tmp_path / before, episode, tmp_path / "three", now)
    assert check_any(tmp_path / "three").ok


@pytest.mark.slow
def test_an_episode_that_two_sets_have_is_kept_once_and_told(monday: Path, tuesday: Path, tmp_path: Path) -> None:
    build([monday], tmp_path / "some")
    build([monday, tuesday], tmp_path / "all", ALL)
    merged = merge([tmp_path / "some", tmp_path / "all"], tmp_path / "set")
    ids = [row["id"] for row in episodes(tmp_path / "set")]
    assert len(ids) == len(set(ids)) == merged.episodes == 5
    assert [each.episodes for each in merged.sets] == [2, 3]
    assert merged.sets[1].known == tuple(row["id"] for row in episodes(tmp_path / "some"))
    stamps = [read_stamp(image)[0] for image in pictures(tmp_path / "set", 2, "observation.images.opst_cam")]
    assert stamps == list(range(66, 91))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(ALL, action="joint"), "as the action is absolute in the one and joint in the other; build one"),
        (replace(ALL, ahead=3), "the ticks from observation to action is 5"),
        (replace(ALL, size=(48, 32)), "the size of pictures is 96x64 in the one and 48x32"),
        (replace(ALL, cameras=("opst_cam",)), "--cameras that both have"),
        (replace(ALL, format="v2.1"), "the layout is v3.0"),
        (replace(ALL, licence="mit"), "a has none, .*b has mit.; say with --licence"),
    ],
)
def test_what_does_not_go_together_is_said(monday: Path, tmp_path: Path, other: Options, said: str) -> None:
    build([monday], tmp_path / "a", ALL)
    build([monday], tmp_path / "b", other)
    with pytest.raises(DynacollectError, match=said):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_other_columns_and_arms_are_said(monday: Path, tmp_path: Path) -> None:
    for name in "ab":
        build([monday], tmp_path / name, ALL)
    path, other = tmp_path / "b/meta/info.json", info(tmp_path / "b")
    other["features"]["target.health"]["dtype"] = "float64"
    path.write_text(json.dumps(other))
    with pytest.raises(DynacollectError, match=r"column target.health is float32 \[1\] in the one and float64"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    path, other = tmp_path / "b/meta/dynacollect.json", statement(tmp_path / "b")
    path.write_text(json.dumps(other | {"robot": "piper", "joints": {"names": list("abcdef")}}))
    with pytest.raises(DynacollectError, match="the arm is panda with 7 joints in the one and piper with 6 joints"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")


def test_nothing_that_is_there_is_touched_and_damage_is_named(monday: Path, tuesday: Path, tmp_path: Path) -> None:
    build([monday], tmp_path / "a", ALL)
    build([tuesday], tmp_path / "b", ALL)
    sets = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(DynacollectError, match="b is there already; name a new folder"):
        merge(sets, tmp_path / "b")
    with pytest.raises(DynacollectError, match="name two or more"):
        merge(sets[:1], tmp_path / "c")
    with pytest.raises(DynacollectError, match="is no data set that dynacollect has built"):
        merge([tmp_path / "a", monday], tmp_path / "c")
    film = tmp_path / "b/videos/observation.images.side_cam/chunk-000/file-000.mp4"
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with pytest.raises(DynacollectError, match=r"file-000.mp4 .*; build the set again"):
        merge(sets, tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
