"""A session as a whole: numbers that nothing has twice, what killed processes left, rigs without cameras, no growth."""

from __future__ import annotations

import gc
import json
import tracemalloc
import weakref
import zlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from dynacollect.collector.commands import dataset_check, dataset_show
from dynacollect.datasets.checks import check_session
from dynacollect.datasets.export import Options, build
from dynacollect.datasets.raw import EpisodeLostError, Head, Recorder, Thing, episodes_in
from dynacollect.datasets.raw import recorder as recorder_module
from dynacollect.datasets.raw.disk import NEWEST, sizes
from dynacollect.datasets.raw.places import KEPT, highest
from dynacollect.datasets.raw.reader import changed_pictures
from dynacollect.datasets.raw.video import VideoWriter
from dynacollect.datasets.repair import repair_session
from dynacollect.datasets.repair.film import film_in
from dynacollect.rig.clock import HostClock, SimClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet, SetPoints, Tick, Verdict

from .damage import cut
from .made_sessions import FPS, Course, cameras, make_session, record, stamped, tick_of

GOOD = Verdict(True, 0.9, "held at the goal")
BLIND = Head(
    "pick", ("pick up the mug",), "panda", {}, (Thing(key="target0", name="mug", role="target"),),
    provenance={"version": "test", "calibration": "none"}, fps=FPS,
)  # fmt: skip


def blind_ticks(course: Course, begin: float) -> list[Tick]:
    """As a rig without cameras has them."""
    ticks = (tick_of(course, index, begin, 0) for index in range(course.ticks))
    return [replace(tick, frames=FrameSet({})) for tick in ticks]


def record_blind(recorder: Recorder, course: Course, begin: float) -> Path:
    recording, phase = recorder.begin(BLIND), ""
    for tick in blind_ticks(course, begin):
        if tick.phase != phase:
            phase = tick.phase
            recording.phase(tick.time, phase, "it was time")
        recording.tick(tick)
        recording.setpoints(SetPoints(tick.time + np.array([0.0, 0.02]), np.tile(tick.arm.joints, (2, 1))))
    return recording.commit(GOOD)


def blind_session(folder: Path, *courses: Course) -> Path:
    recorder = Recorder(folder, SimClock(start=100.0))
    for number, course in enumerate(courses):
        record_blind(recorder, course, 100.0 + 10.0 * number)
    return folder


def leave(session: Path, number: int, data: bytes = b"half") -> None:
    """As a killed process does."""
    stray = session / "in_flight" / f"{number:06d}"
    stray.mkdir(parents=True)
    (stray / "opst_cam.mp4").write_bytes(data)


def test_what_a_killed_process_left_goes_aside_and_numbers_go_on_behind_it(tmp_path: Path) -> None:
    make_session(tmp_path, Course(0, 5))
    leave(tmp_path, 2)
    clock = SimClock(start=5.0)
    recorder = Recorder(tmp_path, clock)
    assert recorder.left_over == (tmp_path / "left_over/000002",)
    assert (tmp_path / "left_over/000002/opst_cam.mp4").read_bytes() == b"half"
    assert record(recorder, Course(3, 6), clock).commit(GOOD).name == "000003"
    assert [one.record.ticks for one in episodes_in(tmp_path)] == [5, 6]
    assert not any((tmp_path / "in_flight").iterdir())


def test_what_holds_nothing_is_not_kept_and_the_newest_of_the_rest_are(tmp_path: Path) -> None:
    for number in range(1, KEPT + 6):
        leave(tmp_path, number, b"" if number == 8 else b"half")
        Recorder(tmp_path, SimClock())
    kept = sorted(path.name for path in (tmp_path / "left_over").iterdir())
    assert kept == [f"{number:06d}" for number in range(5, KEPT + 6) if number != 8]


