"""A data set holds what was recorded, number by number and picture by picture."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dynacollect.datasets.export import Built, Options, build, join, layout_v30
from dynacollect.rig.errors import DynacollectError

from .exported import columns, episodes, hashes, info, pictures, statement
from .made_sessions import CAMERAS, FPS, PHASES, Course, make_session, read_stamp, tool_at

COURSES = (Course(0, 30), Course(1, 36, missing=(0, 3, 4)), Course(2, 25, success=False), Course(3, 27))
FIRST_STAMPS = (0, 30, 66, 91)
ALL = Options(where="ticks > 0")
AHEAD = 5


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("sessions") / "monday", *COURSES)


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("sessions") / "tuesday", Course(5, 22), Course(6, 31, success=None))


@pytest.fixture(scope="module")
def whole(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets") / "whole"
    build([session], out, ALL)
    return out


def assert_same_turn(euler: np.ndarray, rotations: list[Rotation]) -> None:
    apart = Rotation.concatenate(rotations).inv() * Rotation.from_euler("xyz", euler)
    assert apart.magnitude().max() < 1e-6


def stamps(root: Path, episode: int, camera: str) -> list[tuple[int, int]]:
    return [read_stamp(image) for image in pictures(root, episode, f"observation.images.{camera}")]


@pytest.mark.slow
def test_every_picture_is_the_one_of_its_row(whole: Path) -> None:
    for episode, course in enumerate(COURSES):
        for number, camera in enumerate(CAMERAS):
            rows = [FIRST_STAMPS[episode] + index for index in range(course.ticks)]
            if camera == "side_cam" and course.missing:
                rows[3] = rows[4] = rows[2]
            seen = stamps(whole, episode, camera)
            black = 1 if camera == "side_cam" and course.missing else 0
            assert seen[black:] == [(row, number) for row in rows][black:]
            assert len(seen) == course.ticks


@pytest.mark.slow
def test_state_and_action_are_the_ways_of_the_tool(whole: Path) -> None:
    for episode, course in enumerate(COURSES):
        found = columns(whole, episode)
        way = [tool_at(course, index / FPS) for index in range(course.ticks)]
        later = [way[min(index + AHEAD, course.ticks - 1)] for index in range(course.ticks)]
        for name, poses in (("observation.state", way), ("action", later)):
            np.testing.assert_allclose(found[name][:, :3], [pose.translation for pose in poses], atol=1e-7)
            assert_same_turn(found[name][:, 3:6], [pose.rotation for pose in poses])
        closed = np.arange(course.ticks) / course.ticks > 0.5
        np.testing.assert_array_equal(found["action"][:, 6], np.where(closed, -1, 1))
        share = np.arange(course.ticks) / course.ticks
        np.testing.assert_allclose(found["arm.joints"], np.tile(0.1 * share[:, None], 7), atol=1e-7)


def test_the_target_is_where_it_was_tracked(whole: Path) -> None:
    found = columns(whole, 0)["observation.environment_state"]
    index = np.arange(COURSES[0].ticks)
    truth = np.column_stack([np.full(30, 0.45), 0.1 - 0.2 * index / FPS, np.full(30, 0.03)])
    np.testing.assert_allclose(found[:, :3], truth, atol=1e-7)
    np.testing.assert_allclose(found[:, 3:], np.tile([0, 0, 0, 0, -0.2, 0], (30, 1)), atol=1e-7)


def test_times_are_real_and_repeats_are_told(whole: Path) -> None:
    found = columns(whole, 1)
    index = np.arange(COURSES[1].ticks)
    np.testing.assert_allclose(found["tick_time"], index / FPS, atol=1e-5)
    np.testing.assert_allclose(found["timestamp"], index / FPS, atol=1e-6)
    np.testing.assert_allclose(found["capture_time.opst_cam"], index / FPS - 0.012, atol=1e-5)
    shown = np.array([0, 1, 2, 2, 2, *index[5:]])
    captured = np.where(index == 0, 0.0, shown / FPS - 0.012)
    np.testing.assert_allclose(found["capture_time.side_cam"], captured, atol=1e-5)
    assert np.flatnonzero(found["repeated.side_cam"]).tolist() == [0, 3, 4]
    assert not found["repeated.opst_cam"].any()


def test_rows_are_numbered_through(whole: Path) -> None:
    rows = [columns(whole, episode) for episode in range(4)]
    np.testing.assert_array_equal(np.concatenate([row["index"] for row in rows]), np.arange(118))
    for row, said, course in zip(rows, episodes(whole), COURSES, strict=True):
        np.testing.assert_array_equal(row["frame_index"], np.arange(course.ticks))
        assert (said["dataset_from_index"], said["dataset_to_index"]) == (row["index"][0], row["index"][-1] + 1)
        assert said["length"] == course.ticks
    assert (info(whole)["total_frames"], info(whole)["total_episodes"]) == (118, 4)


def test_an_episode_says_what_it_was(whole: Path, session: Path) -> None:
    said = episodes(whole)
    assert [row["success"] for row in said] == [True, True, False, True]
    assert [row["verdict"] for row in said] == [1, 1, 0, 1]
    assert {(row["object"], row["session"], row["kind"], row["calibration"]) for row in said} == {
        ("mug", "monday", "pick", "none")
    }
    assert said[0]["speed"] == pytest.approx(0.2)
    assert said[0]["quality"] == pytest.approx(0.9)
    assert said[1]["quality"] == pytest.approx(0.9 * (1 - 3 / (3 * 36)))
    assert said[0]["instructions"][:2] == ["pick up the mug", "grab the mug"]
    assert len(said[0]["instructions"]) == len(set(said[0]["instructions"])) > 5
    assert said[0]["tasks"] == ["pick up the mug"]
    record = json.loads((session / "episodes/000003/episode.json").read_text())
    assert said[2]["id"] == record["id"] == statement(whole)["episodes"][2]["id"]


def test_phases_have_numbers_that_the_statement_explains(whole: Path) -> None:
    names = statement(whole)["phases"]
    said = [names[str(number)] for number in columns(whole, 0)["phase"]]
    assert said == [PHASES[int(4 * index / 30)] for index in range(30)]


def test_statistics_are_those_of_the_rows(whole: Path) -> None:
    stats = json.loads((whole / "meta/stats.json").read_text())
    assert set(stats) == set(info(whole)["features"])
    rows = [columns(whole, episode) for episode in range(4)]
    for name in ("action", "observation.state", "gripper.width", "phase", "index", "repeated.side_cam"):
        values = np.concatenate([row[name] for row in rows]).reshape(118, -1).astype(float)
        for which in ("min", "max", "mean", "std"):
            expected = getattr(values, which)(axis=0)
            np.testing.assert_allclose(stats[name][which], expected, rtol=1e-6, atol=1e-7, err_msg=f"{name} {which}")
        assert stats[name]["count"] == [118]
    every = np.concatenate([np.stack([*pictures(whole, each, "observation.images.opst_cam")]) for each in range(4)])
    seen = stats["observation.images.opst_cam"]
    np.testing.assert_allclose(np.ravel(seen["mean"]), every.mean(axis=(0, 1, 2)) / 255, atol=0.01)
    np.testing.assert_allclose(np.ravel(seen["std"]), every.std(axis=(0, 1, 2)) / 255, atol=0.01)
    assert np.shape(seen["mean"]) == (3, 1, 1)


@pytest.mark.parametrize("angles", ["dom", "signed"])
def test_a_change_added_to_the_state_is_the_goal(session: Path, tmp_path: Path, angles: str) -> None:
    options = replace(ALL, angles=angles, ahead=3)
    build([session], tmp_path / "absolute", options)
    build([session], tmp_path / "delta", replace(options, action="delta"))
    goal, step = columns(tmp_path / "absolute", 0), columns(tmp_path / "delta", 0)
    np.testing.assert_array_equal(goal["observation.state"], step["observation.state"])
    summed = step["observation.state"] + step["action"][:, :6]
    np.testing.assert_allclose(summed[:, :3], goal["action"][:, :3], atol=1e-6)
    np.testing.assert_allclose(np.exp(1j * summed[:, 3:]), np.exp(1j * goal["action"][:, 3:6]), atol=1e-6)
    assert np.abs(step["action"][:, 3:6]).max() < 0.1
    np.testing.assert_array_equal(goal["action"][:, 6], step["action"][:, 6])
    yaw = goal["observation.state"][:, 5]
    assert (yaw.min() >= 0) if angles == "dom" else (np.abs(yaw).max() < np.pi)


def test_joints_later_are_an_action_too(session: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "set", replace(ALL, action="joint"))
    found = columns(tmp_path / "set", 0)
    assert found["action"].shape == (30, 8)
    later = np.minimum(np.arange(30) + AHEAD, 29)
    np.testing.assert_array_equal(found["action"][:, :7], found["arm.joints"][later])
    assert info(tmp_path / "set")["features"]["action"]["names"] == [*(f"joint_{n}" for n in range(1, 8)), "gripper"]


@pytest.mark.slow
def test_the_same_raw_log_gives_the_same_bytes(session: Path, whole: Path, tmp_path: Path) -> None:
    for form in ("v3.0", "v2.1"):
        for name in ("one", "two"):
            build([session], tmp_path / form / name, replace(ALL, format=form))
        assert hashes(tmp_path / form / "one") == hashes(tmp_path / form / "two")
    assert hashes(tmp_path / "v3.0/one") == hashes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["v3.0", "v2.1"])
def test_grown_is_the_same_as_built_at_once(session: Path, more: Path, tmp_path: Path, form: str) -> None:
    options = replace(ALL, format=form)
    at_once = build([session, more], tmp_path / "at once", options)
    first = build([session], tmp_path / "grown", options)
    grown = build([session, more], tmp_path / "grown", options)
    assert (first.added, grown.added, grown.episodes, at_once.episodes) == (4, 2, 6, 6)
    assert hashes(tmp_path / "grown") == hashes(tmp_path / "at once")
    assert build([session, more], tmp_path / "grown", options).added == 0


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some two episodes to a file."""
    monkeypatch.setattr(join, "LONGEST", 62 / FPS)
    monkeypatch.setattr(layout_v30, "ROWS", 70)
    monkeypatch.setattr(layout_v30, "EPISODES", 3)


