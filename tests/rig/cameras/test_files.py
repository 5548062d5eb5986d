"""A recording comes back as it was: the same pictures at the same times, faults included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.raw import RawEpisode
from dynacollect.rig.camera import Camera
from dynacollect.rig.cameras.files.config import FilesCamera
from dynacollect.rig.cameras.open import open_cameras
from dynacollect.rig.clock import HostClock, SimClock, Ticker
from dynacollect.rig.config import RigConfig, load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet

from .made_recording import DROPPING, FAULTY, JUMPING, LATE, PERIOD_S, episode, folder, picture
from .waiting import until

Recorded = tuple[Path, list[FrameSet]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return episode(tmp_path_factory.mktemp("session"))


def part(path: Path, camera: str, loop: bool = False) -> FilesCamera:
    return FilesCamera.model_validate({"driver": "files", "path": str(path), "camera": camera, "loop": loop})


def shown(clock: SimClock, cameras: Mapping[str, Camera], seconds: float) -> Iterator[dict[str, Frame]]:
    """The newest frames every millisecond."""
    for slot in Ticker(clock, 0.001):
        newest = {name: camera.latest() for name, camera in cameras.items()}
        yield {name: frame for name, frame in newest.items() if frame is not None}
        if slot.index * 0.001 >= seconds:
            return


def all_frames(clock: SimClock, cameras: Mapping[str, Camera], seconds: float) -> dict[str, list[Frame]]:
    """Each frame once, by camera; it was there within the millisecond in which it arrived."""
    found: dict[str, list[Frame]] = {name: [] for name in cameras}
    begin = clock.now()
    for newest in shown(clock, cameras, seconds):
        for name, frame in newest.items():
            if not found[name] or frame is not found[name][-1]:
                assert 0.0 <= clock.now() - max(begin, frame.arrived_at) < 0.0011
                found[name].append(frame)
    return found


def connected(cameras: Mapping[str, Camera]) -> Mapping[str, Camera]:
    for camera in cameras.values():
        camera.connect()
    return cameras


def closed(cameras: Mapping[str, Camera]) -> None:
    for camera in cameras.values():
        camera.close()


@pytest.mark.slow
def test_every_frame_comes_back_in_its_time(recorded: Recorded) -> None:
    path, ticks = recorded
    clock = SimClock(start=100.0)
    cameras = open_cameras({name: part(path, name) for name in FAULTY}, clock, lockstep=True)
    for camera in cameras.values():
        camera.connect()
        clock.wait_until(clock.now() + 0.03)
    played = all_frames(clock, cameras, 5.0)
    closed(cameras)
    shifts: list[float] = []
    for name in FAULTY:
        then = [(number, tick.frames[name]) for number, tick in enumerate(ticks) if name in tick.frames]
        then.sort(key=lambda one: one[1].arrived_at)
        assert [frame.sequence for frame in played[name]] == [frame.sequence for _, frame in then]
        pictures = list(RawEpisode.open(path).pictures(name))
        for frame, (number, old) in zip(played[name], then, strict=True):
            assert np.array_equal(frame.image, pictures[number])
            assert frame.device_time == old.device_time
            shifts += [frame.captured_at - old.captured_at, frame.arrived_at - old.arrived_at]
    # One shift for all cameras: what was one moment is one moment again.
    assert np.ptp(shifts) < 1e-9


@pytest.mark.slow
def test_its_faults_come_back(recorded: Recorded) -> None:
    path, _ = recorded
    clock = SimClock()
    cameras = connected(open_cameras({name: part(path, name) for name in FAULTY}, clock, lockstep=True))
    found: set[tuple[str, str]] = set()
    for _ in shown(clock, cameras, 4.5):
        found |= {(name, fault.name) for name, camera in cameras.items() for fault in camera.health().faults}
    closed(cameras)
    assert found == {(DROPPING, "gap"), (LATE, "late"), (JUMPING, "restart_jump")}


def steady(count: int, **changed: float) -> list[dict[str, float]]:
    return [
        {
            "picture": number,
            "sequence": 40 + number,
            "captured_at": 7.0 + PERIOD_S * number,
            "arrived_at": 7.03 + PERIOD_S * number,
            "device_time": 900.0 + PERIOD_S * number,
            **changed,
        }
        for number in range(count)
    ]


def test_a_loop_has_no_seam(tmp_path: Path) -> None:
    folder(tmp_path / "made", "front", steady(20))
    clock = SimClock()
    cameras = connected(open_cameras({"front": part(tmp_path / "made", "front", loop=True)}, clock, lockstep=True))
    frames = all_frames(clock, cameras, 2.9)["front"]
    faults = cameras["front"].health().faults
    closed(cameras)
    assert len(frames) > 50
    for old, new in pairwise(frames):
        assert new.sequence - old.sequence == 1
        for key in ("captured_at", "arrived_at", "device_time"):
            assert getattr(new, key) - getattr(old, key) == pytest.approx(PERIOD_S)
    for number, frame in enumerate(frames):
        assert np.array_equal(frame.image, picture(number % 20))
    assert faults == ()


def test_without_a_loop_it_stands_still_at_the_end(tmp_path: Path) -> None:
    folder(tmp_path / "made", "front", steady(20))
    clock = SimClock()
    cameras = connected(open_cameras({"front": part(tmp_path / "made", "front")}, clock, lockstep=True))
    assert len(all_frames(clock, cameras, 2.0)["front"]) == 20
    assert [fault.name for fault in cameras["front"].health().faults] == ["freeze"]
    closed(cameras)


def test_a_picture_that_came_twice_comes_twice(tmp_path: Path) -> None:
    rows = steady(40)
    for number in range(20, 40, 2):
        rows[number + 1]["picture"] = rows[number]["picture"] = 20 + (number - 20) // 2
    folder(tmp_path / "made", "front", rows)
    clock = SimClock()
    cameras = connected(open_cameras({"front": part(tmp_path / "made", "front")}, clock, lockstep=True))
    all_frames(clock, cameras, PERIOD_S * 40 + 0.32)
    health = cameras["front"].health()
    closed(cameras)
    assert health.repeated == 10
    assert [fault.name for fault in health.faults] == ["repeat"]


def test_a_restart_goes_on_and_a_connect_begins_anew(tmp_path: Path) -> None:
    folder(tmp_path / "made", "front", steady(30))
    clock = SimClock()
    cameras = connected(open_cameras({"front": part(tmp_path / "made", "front")}, clock, lockstep=True))
    before = all_frames(clock, cameras, 1.0)["front"][-1].sequence
    cameras["front"].restart()
    after = [frame.sequence for frame in all_frames(clock, cameras, 0.2)["front"]]
    assert after[-1] > before
    assert cameras["front"].health().restarts == 1
    assert [frame.sequence for frame in all_frames(clock, connected(cameras), 1.6)["front"]] == list(range(40, 70))
    closed(cameras)


@pytest.mark.slow
def test_on_the_hosts_clock_a_thread_takes_them_in(tmp_path: Path) -> None:
    rows = [
        {**row, "captured_at": 0.01 * number, "arrived_at": 0.01 * number, "device_time": 0.01 * number}
        for number, row in enumerate(steady(30))
    ]
    path = folder(tmp_path / "made", "front", rows)
    clock = HostClock()
    camera = connected(open_cameras({"front": part(path, "front")}, clock))["front"]
    begin = clock.now()
    seen: dict[int, Frame] = {}

    def last() -> bool:
        now, frame = clock.now(), camera.latest()
        if frame is not None:
            assert frame.captured_at == frame.arrived_at <= clock.now()
            assert frame.arrived_at > begin and now >= begin
            seen[frame.sequence] = frame
        return frame is not None and frame.sequence == 69

    until(last)
    health = camera.health()
    camera.close()
    assert (health.received, health.dropped) == (30, 0)
    first = next(iter(seen.values()))
    for number, frame in seen.items():
        assert frame.arrived_at - first.arrived_at == pytest.approx(0.01 * (number - first.sequence))
        assert np.array_equal(frame.image, picture(number - 40))


RIG = """\
schema: 1
name: replay
arm: {{driver: cell, model: franka-panda}}
cameras:
  front: {{driver: files, path: {path}, camera: {camera}}}
