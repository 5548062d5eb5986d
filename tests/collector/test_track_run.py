"""`track run`: what it logs, counts and says, whom it asks to set the table, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy.spatial.transform import RigidTransform
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.collector.commands.track_run import _watch
from dynacollect.collector.tracks.live_table import table_of
from dynacollect.collector.tracks.rerun import AHEAD_S, RerunLog
from dynacollect.collector.tracks.running import Moment, Tally
from dynacollect.collector.tracks.showing import SHOTS, CellShows, PersonShows, cameras_of, showing_on
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet, ObjectState
from dynacollect.rig.objects import catalogue
from dynacollect.rig.rig import open_rig
from dynacollect.tracking.shape import shape_of
from dynacollect.tracking.tracked import Tracked
from dynacollect.training.vision import with_fixed_cameras

from ..tracking.made_sequences import CAMERAS, TARGET

SPEED = np.array([0.0, 0.3, 0.0])
TICK_S = 0.04
SHAPES = {"can": shape_of(catalogue.load("can"))}


def state(name: str, time: float, health: float = 0.9) -> ObjectState:
    place = TARGET + time * SPEED
    return ObjectState(
        name, RigidTransform.from_translation(place), SPEED, np.zeros(3), 1e-6 * np.eye(12), time, health
    )


def moment(tick: int, *, lost: bool = False) -> Moment:
    time = 5.0 + tick * TICK_S
    blank = np.full((180, 240, 3), 90, np.uint8)
    frames = {name: Frame(blank, name, tick, time, time, time) for name in CAMERAS}
    states = {} if lost else {"can": state("can", time)}
    return Moment(FrameSet(frames), Tracked(states, {"pose": 0.004, "tick": 0.01}))


def watched(ticks: Iterator[Moment], save: Path | None = None) -> tuple[str, Tally]:
    tally = Tally(("can",))
    said = _watch(ticks, lambda: SHAPES, tally, CAMERAS, save, rerun=False, seconds=1.0, quiet=True)
    return said, tally


def recorded(path: Path) -> dict[str, list]:
    """Entity -> its rows by time on the timeline of captures, s."""
    from rerun.experimental import RrdReader

    rows: dict[str, list] = {}
    for chunk in RrdReader(path).stream().to_chunks():
        batch = chunk.to_record_batch()
        names = batch.schema.names
        times = batch.column("capture").cast("int64").to_numpy() * 1e-9 if "capture" in names else [None]
        rows.setdefault(chunk.entity_path, []).extend(times)
    return rows


def test_a_recording_holds_everything_on_the_time_of_capture(tmp_path: Path) -> None:
    path = tmp_path / "run.rrd"
    with RerunLog(CAMERAS, path) as log:
        for tick in range(4):
            each = moment(tick, lost=tick == 3)
            log.add(each.frames, each.tracked, SHAPES)
    rows = recorded(path)
    times = pytest.approx([5.0, 5.04, 5.08])
    for entity in ("pose", "velocity", "path", "uncertainty"):
        assert rows[f"/world/objects/can/{entity}"] == times
    for camera in CAMERAS:
        assert len([time for time in rows[f"/world/{camera}/picture"] if time is not None]) == 4
        assert len(rows[f"/world/{camera}/picture/outlines"]) == 4
    assert rows["/world/objects/can/pose/mesh"] == pytest.approx([5.0]), "the mesh goes once"
    assert len(rows["/health/can"]) == 4, "a lost object has no health"
    assert {"/tick_ms/tick", "/tick_ms/pose", "/speed/can"} <= rows.keys()
    assert len(AHEAD_S) > 3


def test_a_hand_on_the_keyboard_ends_it_with_all_that_was_seen(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Moment]:
        yield from (moment(tick) for tick in range(3))
        raise KeyboardInterrupt

    path = tmp_path / "run.rrd"
    said, tally = watched(interrupted(), path)
    assert said == "stopped by hand"
    assert tally.summary().ticks == 3
    assert len(recorded(path)["/world/objects/can/pose"]) == 3


def test_what_is_said_at_the_end_is_counted() -> None:
    said, tally = watched(moment(tick, lost=tick % 4 == 3) for tick in range(8))
    found = tally.summary()
    assert said == "time is up"
    assert found.ticks == 8
    assert found.healthy == {"can": 0.75}
    assert found.rates["pictures"] == pytest.approx(25.0)
    assert found.tick_ms.median == pytest.approx(10.0)
    assert found.stage_ms["pose"].p95 == pytest.approx(4.0)
    assert Tally(("can",)).summary().ticks == 0


def test_the_table_says_what_is_believed_and_what_is_lost() -> None:
    console = Console(width=120, file=StringIO())
    with console.capture() as capture:
        console.print(table_of(("can", "mug"), moment(0).tracked, 3.2))
    text = capture.get()
    row = next(line for line in text.splitlines() if "can" in line)
    place = TARGET + 5.0 * SPEED
    assert ", ".join(f"{1e3 * each:.0f}" for each in place) in row
    assert "300" in row
    assert " 90 " in row, "towards y"
    assert "lost" in next(line for line in text.splitlines() if "mug" in line)
    assert "3.2 s left" in text
    assert "pose 4.0" in text


@pytest.mark.slow
def test_a_person_is_asked_for_one_thing_at_a_time() -> None:
    config = with_fixed_cameras(load_rig("cell"))
    asked: list[str] = []
    with open_rig(config, seed=3) as rig:
        models = cameras_of(rig, config, None)
        assert isinstance(showing_on(rig, models, 3, asked.append), CellShows)
        rig.stage.present()
        shows = PersonShows(rig, models, asked.append)
        plates, clips = shows.alone(["mug", "mug"])
        assert set(plates) == set(models) == {"opst_cam", "side_cam"}
        assert {name: len(clip) for name, clip in clips.items()} == {"mug": SHOTS}
        assert all(set(views) == set(models) for views in clips["mug"])
        shows.begin()
    assert len(asked) == 1 + SHOTS + 1 + 1
    assert asked[0].startswith("Clear the table")
    assert sum("mug alone" in wish for wish in asked) == SHOTS
    assert "press Enter" in asked[-1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--objects", "unicorn"], "There is no object 'unicorn'"),
        (["--objects", "mug,,can"], "an empty name"),
        (["--objects", "mug", "--seconds", "0"], "--seconds"),
        (["--objects", "mug", "--seconds", "-3"], "--seconds"),
        (["--objects", "mug", "--rig", "nowhere.yaml"], "nowhere.yaml"),
        (["--objects", "mug", "--calibration", "missing.yaml"], "missing.yaml"),
        (["--objects", "mug", "--save", "run.mp4"], "is no .rrd"),
        (["--objects", "mug", "--save", "no/folder/run.rrd"], "there is no folder"),
        (["--objects", "mug", "--save", "run.rrd", "--rerun"], "leave out one"),
        ([], "--objects"),
    ],
)
def test_wrong_words_are_one_sentence(words: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli.app, ["track", "run", *words], prog_name="dynacollect")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert complaint in done.stderr


def test_nothing_is_written_over(tmp_path: Path) -> None:
    kept = tmp_path / "kept.rrd"
    kept.write_text("kept")
    with pytest.raises(DynacollectError, match="exists already"):
        RerunLog(CAMERAS, kept)
    assert kept.read_text() == "kept"


def test_without_rerun_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(DynacollectError, match=r"Rerun is not installed; .*show"):
        RerunLog(CAMERAS, tmp_path / "run.rrd")
    assert not list(tmp_path.iterdir())


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("mesh", ["--mesh", "--no-mesh"])
def test_it_runs_on_the_cell(mesh: str, tmp_path: Path) -> None:
    path = tmp_path / "run.rrd"
    line = ["track", "run", "--objects", "orange,can", "--seconds", "1.2", "--seed", "3", mesh, "--save", str(path)]
    done = CliRunner().invoke(cli.app, [*line, "--json"], prog_name="dynacollect")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {
        "rig", "objects", "mesh", "stopped", "saved", "ticks", "rates", "healthy", "tick_ms", "stage_ms"
    }  # fmt: skip
    assert found["stopped"] == "time is up"
    assert 26 <= found["ticks"] <= 31
    assert found["rates"]["pictures"] == pytest.approx(25.0, rel=0.05)
    assert min(found["healthy"].values()) > 0.8
    assert 0.0 < found["tick_ms"]["median"] <= found["tick_ms"]["p95"]
    rows = recorded(path)
    for entity in ("/world/objects/orange/pose/mesh", "/world/objects/can/path", "/world/opst_cam/picture/outlines"):
        assert rows[entity]
    assert len(rows["/tick_ms/tick"]) == found["ticks"]
