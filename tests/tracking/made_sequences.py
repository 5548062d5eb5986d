"""Sequences with known truth: drawn data sets on the disk, and bare ones that need no pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import Image, ObjectState, Vector
from dynacollect.rig.objects import catalogue
from dynacollect.rig.objects.model import ObjectModel
from dynacollect.tracking.sequences.sequence import KnownObject, Sequence, Shot, Take
from dynacollect.tracking.sequences.trajectory import trajectory_of
from dynacollect.tracking.sequences.write import SeenObject, SequenceWriter
from dynacollect.tracking.sequences.write_models import write_models
from dynacollect.tracking.shape import shape_of
from dynacollect.tracking.tracked import Tracked

SIZE = (240, 180)
TARGET = np.array([0.45, 0.0, 0.03])
Path3 = Callable[[float], Vector]


def camera(name: str, place: Vector, focal: float = 260.0) -> CameraModel:
    width, height = SIZE
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return CameraModel(name, width, height, K, T_parent_camera=look_at(place, TARGET))


CAMERAS = {
    "cam1": camera("cam1", np.array([1.0, 0.05, 0.6])),
    "cam2": camera("cam2", np.array([0.4, 0.9, 0.4])),
}
LAGS = {"cam1": 0.0, "cam2": 0.003}
"""By how much each camera is behind, s."""
CLIP = 4
"""Takes of a clip."""


def standing(name: str, place: Vector, yaw: float = 0.3) -> RigidTransform:
    """An object of the catalogue on the table."""
    height = catalogue.load(name).rest_height
    return RigidTransform.from_components([place[0], place[1], height], Rotation.from_euler("z", yaw))


def bare_sequence(
    ways: Mapping[str, Path3],
    models: Mapping[str, str],
    frames: int = 50,
    visible: Callable[[str, str, float], float] = lambda *_: 1.0,
) -> Sequence:
    """Objects (name -> model) that go their ways; there are no pictures, only where they would be."""
    takes = []
    for index in range(frames):
        shots = {name: Shot(Path("nowhere.png"), model, 0.04 * index + LAGS[name]) for name, model in CAMERAS.items()}
        takes.append(Take(index, shots, shown=tuple(ways)))
    objects, truth = {}, {}
    numbers = {model: index + 1 for index, model in enumerate(sorted(set(models.values())))}
    for name, way in ways.items():
        shape = replace(shape_of(catalogue.load(models[name])), name=models[name])
        objects[name] = KnownObject(name, numbers[models[name]], shape)
        times = [shot.time for take in takes for shot in take.shots.values()]
        poses = [(time, RigidTransform.from_translation(way(time))) for time in times]
        shares = {
            camera: [(take.shots[camera].time, visible(name, camera, take.time)) for take in takes]
            for camera in CAMERAS
        }
        truth[name] = trajectory_of(poses, shares)
    return Sequence("bare", Path("nowhere"), tuple(takes), objects, {}, truth)


def state(name: str, place: Vector, velocity: Vector, time: float, health: float = 1.0) -> ObjectState:
    pose = RigidTransform.from_translation(place)
    return ObjectState(name, pose, velocity, np.zeros(3), 1e-6 * np.eye(12), time, health)


def said(sequence: Sequence, tell: Callable[[str, float], ObjectState | None]) -> list[Tracked]:
    """What a tracker says that tells of each object at each time what `tell` does."""
    outcomes = []
    for take in sequence.takes:
        states = {name: found for name in sequence.objects if (found := tell(name, take.time)) is not None}
        outcomes.append(Tracked(states, {"tick": 0.004}))
    return outcomes


def background(seed: int) -> Image:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(90, 150, (SIZE[1] // 12, SIZE[0] // 12, 3)).astype(np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def drawn(
    plate: Image, model: ObjectModel, pose: RigidTransform | None, view: CameraModel, colour: Vector, seed: int
) -> Image:
    """The object as a patch of one colour, on a noisy picture of the empty scene; without a pose, that alone."""
    picture = plate.astype(np.float32)
    pixels = np.zeros((0, 2)) if pose is None else view.project(pose.apply(model.vertices))
    mask = np.zeros(plate.shape[:2], np.uint8)
    for triangle in np.round(16 * pixels[model.faces if len(pixels) else []]).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 1, cv2.LINE_8, 4)
    picture[mask > 0] = colour
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.5) + noise, 0, 255).astype(np.uint8)


def write_data_set(
    folder: Path, name: str = "tennis_ball", frames: int = 10, speed: float = 0.3, *, truth: bool = True
) -> Path:
    """A data set of one drawn sequence, `000000`, with a clip to learn from; the object goes along y."""
    model, colour = catalogue.load(name), np.array([40.0, 200.0, 60.0])
    write_models(folder / "models", {7: model})
    plates = {camera: background(index) for index, camera in enumerate(CAMERAS)}
    sequence = folder / "000000"
    with SequenceWriter(sequence, CAMERAS) as writer, SequenceWriter(sequence / "register", CAMERAS) as clip:
        for index in range(frames):
            for number, (view, lens) in enumerate(CAMERAS.items()):
                time = 0.04 * index + LAGS[view]
                moving = standing(name, TARGET + np.array([0.0, speed * (time - 0.02 * frames), 0.0]))
                put = standing(
                    name, TARGET + np.array([0.05 * np.sin(index), 0.05 * np.cos(index), 0.0]), yaw=0.6 * index
                )
                learnt = [(clip, put, 2)] if index < CLIP else []
                for target, pose, seed in [(writer, moving, 1), *learnt]:
                    picture = drawn(plates[view], model, pose, lens, colour, 1000 * seed + 10 * index + number)
                    target.add(view, index, picture, time, (SeenObject(7, pose, visible=1.0),))
                if index == 0:
                    writer.plate(view, drawn(plates[view], model, None, lens, colour, 5 + number))
    if not truth:
        for path in sequence.glob("scene_gt*"):
            path.unlink()
    return folder
