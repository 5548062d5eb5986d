"""The tracker by FoundationPose, end to end: rendered RGB-D, the real segmenter and server, a stand-in behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation
from typer.testing import CliRunner

from dynacollect.collector.commands.track import app
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet, ObjectState, PoseEstimate
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.foundationpose.agreement import Surface, judge
from dynacollect.tracking.foundationpose.client import Pixels, PoseServer, Shot
from dynacollect.tracking.foundationpose.fusion import fuse
from dynacollect.tracking.foundationpose.look import DepthLook
from dynacollect.tracking.foundationpose.tracker import ANEW_EVERY, CONTRADICTS, FoundationPoseTracker
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.registration import learn
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.sequences.write import SeenObject, SequenceWriter
from dynacollect.tracking.sequences.write_models import write_models
from dynacollect.tracking.shape import shape_of
from dynacollect.tracking.tracked import HEALTHY

from .depth_scene import CAMERAS, Depth, DepthScene, View
from .pose_servers import ServerProcess, serving

NAME = "toy_car"
MODEL = catalogue.load(NAME)
CAR = shape_of(MODEL)
LAGS = {"cam1": 0.0, "cam2": 0.006}
SPEED, SPIN, TICK_S = np.array([0.0, 0.3, 0.0]), 0.8, 0.04
SPOTS = ((0.38, -0.1, 0.2), (0.45, 0.06, 1.3), (0.52, 0.0, 2.5), (0.42, 0.1, 4.0))


def standing(x: float, y: float, yaw: float) -> RigidTransform:
    return RigidTransform.from_components([x, y, MODEL.rest_height], Rotation.from_euler("z", yaw))


def pose_at(time: float) -> RigidTransform:
    return standing(0.45, -0.15 + SPEED[1] * time, 0.7 + SPIN * time)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest.fixture(scope="module")
def scene() -> Iterator[DepthScene]:
    made = DepthScene(NAME)
    yield made
    made.close()


@dataclass(frozen=True)
class Taught:
    """The empty scene, and the car alone at some places."""

    plates: dict[str, View]
    clip: list[dict[str, View]]


@pytest.fixture(scope="module")
def taught(scene: DepthScene) -> Taught:
    plates = {name: scene.view(name, {}, 100 + number) for number, name in enumerate(CAMERAS)}
    clip = [
        {name: scene.view(name, {NAME: standing(*spot)}, 200 + 10 * k + n) for n, name in enumerate(CAMERAS)}
        for k, spot in enumerate(SPOTS)
    ]
    return Taught(plates, clip)


def tracker_of(taught: Taught, server: ServerProcess, *names: str) -> tuple[FoundationPoseTracker, PoseServer]:
    """For a car, or several."""
    plates = {name: view.image for name, view in taught.plates.items()}
    clip = [{name: view.image for name, view in views.items()} for views in taught.clip]
    look = learn(plates, clip, name=NAME).appearance
    backgrounds, poses = {name: Background(plate) for name, plate in plates.items()}, PoseServer(server.address)
    names = names or (NAME,)
    segmenter = AppearanceSegmenter(backgrounds, dict.fromkeys(names, look))
    return FoundationPoseTracker(dict.fromkeys(names, CAR), CAMERAS, segmenter, poses, backgrounds), poses


def seen(scene: DepthScene, tick: int, without: Collection[str] = ()) -> tuple[FrameSet, dict[str, Depth]]:
    """What the cameras took in a tick; some of them do not see the car."""
    frames, depths = {}, {}
    for number, (name, lag) in enumerate(LAGS.items()):
        time = TICK_S * tick + lag
        view = scene.view(name, {} if name in without else {NAME: pose_at(time)}, 1000 + 2 * tick + number)
        frames[name], depths[name] = Frame(view.image, name, tick, time, time, time), view.depth
    return FrameSet(frames), depths


def off(state: ObjectState | PoseEstimate, truth: RigidTransform) -> tuple[float, float]:
    """In mm and degrees."""
    turned = (state.T_base_object.rotation * truth.rotation.inv()).magnitude()
    return 1e3 * float(np.linalg.norm(state.T_base_object.translation - truth.translation)), float(np.rad2deg(turned))


@pytest.mark.slow
def test_a_moving_object_is_registered_followed_and_found_again(
    scene: DepthScene, taught: Taught, server: ServerProcess
) -> None:
    tracker, poses = tracker_of(taught, server)
    states: dict[int, ObjectState] = {}
    for tick in range(18):
        tracked = tracker.step(*seen(scene, tick, without=CAMERAS if 7 <= tick < 11 else ()))
        assert set(tracked.seconds) == {"segment", "track", "register", "fuse", "tick"}
        states[tick] = tracked.states[NAME]
    poses.close()
    assert states[0].health < HEALTHY < states[1].health
    for tick in (5, 6, 14, 15, 16, 17):
        place, turn = off(states[tick], pose_at(states[tick].valid_at))
        assert place < 1.5
        assert turn < 3.0
        assert states[tick].velocity == pytest.approx(SPEED, abs=0.03)
        assert states[tick].health > 0.9
        error = states[tick].position - pose_at(states[tick].valid_at).translation
        assert error @ np.linalg.solve(states[tick].covariance[:3, :3], error) < 12
    assert states[10].health < HEALTHY
    assert np.trace(states[10].covariance[:3, :3]) > 2 * np.trace(states[6].covariance[:3, :3])


@pytest.mark.slow
def test_a_camera_that_lost_it_is_put_back_by_the_other(
    scene: DepthScene, taught: Taught, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[list[str]] = []
    register = PoseServer.register

    def noted(self: PoseServer, name: str, shot: Shot, mask: Pixels) -> RigidTransform | None:
        registered[-1].append(shot.camera)
        return register(self, name, shot, mask)

    monkeypatch.setattr(PoseServer, "register", noted)
    tracker, poses = tracker_of(taught, server)
    for tick in range(ANEW_EVERY + 1):
        registered.append([])
        state = tracker.step(*seen(scene, tick, without=("cam2",) if 3 <= tick < 9 else ())).states[NAME]
        if tick > 2:
            assert off(state, pose_at(state.valid_at))[0] < 2.5
    poses.close()
    assert {tick: views for tick, views in enumerate(registered) if views} == {
        0: ["cam1", "cam2"],
        ANEW_EVERY - 1: ["cam2"],
    }


@pytest.mark.slow
def test_a_camera_that_goes_on_contradicting_is_no_longer_asked(
    scene: DepthScene, taught: Taught, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was lifted since it was calibrated: its own depth bears it out, the other's does not."""
    asked, track = Counter[str](), PoseServer.track

    def counted(self: PoseServer, name: str, shot: Shot) -> RigidTransform | None:
        asked[shot.camera] += 1
        return track(self, name, shot)

    monkeypatch.setattr(PoseServer, "track", counted)
    tracker, poses = tracker_of(taught, server)
    lifted = RigidTransform.from_translation([0.0, 0.0, 0.04]) * CAMERAS["cam2"].T_parent_camera
    tracker.cameras["cam2"] = replace(CAMERAS["cam2"], T_parent_camera=lifted)
    for tick in range(6):
        state = tracker.step(*seen(scene, tick)).states[NAME]
        assert off(state, pose_at(TICK_S * tick + 0.5 * LAGS["cam2"]))[0] < 2.5
    poses.close()
    assert asked == {"cam1": 5, "cam2": CONTRADICTS - 1}