@pytest.mark.slow
@pytest.mark.usefixtures("small_files")
def test_files_end_where_they_are_full_and_full_ones_are_not_touched(session: Path, more: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "grown", ALL)
    files = {path: path.stat() for path in (tmp_path / "grown").rglob("*-000/file-000.*")}
    build([more], tmp_path / "grown", ALL)
    build([session, more], tmp_path / "at once", ALL)
    assert hashes(tmp_path / "grown") == hashes(tmp_path / "at once")
    said = episodes(tmp_path / "grown")
    assert [row["data/file_index"] for row in said] == [0, 0, 1, 1, 2, 2]
    assert [row["videos/observation.images.opst_cam/file_index"] for row in said] == [0, 1, 1, 2, 2, 3]
    assert [row["meta/episodes/file_index"] for row in said] == [0, 0, 0, 1, 1, 1]
    assert len(files) == 5
    assert all(path.stat().st_ino == before.st_ino for path, before in files.items())
    for episode, first in enumerate(FIRST_STAMPS):
        assert stamps(tmp_path / "grown", episode, "wrist_cam")[5] == (first + 5, 2)


def test_times_in_a_file_are_exact_enough_for_single_precision() -> None:
    """LeRobot asks for a picture at a time, and takes none that is 0.1 ms off."""
    latest = np.float32(join.LONGEST)
    assert np.spacing(latest) < 1e-4 < np.spacing(2 * latest)


