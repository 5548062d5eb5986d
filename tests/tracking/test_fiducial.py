"""The tracker by tags: a drawn box with tags on five sides that moves, is hidden, and comes back; and its sequences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.spatial.transform import RigidTransform, Rotation
from typer.testing import CliRunner

from dynacollect.collector.commands.track import app
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet, ObjectState, Vector
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.fiducial import TagTracker, track_sequence
from dynacollect.tracking.health import LOST_AFTER
from dynacollect.tracking.sequences.read import read_sequence
from dynacollect.tracking.sequences.write import SeenObject, SequenceWriter
from dynacollect.tracking.sequences.write_models import write_models
from dynacollect.tracking.tags.description import TagFile, read_tags
from dynacollect.tracking.tracked import HEALTHY

from .tag_pictures import camera, draw

CAMERAS = {
    "cam1": camera("cam1", (1.0, 0.05, 0.7), distortion=(-0.1, 0.02)),
    "cam2": camera("cam2", (0.35, 0.8, 0.6)),
}
LAGS = {"cam1": 0.0, "cam2": 0.008}
HALF = 0.03
SIDES = {1: ("x", [0]), 2: ("xz", [90, 90]), 3: ("xz", [90, -90]), 4: ("xz", [90, 180]), 5: ("x", [90])}
ON_BOX = []
for number, (axes, angles) in SIDES.items():
    turn = Rotation.from_euler(axes, angles, degrees=True)
    place = turn.apply([0.0, 0.0, HALF])
    ON_BOX.append({
        "id": number, "size_m": 0.045,
        "T_object_tag": {"translation": place.ravel().tolist(), "quaternion": turn.as_quat().ravel().tolist()},
    })  # fmt: skip
BOX = {"dictionary": "DICT_4X4_50", "objects": {"box": ON_BOX}}
SPEED, SPIN, TICK_S = np.array([0.0, 0.5, 0.0]), 1.0, 0.04


def pose_at(time: float) -> RigidTransform:
    turn = Rotation.from_euler("z", 0.3 + SPIN * time)
    return RigidTransform.from_components(np.array([0.45, -0.25, HALF]) + time * SPEED, turn)


def frames(tick: int, file: TagFile, covered: bool = False) -> FrameSet:
    """Pictures that were not taken at one time."""
    shots = {}
    for index, (name, view) in enumerate(CAMERAS.items()):
        time = TICK_S * tick + LAGS[name]
        poses: Mapping[str, RigidTransform] = {} if covered else {"box": pose_at(time)}
        image = draw(view, file, poses, seed=2 * tick + index)
        shots[name] = Frame(image, name, tick, time, time, time)
    return FrameSet(shots)


def off(state: ObjectState) -> tuple[float, float]:
    """In mm and degrees."""
    pose = pose_at(state.valid_at)
    turned = (state.T_base_object.rotation * pose.rotation.inv()).magnitude()
    return 1e3 * float(np.linalg.norm(state.position - pose.translation)), float(np.rad2deg(turned))


@pytest.mark.slow
def test_a_moving_object_is_followed_and_found_again() -> None:
    file = TagFile.model_validate(BOX)
    tracker, states = TagTracker(file, CAMERAS), dict[int, ObjectState]()
    for tick in range(18):
        tracked = tracker.step(frames(tick, file, covered=8 <= tick < 11))
        assert tracked.seconds["tick"] >= tracked.seconds["detect"] > 0
        states[tick] = tracked.states["box"]
    assert states[0].health < HEALTHY
    for tick in (6, 7, 16, 17):
        place, turn = off(states[tick])
        assert place < 0.4
        assert turn < 0.4
        assert states[tick].velocity == pytest.approx(SPEED, abs=0.012)
        assert states[tick].angular_velocity == pytest.approx([0, 0, SPIN], abs=0.15)
        assert states[tick].health > 0.9
        error = states[tick].position - pose_at(states[tick].valid_at).translation
        assert error @ np.linalg.solve(states[tick].covariance[:3, :3], error) < 12
    assert off(states[10])[0] < 6.0
    assert np.trace(states[10].covariance[:3, :3]) > 4 * np.trace(states[7].covariance[:3, :3])
    # Hidden for good, it is given up.
    hidden = frames(0, file, covered=True)
    left = []
    for tick in range(LOST_AFTER + 1):
        later = {name: replace(one, captured_at=1.0 + TICK_S * tick) for name, one in hidden.frames.items()}
        left.append(len(tracker.step(FrameSet(later)).states))
    assert left == [1] * LOST_AFTER + [0]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sequence of a box whose file has its origin 2 cm beside the middle of the mesh, and its tags.yaml."""
    folder = tmp_path_factory.mktemp("tagged")
    model, aside = catalogue.load("mug"), np.array([0.02, 0.0, 0.01])
    write_models(folder / "models", {7: replace(model, vertices=model.vertices + aside)})
    file = TagFile.model_validate({**BOX, "objects": {"mug": ON_BOX}})
    with SequenceWriter(
        folder / "000000", {name: replace(one, distortion=np.zeros(5)) for name, one in CAMERAS.items()}
    ) as writer:
        for tick in range(10):
            for index, (name, lag) in enumerate(LAGS.items()):
                view, time = replace(CAMERAS[name], distortion=np.zeros(5)), TICK_S * tick + lag
                image = draw(view, file, {"mug": pose_at(time)}, seed=2 * tick + index)
                writer.add(name, tick, image, time, (SeenObject(7, pose_at(time), visible=1.0),))
    (folder / "tags.yaml").write_text(yaml.safe_dump(file.model_dump(by_alias=True, mode="json", exclude_none=True)))
    return folder


