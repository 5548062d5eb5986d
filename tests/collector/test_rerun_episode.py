"""The Rerun recording of an episode says what the episode says: read back, row by row, at its own times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.collector.commands.dataset_show import _log
from dynacollect.collector.tracks.rerun import RerunLog
from dynacollect.collector.tracks.rerun_episode import PATH_POINTS, log_signals
from dynacollect.datasets.raw import Head, RawEpisode, Recorder, Thing
from dynacollect.datasets.replay import Replay
from dynacollect.rig.arms import arm
from dynacollect.rig.arms.kinematics import forward, link_poses
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import (
    ArmState,
    Command,
    Fault,
    Frame,
    FrameSet,
    Grip,
    ObjectState,
    SetPoints,
    Tick,
    Vector,
    Verdict,
)

pytest.importorskip("rerun")

PANDA = arm("franka-panda")
TICKS, PERIOD_S, BEGIN, WIDE, HIGH = 12, 0.04, 50.0, 96, 64
CAMERAS = ("opst_cam", "wrist_cam")
PHASES = {0: ("approach", "start"), 5: ("meet", "runs along"), 9: ("done", "held at the goal")}
SIGMA = {"position_mm": 3.0, "rotation_deg": 2.0, "velocity_mm_s": 40.0}
AHEAD = 120
"""Set-points that are sent at a tick."""
ON_WRIST = RigidTransform.from_components([0.05, 0.0, 0.02], Rotation.from_euler("xyz", [0.1, 0.2, 0.3]))


def joints_at(time: float) -> Vector:
    return PANDA.home + 0.3 * np.sin(time - BEGIN + np.arange(7))


def tick_of(index: int) -> Tick:
    time = BEGIN + index * PERIOD_S
    picture = np.full((HIGH, WIDE, 3), 100, np.uint8)
    frames = {name: Frame(picture, name, index, time - 0.03, time - 0.01, time - 0.03) for name in CAMERAS}
    joints, zeros = joints_at(time - 0.004), np.zeros(7)
    state = ArmState(joints, zeros, zeros, forward(PANDA, joints), 0.08 - 0.005 * index, index, time - 0.004, time)
    sigmas = SIGMA["position_mm"] / 1e3, np.deg2rad(SIGMA["rotation_deg"]), SIGMA["velocity_mm_s"] / 1e3, 1.0
    thing = ObjectState(
        "target0", RigidTransform.from_translation([0.4, 0.01 * index, 0.03]), np.array([0.0, 0.25, 0.0]), np.zeros(3),
        np.diag(np.repeat(np.square(sigmas), 3)), time, 0.9,
    )  # fmt: skip
    return Tick(index, time, FrameSet(frames), state, {"target0": thing}, "", command_at(index, time))


def command_at(index: int, time: float) -> Command:
    """By pose and velocity; then by joints; then neither."""
    if index < 6:
        goal = forward(PANDA, joints_at(time + 0.5))
        return Command(goal, velocity=np.array([0.0, 0.1 * index, 0.0]), grip=Grip(0.04, 10.0), reach_at=time + 0.5)
    return Command(joints=joints_at(time + 0.2)) if index < 10 else Command(grip=Grip(0.0, 20.0))


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> RawEpisode:
    clock = SimClock(start=BEGIN)
    K = np.array([[60.0, 0, WIDE / 2], [0, 60.0, HIGH / 2], [0, 0, 1]])
    cameras = {
        name: CameraModel(name, WIDE, HIGH, K, T_parent_camera=ON_WRIST, on_wrist=name == "wrist_cam")
        for name in CAMERAS
    }
    things = (Thing(key="target0", name="mug", role="target"),)
    head = Head("pick", ("pick up the mug",), "franka-panda", cameras, things, {}, {"version": "test"})
    recording = Recorder(tmp_path_factory.mktemp("s"), clock).begin(head)
    for index in range(TICKS):
        clock.wait_until(BEGIN + index * PERIOD_S)
        if index in PHASES:
            recording.phase(clock.now(), *PHASES[index])
        tick = tick_of(index)
        recording.tick(tick)
        times = np.array([tick.time + 0.005 * k for k in range(AHEAD)])
        recording.setpoints(SetPoints(times, np.array([joints_at(each) for each in times])))
    recording.fault(BEGIN + 0.21, Fault("reflex", "the hand touched the table"))
    return RawEpisode.open(recording.commit(Verdict(True, 0.97, "held at the goal")))


@pytest.fixture(scope="module")
def rows(episode: RawEpisode, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[float | None, Any]]:
    """Entity and component -> time -> value; what holds always has no time."""
    path = tmp_path_factory.mktemp("rrd") / "episode.rrd"
    _log(episode, path)
    return read(path)


def read(path: Path) -> dict[str, dict[float | None, Any]]:
    from rerun.experimental import RrdReader

    found: dict[str, dict[float | None, Any]] = {}
    for chunk in RrdReader(path).stream().to_chunks():
        batch = chunk.to_record_batch()
        names = batch.schema.names
        timed = "capture" in names
        times = batch.column("capture").cast("int64").to_numpy() * 1e-9 if timed else [None] * batch.num_rows
        for name in (name for name in names if ":" in name and not name.startswith("rerun")):
            values = batch.column(name).to_pylist()
            kept = {time: value for time, value in zip(times, values, strict=True) if value is not None}
            found.setdefault(f"{chunk.entity_path} {name.split(':')[1]}", {}).update(kept)
    return found


def column(rows: Mapping[str, dict[float | None, Any]], name: str) -> tuple[Vector, np.ndarray]:
    """Times, and one value for each."""
    timed = sorted((time, value) for time, value in rows[name].items() if time is not None)
    return np.array([time for time, _ in timed]), np.array([value for _, value in timed]).squeeze()


TIMES = BEGIN + PERIOD_S * np.arange(TICKS)
MEASURED = TIMES - 0.004
JOINTS = np.array([joints_at(time) for time in MEASURED])
TOOLS = [forward(PANDA, joints) for joints in JOINTS]


def test_phases_have_their_reasons_and_a_timeline(rows: Mapping[str, dict[float | None, Any]]) -> None:
    times, states = column(rows, "/phase state")
    assert times == pytest.approx([TIMES[tick] for tick in PHASES], abs=1e-6)
    assert list(states) == [name for name, _ in PHASES.values()]
    log = rows["/log text"]
    said = [text[0] for _, text in sorted(log.items(), key=lambda item: item[0] or 0.0)]
    assert said == [
        "approach: start",
        "meet: runs along",
        "reflex: the hand touched the table",
        "done: held at the goal",
    ]
    (about,) = rows["/about text"].values()
    assert "pick up the mug" in about[0]
    assert "success (0.97): held at the goal" in about[0]


def test_the_arm_is_where_it_was_measured(rows: Mapping[str, dict[float | None, Any]]) -> None:
    times, joints = column(rows, "/arm/joints scalars")
    assert times == pytest.approx(MEASURED, abs=1e-6)
    assert np.allclose(joints, JOINTS)
    times, places = column(rows, "/world/tool translation")
    assert times == pytest.approx(MEASURED, abs=1e-6)
    assert np.allclose(places, [tool.translation for tool in TOOLS], atol=1e-6)
    turns = Rotation.from_quat(column(rows, "/world/tool quaternion")[1])
    assert (turns.inv() * Rotation.concatenate([tool.rotation for tool in TOOLS])).magnitude().max() < 1e-3
    _, strips = column(rows, "/world/arm strips")
    for strip, joints, tool in zip(strips, JOINTS, TOOLS, strict=True):
        assert np.allclose(strip[: PANDA.joints + 1], link_poses(PANDA, joints).translation, atol=1e-5)
        assert np.allclose(strip[-1], tool.translation, atol=1e-5)
    assert np.allclose(column(rows, "/gripper/width_mm scalars")[1], 80 - 5 * np.arange(TICKS))
    assert np.allclose(column(rows, "/gripper/force_N scalars")[1], np.arange(TICKS))
    assert np.allclose(column(rows, "/gripper/asked_mm scalars")[1], [40.0] * 10 + [0.0] * 2)


def test_the_plan_is_what_was_commanded(rows: Mapping[str, dict[float | None, Any]]) -> None:
    times, goals = column(rows, "/world/plan/goal translation")
    assert times == pytest.approx(TIMES[:10], abs=1e-6), "a command that leaves the pose leaves the goal"
    ahead = [0.5] * 6 + [0.2] * 4
    expected = [forward(PANDA, joints_at(time + more)).translation for time, more in zip(TIMES, ahead, strict=False)]
    assert np.allclose(goals, expected, atol=1e-5)
    arrows = column(rows, "/world/plan/velocity vectors")[1]
    assert np.allclose(arrows[:6, 1], 0.25 * 0.1 * np.arange(6), atol=1e-6)
    assert np.allclose(arrows[6:], 0.0)
    assert np.allclose(column(rows, "/world/plan/velocity origins")[1], goals, atol=1e-6)
    times, left = column(rows, "/plan/reached_in_s scalars")
    assert len(times) == 6
    assert np.allclose(left, 0.5)


def test_the_way_ahead_is_that_of_the_set_points(rows: Mapping[str, dict[float | None, Any]]) -> None:
    times, strips = column(rows, "/world/plan/way strips")
    assert times == pytest.approx(TIMES, abs=1e-6)
    for time, strip in zip(TIMES, strips, strict=True):
        assert len(strip) == PATH_POINTS
        sent = np.array([forward(PANDA, joints_at(time + 0.005 * k)).translation for k in range(AHEAD)])
        assert np.allclose(strip[[0, -1]], sent[[0, -1]], atol=1e-5)
        assert np.linalg.norm(sent[None] - strip[:, None], axis=2).min(axis=1).max() < 1e-5


def test_sigmas_are_those_of_the_covariance(rows: Mapping[str, dict[float | None, Any]]) -> None:
    for name, sigma in SIGMA.items():
        times, values = column(rows, f"/sigma/target0/{name} scalars")
        assert times == pytest.approx(TIMES, abs=1e-6)
        assert np.allclose(values, sigma)


def test_the_wrist_camera_rides_on_the_flange(episode: RawEpisode, rows: Mapping[str, dict[float | None, Any]]) -> None:
    to_flange = PANDA.T_flange_tool.inv()
    expected = [tool * to_flange for tool in TOOLS]
    assert np.allclose(column(rows, "/world/flange translation")[1], [each.translation for each in expected], atol=1e-5)
    turns = Rotation.from_quat(column(rows, "/world/flange quaternion")[1])
    assert (turns.inv() * Rotation.concatenate([each.rotation for each in expected])).magnitude().max() < 1e-3
    (mounted,) = rows["/world/flange/wrist_cam translation"].values()
    assert np.allclose(mounted, ON_WRIST.translation)
    assert len([time for time in rows["/world/flange/wrist_cam/picture blob"] if time is not None]) == TICKS
    for moment in list(Replay.of(episode).moments())[1:]:
        at = moment.frames.frames["wrist_cam"].captured_at
        there = moment.moved["wrist_cam"].T_base_camera()
        true = forward(PANDA, joints_at(at)) * to_flange * ON_WRIST
        # Between two reports the arm is taken to move evenly.
        assert np.linalg.norm(there.translation - true.translation) < 5e-4


def test_an_arm_that_nobody_knows_is_left_out(episode: RawEpisode, tmp_path: Path) -> None:
    record = episode.record.model_copy(update={"robot": "homemade"})
    _log(RawEpisode(episode.folder, record), tmp_path / "episode.rrd")
    entities = {name.split()[0] for name in read(tmp_path / "episode.rrd")}
    assert not {"/world/arm", "/world/flange", "/world/plan/way", "/world/flange/wrist_cam/picture"} & entities
    assert {"/world/tool", "/world/plan/goal", "/phase", "/world/opst_cam/picture"} <= entities


def test_signals_take_little_room(episode: RawEpisode, tmp_path: Path) -> None:
    with RerunLog({}, tmp_path / "signals.rrd") as log:
        log_signals(log, Replay.of(episode))
    assert (tmp_path / "signals.rrd").stat().st_size < 200_000