"""


def rig_of(tmp_path: Path, path: str, camera: str) -> RigConfig:
    (tmp_path / "rig.yaml").write_text(RIG.format(path=path, camera=camera), encoding="utf-8")
    return load_rig(tmp_path / "rig.yaml")


def test_a_rig_takes_from_the_recording_what_it_does_not_say(recorded: Recorded, tmp_path: Path) -> None:
    rig = rig_of(tmp_path, str(recorded[0]), JUMPING)
    front = rig.cameras["front"]
    assert (front.serial, front.width, front.height, front.fps, front.mount) == ("S-jumping", 96, 64, 25.0, "wrist")
    (tmp_path / "again.yaml").write_text(rig.to_yaml(), encoding="utf-8")
    assert load_rig(tmp_path / "again.yaml") == rig


def test_the_recording_is_found_beside_the_rig(tmp_path: Path) -> None:
    folder(tmp_path / "made", "left", steady(20))
    front = rig_of(tmp_path, "made", "left").cameras["front"]
    assert (front.width, front.height, front.fps) == (96, 64, pytest.approx(25.0))


@pytest.mark.parametrize(
    ("rows", "camera", "sentence"),
    [
        ("nothing", "left", "there is no folder"),
        ("", "left", "is no recording: it has no episode.json and no CAMERA.csv; see docs/cameras.md"),
        ("captured_at\n1.0\n", "lift", "has no camera lift; did you mean 'left'?"),
        ("captured_at\n", "left", "has no picture of left; name another recording or camera"),
        ("time\n1.0\n", "left", "is no list of frames (KeyError('captured_at')); see docs/cameras.md"),
        ("captured_at\nnan\n", "left", "line 2 has a time that is no number"),
        ("captured_at,picture\n1.0,5\n1.1,3\n", "left", "shows picture 3 of left after 5; sort its pictures"),
    ],
)
def test_a_wrong_recording_gets_one_sentence(rows: str, camera: str, sentence: str, tmp_path: Path) -> None:
    if rows != "nothing":
        (tmp_path / "made").mkdir()
    if "captured_at" in rows or "time" in rows:
        folder(tmp_path / "made2", "left", steady(2))
        (tmp_path / "made2" / "left").rename(tmp_path / "made" / "left")
        (tmp_path / "made" / "left.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(DynacollectError) as caught:
        rig_of(tmp_path, "made", camera)
    assert sentence in str(caught.value)
    assert "rig.yaml:5: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_longer_than_the_pictures_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "made", "front", steady(10))
    (path / "front" / "0009.png").unlink()
    clock = SimClock()
    cameras = connected(open_cameras({"front": part(path, "front")}, clock, lockstep=True))
    with pytest.raises(DynacollectError, match="has fewer pictures than its list says"):
        all_frames(clock, cameras, 1.0)
    closed(cameras)