def test_an_episode_stays_on_its_side_of_the_split(session: Path, more: Path, tmp_path: Path) -> None:
    options = replace(ALL, validation=0.5)
    build([session], tmp_path / "set", options)
    before = json.loads((tmp_path / "set/meta/splits.json").read_text())
    build([more], tmp_path / "set", options)
    after = json.loads((tmp_path / "set/meta/splits.json").read_text())
    assert sorted(after["train"] + after["val"]) == list(range(6))
    assert {*before["val"]} == {*after["val"]} & {0, 1, 2, 3}


def test_another_size_is_encoded_anew_with_every_picture_in_its_place(session: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "set", replace(ALL, size=(192, 128), cameras=("side_cam", "opst_cam")))
    feature = info(tmp_path / "set")["features"]["observation.images.opst_cam"]
    assert (feature["shape"], feature["info"]["video.width"]) == ([128, 192, 3], 192)
    assert "observation.images.wrist_cam" not in info(tmp_path / "set")["features"]
    for episode, first in enumerate(FIRST_STAMPS):
        seen = [*pictures(tmp_path / "set", episode, "observation.images.opst_cam")]
        assert seen[0].shape == (128, 192, 3)
        half = [read_stamp(image[::2, ::2]) for image in seen]
        assert half == [(first + index, 0) for index in range(COURSES[episode].ticks)]


def test_idle_beginnings_are_trimmed_to_a_picture_that_stands_alone(session: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "set", replace(ALL, trim=True))
    for episode, source in enumerate(statement(tmp_path / "set")["episodes"]):
        first, found = source["first_tick"], columns(tmp_path / "set", episode)
        gone = [
            np.linalg.norm(tool_at(COURSES[episode], k / FPS).translation - tool_at(COURSES[episode], 0).translation)
            for k in range(first + 1)
        ]
        assert first % 2 == 0 and max(gone) < 0.002
        assert found["tick_time"][0] == 0 and len(found["index"]) == COURSES[episode].ticks - first
        assert stamps(tmp_path / "set", episode, "opst_cam")[0] == (FIRST_STAMPS[episode] + first, 0)


