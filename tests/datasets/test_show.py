"""What a session holds is shown as it is: figures, pictures under their phases, and a replay of what was recorded."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from PIL import Image as Pillow
from typer.testing import CliRunner

from dynacollect.collector.commands import dataset_show
from dynacollect.datasets.raw import RawEpisode
from dynacollect.datasets.replay import Replay
from dynacollect.datasets.sheet import GAP, LEFT, TEXT, WIDE, moments, write_sheet
from dynacollect.rig.errors import DynacollectError

from .damage import cut
from .made_sessions import CAMERAS, HEIGHT, WIDTH, Course, cameras, make_session, read_stamp, tick_of

app = typer.Typer()
app.command()(dataset_show.show)
COURSES = (Course(0, 26), Course(1, 30, missing=(4,)), Course(2, 24, success=False))
FIRST = (0, 26, 56)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("sessions") / "monday", *COURSES)


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "monday"))


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.stdout


def opened(session: Path) -> list[RawEpisode]:
    return [RawEpisode.open(path) for path in sorted((session / "episodes").iterdir())]


def test_the_table_has_what_was_recorded(good: Path) -> None:
    found = json.loads(run(good, "--json"))
    for row, course in zip(found["episodes"], COURSES, strict=True):
        assert (row["task"], row["object"], row["success"]) == ("pick", "mug", course.success)
        assert row["speed_m_s"] == pytest.approx(0.2)
        assert row["seconds"] == pytest.approx(course.ticks / 25.0)
        assert row["phases"] == ["APPROACH", "GRASP", "LIFT", "TO_GOAL"]
        folder = good / f"episodes/{row['number']:06d}"
        assert row["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    total = found["totals"]
    assert (total["episodes"], total["successes"], total["failures"], total["unsure"]) == (3, 2, 1, 0)
    assert total["seconds"] == pytest.approx(80 / 25.0)
    assert (total["objects"], total["tasks"]) == ({"mug": 3}, {"pick": 3})
    shown = run(good)
    assert "3 episodes" in shown
    assert "67% of those judged" in shown


def test_one_episode_can_be_named(good: Path) -> None:
    found = json.loads(run(good, "--episode", 2, "--json"))
    assert [row["number"] for row in found["episodes"]] == [2]
    with pytest.raises(DynacollectError, match="has no episode 9; it has 1 to 3"):
        CliRunner().invoke(app, [str(good), "--episode", "9"], catch_exceptions=False)


def test_what_cannot_be_read_is_counted_and_the_rest_is_shown(session: Path, tmp_path: Path) -> None:
    (session / "episodes/000002/episode.json").write_text("{")
    cut(session / "episodes/000003/signals.mcap", 300)
    found = json.loads(run(session, "--json", "--png", tmp_path / "sheet.png"))
    assert found["totals"]["unreadable"] == 1
    assert [row["task"] for row in found["episodes"]] == ["pick", None, "pick"]
    assert found["episodes"][2]["speed_m_s"] is None
    assert found["png"]["episodes"] == 2
    assert "unreadable" in run(session)


def test_the_sheet_shows_the_pictures_at_which_phases_begin(good: Path, tmp_path: Path) -> None:
    episodes = opened(good)
    assert write_sheet(tmp_path / "sheet.png", episodes) == 3
    sheet = np.asarray(Pillow.open(tmp_path / "sheet.png").convert("RGB"))
    high, top = round(WIDE * HEIGHT / WIDTH), 0
    for episode, first in zip(episodes, FIRST, strict=True):
        shown = moments(episode)
        begins = [tick for tick, _, _ in episode.record.phases]
        assert list(shown) == [*begins, episode.record.ticks - 1]
        for column, tick in enumerate(shown):
            for row, camera in enumerate(("opst_cam", "wrist_cam")):
                left, up = LEFT + column * (WIDE + GAP), top + TEXT + row * (high + GAP)
                cell = cv2.resize(sheet[up : up + high, left : left + WIDE], (WIDTH, HEIGHT))
                assert read_stamp(np.asarray(cell, np.uint8)) == (first + tick, CAMERAS.index(camera))
        top += TEXT + 2 * (high + GAP) + GAP
    with pytest.raises(DynacollectError, match="exists already"):
        write_sheet(tmp_path / "sheet.png", episodes)


def test_many_phases_leave_the_start_and_the_end_on_the_sheet(good: Path) -> None:
    episode = opened(good)[0]
    phases = tuple((tick, f"phase {tick}", "") for tick in range(0, 26, 2))
    many = RawEpisode(episode.folder, episode.record.model_copy(update={"phases": phases}))
    shown = moments(many)
    assert len(shown) == 8
    assert (min(shown), max(shown)) == (0, 25)


def test_a_replay_is_what_was_recorded(good: Path) -> None:
    episode, course, first = opened(good)[1], COURSES[1], FIRST[1]
    replay = Replay.of(episode)
    models = cameras()
    assert set(replay.cameras) == set(models)
    for name, model in replay.cameras.items():
        assert np.allclose(model.K, models[name].K)
        assert model.on_wrist == models[name].on_wrist
    played = list(replay.moments())
    assert len(played) == course.ticks
    for index, moment in enumerate(played):
        truth = tick_of(course, index, played[0].time, 0)
        assert set(moment.frames.frames) == set(truth.frames.frames)
        for number, name in enumerate(CAMERAS):
            if name in moment.frames.frames:
                assert read_stamp(moment.frames.frames[name].image) == (first + index, number)
                assert moment.frames.frames[name].captured_at == truth.frames.frames[name].captured_at
        state, true = moment.objects["target0"], truth.objects["target0"]
        assert np.array_equal(state.position, true.position)
        assert np.array_equal(state.covariance, true.covariance)


def test_an_episode_is_written_for_rerun(good: Path, tmp_path: Path) -> None:
    pytest.importorskip("rerun")
    run(good, "--episode", 1, "--save", tmp_path / "episode.rrd")
    from rerun.experimental import RrdReader

    pictures = [
        chunk
        for chunk in RrdReader(tmp_path / "episode.rrd").stream().to_chunks()
        if chunk.entity_path.endswith("_cam/picture") and "capture" in chunk.to_record_batch().schema.names
    ]
    seen = Counter(chunk.entity_path for chunk in pictures for _ in range(chunk.to_record_batch().num_rows))
    assert seen == {"/world/opst_cam/picture": 26, "/world/side_cam/picture": 26}
    with pytest.raises(DynacollectError, match="one episode at a time"):
        CliRunner().invoke(app, [str(good), "--rerun"], catch_exceptions=False)