@pytest.mark.slow
def test_two_like_objects_are_told_apart(taught: Taught, server: ServerProcess) -> None:
    scene = DepthScene("toy_car", "toy_car#2")
    truth = {"toy_car": standing(0.42, -0.1, 0.4), "toy_car#2": standing(0.48, 0.1, 2.0)}
    tracker, poses = tracker_of(taught, server, "first", "second")
    states: Mapping[str, ObjectState] = {}
    for tick in range(3):
        views = {name: scene.view(name, truth, 4000 + 2 * tick + number) for number, name in enumerate(CAMERAS)}
        frames = {name: Frame(view.image, name, tick, *3 * [TICK_S * tick]) for name, view in views.items()}
        states = tracker.step(FrameSet(frames), {name: view.depth for name, view in views.items()}).states
    scene.close()
    poses.close()
    found = [min(truth, key=lambda name: off(states[own], truth[name])) for own in ("first", "second")]
    assert set(found) == set(truth)
    for own, name in zip(("first", "second"), found, strict=True):
        assert off(states[own], truth[name])[0] < 2.0


@pytest.mark.slow
def test_all_cameras_together_are_better_than_each(scene: DepthScene, taught: Taught, server: ServerProcess) -> None:
    """Small steps, which each camera follows by itself."""
    surface, rng, poses = Surface.of(CAR), np.random.default_rng(5), PoseServer(server.address)
    poses.load(NAME, CAR)
    errors: dict[str, list[tuple[float, float]]] = {"cam1": [], "cam2": [], "both": []}
    squares = []
    for step in range(12):
        truth = standing(*(rng.uniform([0.447, -0.003, 0.65], [0.453, 0.003, 0.75])))
        estimates = []
        for number, (name, plate) in enumerate(taught.plates.items()):
            view = scene.view(name, {NAME: truth}, 3000 + 2 * step + number)
            look = DepthLook.of(Frame(view.image, name, step, 0.0, 0.0, 0.0), view.depth, CAMERAS[name])
            mask = np.abs(view.image.astype(int) - plate.image).sum(axis=2) > 60
            found = poses.track(NAME, look.shot) if step else poses.register(NAME, look.shot, mask)
            assert found is not None
            pose = look.to_base * found
            estimates.append(judge(surface, look, pose).estimate(NAME, pose, 0.0))
            errors[name].append(off(estimates[-1], truth))
        fused = fuse(estimates, CAR.symmetry).estimate
        errors["both"].append(off(fused, truth))
        turned = (fused.T_base_object.rotation * truth.rotation.inv()).as_rotvec()
        error = np.concatenate([fused.T_base_object.translation - truth.translation, turned])
        squares.append(error @ np.linalg.solve(fused.covariance, error) / 6)
    poses.close()
    rms = {name: np.sqrt(np.mean(np.square(values), axis=0)) for name, values in errors.items()}
    assert (rms["both"] < rms["cam1"]).all()
    assert (rms["both"] < rms["cam2"]).all()
    assert rms["both"][0] < 0.6
    assert np.mean(squares) < 1.5