def test_conditions_choose_and_failures_have_a_set_of_their_own(session: Path, more: Path, tmp_path: Path) -> None:
    good = build([session, more], tmp_path / "good")
    bad = build([session, more], tmp_path / "bad", Options(where="failure"))
    some = build([session, more], tmp_path / "some", Options(where="unsure or ticks > 30 and session == monday"))
    assert [(each.added, each.left_out) for each in (good, bad, some)] == [(4, 2), (1, 5), (2, 4)]
    assert [row["number"] for row in episodes(tmp_path / "some")] == [2, 2]


def test_none_that_fits_is_no_data_set(session: Path, tmp_path: Path) -> None:
    built = build([session], tmp_path / "set", Options(where="speed > 3"))
    assert (built.episodes, built.left_out) == (0, 4)
    assert not list(tmp_path.iterdir())


def test_a_damaged_episode_is_skipped_and_told(tmp_path: Path) -> None:
    session = make_session(tmp_path / "bad", Course(0, 20), Course(1, 20), Course(2, 20))
    film = session / "episodes/000001/side_cam.mp4"
    film.write_bytes(film.read_bytes()[:-7])
    (session / "episodes/000003/signals.mcap").write_bytes(b"\x89MCAP0\r\n")
    built = build([session], tmp_path / "set", Options(where="speed > 0"))
    assert (built.added, [each.number for each in built.skipped]) == (1, [1, 3])
    assert "side_cam.mp4 has" in built.skipped[0].reason and "repair" in built.skipped[1].reason
    assert episodes(tmp_path / "set")[0]["number"] == 2


def edited(session: Path, change: Callable[[dict], None]) -> None:
    path = session / "episodes/000002/episode.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.update(robot="piper"), "robot == 'panda'"),
        (lambda record: record.update(fps=30.0), "build one of each"),
        (lambda record: record["videos"].pop("wrist_cam"), "--cameras opst_cam,side_cam"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, change: Callable[[dict], None], said: str) -> None:
    session = make_session(tmp_path / "mixed", Course(0, 12), Course(1, 12))
    edited(session, change)
    with pytest.raises(DynacollectError, match=said):
        build([session], tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["mixed"]


def test_nothing_that_is_there_is_lost(session: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(DynacollectError, match="holds other things"):
        build([session], mine, ALL)
    assert hashes(mine).keys() == {"thesis.txt"}
    build([session], tmp_path / "set")
    (tmp_path / "set/README.md").write_text("a card")
    before = hashes(tmp_path / "set")
    with pytest.raises(DynacollectError, match="was built with where 'success'; give the same"):
        build([session], tmp_path / "set", ALL)
    assert hashes(tmp_path / "set") == before


def test_other_files_of_a_set_stay_when_it_grows(session: Path, more: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "set", ALL)
    (tmp_path / "set/README.md").write_text("a card")
    assert build([more], tmp_path / "set", ALL).added == 2
    assert (tmp_path / "set/README.md").read_text() == "a card"


def test_a_version_with_other_columns_is_refused(session: Path, more: Path, tmp_path: Path) -> None:
    build([session], tmp_path / "set", ALL)
    said = info(tmp_path / "set")
    del said["features"]["target.health"]
    (tmp_path / "set/meta/info.json").write_text(json.dumps(said))
    with pytest.raises(DynacollectError, match="other columns"):
        build([more], tmp_path / "set", ALL)


def test_v21_is_laid_out_as_lerobot_03_reads_it(session: Path, tmp_path: Path) -> None:
    built = build([session], tmp_path / "set", replace(ALL, format="v2.1"))
    assert isinstance(built, Built)
    said = info(tmp_path / "set")
    assert (said["codebase_version"], said["total_videos"], said["total_chunks"]) == ("v2.1", 12, 1)
    for episode, course in enumerate(COURSES):
        place = {"episode_chunk": 0, "episode_index": episode}
        assert (tmp_path / "set" / said["data_path"].format(**place)).exists()
        rows = columns(tmp_path / "set", episode)
        np.testing.assert_allclose(rows["timestamp"], np.arange(course.ticks) / FPS, atol=1e-6)
        assert stamps(tmp_path / "set", episode, "opst_cam") == [
            (FIRST_STAMPS[episode] + index, 0) for index in range(course.ticks)
        ]
    lines = (tmp_path / "set/meta/episodes_stats.jsonl").read_text().splitlines()
    stats = [json.loads(line) for line in lines]
    assert [each["episode_index"] for each in stats] == [0, 1, 2, 3]
    assert np.shape(stats[0]["stats"]["observation.images.opst_cam"]["mean"]) == (3, 1, 1)
    tasks = (tmp_path / "set/meta/tasks.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in tasks] == [{"task_index": 0, "task": "pick up the mug"}]