def test_of_one_number_both_are_kept(tmp_path: Path) -> None:
    for data in (b"one", b"two", b"three"):
        leave(tmp_path, 4, data)
        Recorder(tmp_path, SimClock())
    kept = {path.parent.name: path.read_bytes() for path in (tmp_path / "left_over").rglob("*.mp4")}
    assert kept == {"000004": b"one", "000004-2": b"two", "000004-3": b"three"}


@pytest.mark.parametrize("place", ["episodes/000041", "left_over/000041-2", "set_aside/000041", "in_flight/000041"])
def test_a_number_that_anything_has_is_not_given_again(place: str, tmp_path: Path) -> None:
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / "episodes/notes").mkdir(parents=True)
    assert highest(tmp_path) == 41
    assert Recorder(tmp_path, SimClock()).begin(BLIND).number == 42


def test_discarded_and_lost_episodes_leave_nothing_and_nobody_gets_their_numbers(tmp_path: Path) -> None:
    clock = SimClock(start=5.0)
    recorder = Recorder(tmp_path, clock)
    record(recorder, Course(0, 5), clock).discard()
    with pytest.raises(EpisodeLostError):
        recorder.begin(BLIND).commit(GOOD)
    assert not any((tmp_path / "in_flight").iterdir())
    assert recorder.discarded == 2
    assert record(recorder, Course(0, 5), clock).commit(GOOD).name == "000003"


def test_the_next_episode_may_begin_before_the_last_is_committed(tmp_path: Path) -> None:
    clock = SimClock(start=5.0)
    recorder = Recorder(tmp_path, clock)
    first, second = record(recorder, Course(0, 5), clock), record(recorder, Course(1, 6), clock)
    assert second.commit(GOOD).name == "000002"
    assert first.commit(GOOD).name == "000001"
    assert [one.record.ticks for one in episodes_in(tmp_path)] == [5, 6]


def pictures_in(path: Path) -> list[bytes]:
    """As any reader gets them."""
    pictures: list[bytes] = []
    with av.open(str(path)) as container:
        pictures += [bytes(packet) for packet in container.demux(video=0) if packet.size]
    return pictures