@pytest.fixture(scope="module")
def data(scene: DepthScene, taught: Taught, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of one sequence with depth in tenths of a millimetre, and a clip."""
    folder = tmp_path_factory.mktemp("depth")
    write_models(folder / "models", {3: MODEL})
    place = folder / "000000"
    with SequenceWriter(place, CAMERAS) as writer, SequenceWriter(place / "register", CAMERAS) as clip:
        for tick in range(6):
            frames, depths = seen(scene, tick)
            for name, frame in frames.frames.items():
                thing = SeenObject(3, pose_at(frame.captured_at), visible=1.0)
                writer.add(name, tick, frame.image, frame.captured_at, (thing,))
                (place / f"depth_{name}").mkdir(exist_ok=True)
                raw = np.round(1e4 * depths[name]).astype(np.uint16)
                assert cv2.imwrite(str(place / f"depth_{name}" / f"{tick:06d}.png"), raw)
        for number, (views, spot) in enumerate(zip(taught.clip, SPOTS, strict=True)):
            for name, view in views.items():
                clip.add(name, number, view.image, 0.04 * number, (SeenObject(3, standing(*spot), visible=1.0),))
        for name, view in taught.plates.items():
            writer.plate(name, view.image)
    for table in place.glob("scene_camera_*.json"):
        rows = json.loads(table.read_text())
        table.write_text(json.dumps({key: {**row, "depth_scale": 0.1} for key, row in rows.items()}))
    return folder


@pytest.mark.slow
def test_a_sequence_with_depth_is_evaluated(data: Path, server: ServerProcess) -> None:
    line = ["eval", str(data), "--tracker", "foundationpose", "--server", server.address, "--json"]
    found = json.loads(CliRunner().invoke(app, line, catch_exceptions=False).stdout)
    assert found["tracker"] == "foundationpose"
    assert found["frames"] == 6
    assert found["lost"] == found["false_healthy"] == 0
    assert found["position_mm"]["median"] < 1.5
    assert found["rotation_deg"]["median"] < 3.0


@pytest.mark.slow
def test_what_is_lacking_is_told(data: Path, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        line = ["eval", *words, "--tracker", "foundationpose", "--server", str(tmp_path / "nobody")]
        with pytest.raises(DynacollectError) as told:
            CliRunner().invoke(app, line, catch_exceptions=False)
        return str(told.value)

    assert said(str(data)).startswith(f"no pose server answers at {tmp_path / 'nobody'}")
    table = data / "000000" / "scene_camera_cam2.json"
    whole = table.read_text()
    table.write_text(whole.replace('"depth_scale": 0.1', '"depth_scale": null', 1))
    assert "frame 0: depth_scale is not 1 numbers" in said(str(data))
    table.write_text(whole)
    for name in CAMERAS:
        (data / "000000" / f"depth_{name}").rename(tmp_path / f"depth_{name}")
    assert "has no depth_cam1/, and FoundationPose needs depth; use --tracker multiview" in said(str(data))