@pytest.mark.slow
def test_a_sequence_is_evaluated(data: Path) -> None:
    line = ["eval", str(data), "--tracker", "fiducial", "--tags", str(data / "tags.yaml"), "--json"]
    done = CliRunner().invoke(app, line, catch_exceptions=False)
    found = json.loads(done.stdout)
    assert found["tracker"] == "fiducial"
    assert found["frames"] == 10
    assert found["lost"] == found["false_healthy"] == found["switches"] == 0
    assert found["position_mm"]["median"] < 0.5
    assert found["rotation_deg"]["median"] < 0.5
    assert found["velocity_mm_s"]["median"] < 40
    assert set(found["stage_ms"]) == {"detect", "pose", "tick"}


@pytest.mark.slow
def test_states_are_in_the_frame_of_the_mesh_and_say_how_sure_they_are_there(data: Path) -> None:
    sequence = read_sequence(data / "000000")
    known = sequence.objects["mug"]
    assert np.linalg.norm(known.origin) > 0.015
    (*_, last) = track_sequence(sequence, data / "tags.yaml")
    tracker = TagTracker(read_tags(data / "tags.yaml"), sequence.cameras)
    (*_, raw) = (tracker.step(take.frames()).states["mug"] for take in sequence.takes)
    state = last.states["mug"]
    truth = sequence.truth["mug"].at(state.valid_at)
    assert 1e3 * np.linalg.norm(state.position - truth.translation) < 0.5
    arm = state.T_base_object.rotation.apply(known.origin)
    assert state.velocity == pytest.approx(SPEED + np.cross([0, 0, SPIN], arm), abs=0.02)
    ends = [_of_the_mesh(raw, known.origin, sign * 1e-5 * way) for way in np.eye(12) for sign in (1, -1)]
    slope = np.array([(high - low) / 2e-5 for high, low in zip(ends[::2], ends[1::2], strict=True)]).T
    assert state.covariance == pytest.approx(slope @ raw.covariance @ slope.T, rel=1e-4, abs=1e-12)


def _of_the_mesh(state: ObjectState, origin: Vector, error: Vector) -> Vector:
    """(12,): place, turn off the belief, velocity and spin of a point of an object whose state has an error."""
    turn = Rotation.from_rotvec(error[3:6]) * state.T_base_object.rotation
    arm, spin = turn.apply(origin), state.angular_velocity + error[9:]
    velocity = state.velocity + error[6:9] + np.cross(spin, arm)
    return np.concatenate([state.position + error[:3] + arm, error[3:6], velocity, spin])


@pytest.mark.slow
def test_what_is_lacking_is_told(data: Path, tmp_path: Path) -> None:
    def said(*words: object) -> str:
        with pytest.raises(DynacollectError) as told:
            CliRunner().invoke(app, ["eval", str(data), *map(str, words)], catch_exceptions=False)
        return str(told.value)

    assert said("--tracker", "fiducial") == "nobody says which tags are on the objects; add --tags tags.yaml"
    assert "add --tracker fiducial" in said("--tags", data / "tags.yaml")
    assert "add --tracker foundationpose" in said("--server", "localhost:1")
    other = tmp_path / "tags.yaml"
    other.write_text((data / "tags.yaml").read_text().replace("mug:", "mugg:"))
    told = said("--tracker", "fiducial", "--tags", other)
    assert "has tags on 'mugg', and" in told
    assert told.endswith("no such object; did you mean 'mug'?")