def test_sums_are_those_of_the_pictures_in_the_file_and_name_the_one_that_changed(tmp_path: Path) -> None:
    make_session(tmp_path, Course(0, 30))
    episode = episodes_in(tmp_path)[0]
    rng = np.random.default_rng(0)
    for name, video in episode.record.videos.items():
        path = episode.folder / f"{name}.mp4"
        data = path.read_bytes()
        pictures = pictures_in(path)
        assert video.sums == tuple(zlib.crc32(picture) for picture in pictures)
        for tick in (0, 7, 29):
            flipped = bytearray(data)
            place = data.find(pictures[tick]) + int(rng.integers(len(pictures[tick])))
            flipped[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            assert changed_pictures(path, video) == [tick]
            assert episode.damage() == [f"{name}.mp4 has changed in picture {tick}"]
            (found,) = [each for each in check_session(tmp_path).findings if each.rule == "file-changed"]
            assert (found.camera, found.tick) == (name, tick)
        path.write_bytes(data)


def test_a_second_of_video_is_in_the_file_as_soon_as_it_is_complete(tmp_path: Path) -> None:
    """So that it comes back from whatever a killed process left."""
    writer, clock = VideoWriter(tmp_path / "a.mp4", 96, 64, FPS), HostClock()
    give_up = clock.now() + 20.0
    for second in (1, 2, 3):
        for number in range(25):
            writer.put(stamped(number, 0))
        while len(writer.sums) <= 25 * (second - 1) and clock.now() < give_up:
            clock.wait_until(clock.now() + 0.005)
        back = film_in(writer.path.read_bytes(), FPS, None).shots
        assert len(back) >= 25 * (second - 1)
    writer.close()
    assert len(writer.sums) == 75


def test_the_signals_repeat_the_record(tmp_path: Path) -> None:
    from mcap.reader import make_reader

    make_session(tmp_path, Course(0, 10))
    episode = episodes_in(tmp_path)[0]
    with (episode.folder / "signals.mcap").open("rb") as file:
        (found,) = [each for each in make_reader(file).iter_metadata() if each.name == "episode"]
    whole = json.loads((episode.folder / "episode.json").read_text())
    assert json.loads(found.metadata["json"]) == {key: whole[key] for key in whole if key != "signals"}


def test_commands_carry_the_number_of_their_tick(tmp_path: Path) -> None:
    """Also where not every tick has one."""
    recorder = Recorder(tmp_path, SimClock(start=100.0))
    recording = recorder.begin(BLIND)
    ticks = [tick if tick.index % 3 == 1 else replace(tick, command=None) for tick in blind_ticks(Course(0, 20), 100.0)]
    for tick in ticks:
        recording.tick(tick)
    recording.commit(GOOD)
    signals = episodes_in(tmp_path)[0].signals()
    assert [row["index"] for row in signals.commands] == list(range(1, 20, 3))
    told = [tick.command.grip.width if tick.command and tick.command.grip else None for tick in ticks]
    last, expected = np.inf, []
    for width in told:
        last = last if width is None else width
        expected.append(last)
    assert signals.widths.tolist() == expected


# A rig without cameras.


def test_a_rig_without_cameras_records_what_there_is(tmp_path: Path) -> None:
    session = blind_session(tmp_path / "blind", Course(0, 26), Course(1, 30))
    courses = {100.0: Course(0, 26), 110.0: Course(1, 30)}
    for (begin, course), episode in zip(courses.items(), episodes_in(session), strict=True):
        truth = blind_ticks(course, begin)
        signals = episode.signals()
        assert (episode.record.ticks, episode.record.videos, episode.damage()) == (course.ticks, {}, [])
        assert signals.times.tolist() == [tick.time for tick in truth]
        assert np.array_equal(signals.tool[:, :3], [tick.arm.T_base_tool.translation for tick in truth])
    report = check_session(session)
    assert report.findings == ()
    assert report.episodes == 2


def test_it_can_be_shown(tmp_path: Path) -> None:
    session = blind_session(tmp_path / "blind", Course(0, 26), Course(1, 30))
    app = typer.Typer()
    app.command("show")(dataset_show.show)
    app.command("check")(dataset_check.check)
    assert CliRunner().invoke(app, ["check", str(session)]).exit_code == 0
    done = CliRunner().invoke(app, ["show", str(session), "--json", "--png", str(tmp_path / "sheet.png")])
    assert done.exit_code == 0, done.output
    assert [row["success"] for row in json.loads(done.stdout)["episodes"]] == [True, True]
    assert (tmp_path / "sheet.png").stat().st_size > 0


def test_there_is_nothing_to_build_from_it(tmp_path: Path) -> None:
    session = blind_session(tmp_path / "blind", Course(0, 26))
    seeing = make_session(tmp_path / "seeing", Course(0, 26))
    with pytest.raises(DynacollectError, match="without cameras and has no pictures to build from"):
        build([session], tmp_path / "set")
    with pytest.raises(DynacollectError, match="opst_cam in cameras"):
        build([seeing, session], tmp_path / "set")
    assert not (tmp_path / "set").exists()
    both = build([seeing, session], tmp_path / "set", Options(where="success and opst_cam in cameras"))
    assert (both.episodes, both.left_out) == (1, 1)


def test_it_comes_back_from_damage(tmp_path: Path) -> None:
    session = blind_session(tmp_path / "blind", Course(0, 26), Course(1, 30), Course(2, 28))
    first, second, third = (episode.folder for episode in episodes_in(session))
    (first / "episode.json").unlink()
    cut(second / "signals.mcap", (second / "signals.mcap").stat().st_size - 8)
    (session / "left_over").mkdir()
    (third / "episode.json").unlink()
    # Killed before anything repeated the record.
    data = (third / "signals.mcap").read_bytes()
    cut(third / "signals.mcap", data.find(b'{"format"') - 30)
    third.rename(session / "left_over/000003")
    result = repair_session(session, tmp_path / "new", in_flight=True)
    assert [(each.state, each.numbers) for each in result.episodes][:2] == [("repaired", (1,)), ("repaired", (2,))]
    assert [one.record.ticks for one in episodes_in(tmp_path / "new")][:2] == [26, 30]
    assert all(one.damage() == [] for one in episodes_in(tmp_path / "new"))


# Thousands of episodes.


def test_only_the_newest_sizes_are_looked_at(tmp_path: Path) -> None:
    for number in range(1, 2 * NEWEST):
        folder = tmp_path / f"{number:06d}"
        folder.mkdir()
        (folder / "a").write_bytes(bytes(number))
    assert sizes(tmp_path) == list(range(NEWEST, 2 * NEWEST))
    assert sizes(tmp_path, 3) == [2 * NEWEST - 3, 2 * NEWEST - 2, 2 * NEWEST - 1]


def test_no_episode_before_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = blind_session(tmp_path, Course(0, 5))
    recorder = Recorder(session, SimClock(start=100.0))
    need, free = recorder.forecast(10)
    size = sum(path.stat().st_size for path in (session / "episodes/000001").iterdir())
    assert need == 10 * size
    assert free > 0
    monkeypatch.setattr(recorder_module, "sizes", None)
    (session / "episodes").rename(tmp_path / "elsewhere")
    (session / "episodes").mkdir()
    record_blind(recorder, Course(1, 10), 100.0)
    assert recorder.forecast(10)[0] > need


@pytest.mark.slow
def test_nothing_of_an_episode_stays_in_memory(tmp_path: Path) -> None:
    clock = SimClock(start=5.0)
    recorder, levels = Recorder(tmp_path, clock), list[int]()
    left: list[weakref.ref] = []
    tracemalloc.start()
    try:
        for episode in range(100):
            left += short_episode(recorder, episode)
            if episode % 50 == 49:
                gc.collect()
                levels.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert [each for each in left if each() is not None] == []
    # Weak references and what libraries keep; the 50 episodes between have 1.8 MB of pictures.
    assert levels[-1] - levels[0] < 300_000


def short_episode(recorder: Recorder, episode: int) -> list[weakref.ref]:
    """One camera, two ticks; every fourth is not kept. Returns what is not to live on."""
    head = Head("pick", ("x",), "panda", {"opst_cam": cameras()["opst_cam"]}, fps=FPS)
    recording, left = recorder.begin(head), list[weakref.ref]()
    for index in range(2):
        tick = tick_of(Course(episode, 2), index, 5.0, index)
        recording.tick(tick)
        left += [weakref.ref(tick.frames.frames["opst_cam"].image), weakref.ref(tick.arm.joints)]
    if episode % 4:
        recording.commit(GOOD)
    else:
        recording.discard()
    return left


def test_nothing_of_a_failed_episode_stays_in_memory(tmp_path: Path) -> None:
    clock = SimClock(start=5.0)
    recording = Recorder(tmp_path, clock).begin(Head("pick", ("x",), "panda", cameras(), fps=FPS))
    tick = tick_of(Course(0, 5), 0, 5.0, 0)
    frames = {name: Frame(each.image.astype(np.complex64), name, 0, 5.0, 5.0, 5.0)  # pyright: ignore[reportArgumentType]
              for name, each in tick.frames.frames.items()}  # fmt: skip
    images = [weakref.ref(each.image) for each in frames.values()]
    recording.tick(replace(tick, frames=FrameSet(frames)))
    with pytest.raises(EpisodeLostError, match="could not be written"):
        recording.commit(GOOD)
    del frames, tick
    assert recording.failed
    gc.collect()
    assert [each for each in images if each() is not None] == []
