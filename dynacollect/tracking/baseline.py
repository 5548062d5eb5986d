"""The usual way, to compare with: triangulated middles of masks, and a filter of constant velocity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..rig.camera_model import CameraModel
from ..rig.clock import HostClock
from ..rig.nouns import FrameSet, ObjectState, Vector
from ..rig.pose import pose_of
from .centroid import Blob, locate, meet, sight_of
from .known import appearances_of, plates_of
from .seeing.areas import Region
from .seeing.background import Background
from .seeing.segment import AppearanceSegmenter
from .sequences.sequence import Sequence
from .tracked import Tracked

HEIGHTS_M = (-0.02, 0.3)
"""Between which the middle of an object on the table may be."""
MEETS = 0.05
"""Least health of two views whose rays meet."""
LOOKS, ROOM_PX = 1.5, 6
"""How far around its prediction an object is looked for: in radii, and on top of that."""
COASTS_S = 0.2
COASTING_HEALTH = 0.6
POSITION_SIGMA_M, ACCELERATION = 0.002, 3.0
FRESH_SPEED = 0.5


@dataclass(slots=True)
class _Track:
    """Position and velocity of one object, with a Kalman filter on each axis alike."""

    place: Vector
    time: float
    seen_at: float
    velocity: Vector = field(default_factory=lambda: np.zeros(3))
    P: NDArray[np.float64] = field(default_factory=lambda: np.diag([POSITION_SIGMA_M**2, FRESH_SPEED**2]))

    def expected(self, time: float) -> Vector:
        return self.place + (time - self.time) * self.velocity

    def take(self, place: Vector, time: float) -> None:
        dt = time - self.time
        step = np.array([[1.0, dt], [0.0, 1.0]])
        drift = ACCELERATION**2 * np.array([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]])
        P = step @ self.P @ step.T + drift
        gain = P[:, 0] / (P[0, 0] + POSITION_SIGMA_M**2)
        off = place - self.expected(time)
        self.place, self.velocity = self.expected(time) + gain[0] * off, self.velocity + gain[1] * off
        self.P, self.time, self.seen_at = P - np.outer(gain, P[0]), time, time

    def state(self, name: str, time: float) -> ObjectState:
        covariance, moving = np.eye(12), [0, 1, 2, 6, 7, 8]
        covariance[np.ix_(moving, moving)] = np.kron(self.P, np.eye(3))
        health = 1.0 if time <= self.seen_at else COASTING_HEALTH
        pose = pose_of(self.expected(time), np.eye(3))
        return ObjectState(name, pose, self.velocity.copy(), np.zeros(3), covariance, time, health)


class Baseline:
    """Knows what the objects' colours and sizes are, not their form."""

    def __init__(self, segmenter: AppearanceSegmenter, radii: Mapping[str, float]) -> None:
        self._segmenter, self._radii = segmenter, radii
        self._tracks: dict[str, _Track] = {}

    def step(self, frames: FrameSet, cameras: Mapping[str, CameraModel]) -> dict[str, ObjectState]:
        """Every object that was seen not long ago, at the time of the frames."""
        time = frames.captured_at
        for name, frame in frames.frames.items():
            self._segmenter.backgrounds[name].look(frame.image)
        masks = self._segmenter.segment(frames, self._regions(cameras, time), {})
        for name, track in self._tracks.items():
            blob = locate(masks, name, cameras)
            if blob is not None and _stands(blob):
                track.take(_place(blob), time)
        self._tracks = {name: track for name, track in self._tracks.items() if time - track.seen_at <= COASTS_S}
        self._find(frames, cameras)
        return {name: track.state(name, time) for name, track in self._tracks.items()}

    def _regions(self, cameras: Mapping[str, CameraModel], time: float) -> dict[str, dict[str, Region]]:
        """Boxes around where the objects should be."""
        regions: dict[str, dict[str, Region]] = {name: {} for name in cameras}
        for name, track in self._tracks.items():
            place = track.expected(time)
            for camera, model in cameras.items():
                depth = float(model.T_base_camera().inv().apply(place)[2])
                (u, v) = model.project(place[None])[0]
                if depth > 0 and np.isfinite([u, v]).all():
                    half = LOOKS * self._radii[name] * model.K[0, 0] / depth + ROOM_PX
                    corners = np.round([u - half, v - half, u + half, v + half]).astype(int).tolist()
                    regions[camera][name] = Region((corners[0], corners[1], corners[2], corners[3]))
        return regions

    def _find(self, frames: FrameSet, cameras: Mapping[str, CameraModel]) -> None:
        """Take up objects that are not tracked, where two views agree best and no other one is."""
        lost = [name for name in self._radii if name not in self._tracks]
        if not lost or len(frames.frames) < 2:
            return
        time, found = frames.captured_at, self._segmenter.find(frames, lost, {})
        first, second, *_ = found
        for name in lost:
            sights = [[sight_of(mask, cameras[camera]) for mask in found[camera][name]] for camera in (first, second)]
            blobs = [meet(name, pair, time) for pair in product(*sights)]
            free = [blob for blob in blobs if blob is not None and _stands(blob) and self._is_free(blob)]
            if free:
                best = max(free, key=lambda blob: blob.pose.health)
                self._tracks[name] = _Track(_place(best), time, time)

    def _is_free(self, blob: Blob) -> bool:
        radius = self._radii[blob.pose.object]
        return all(np.linalg.norm(_place(blob) - track.place) > radius for track in self._tracks.values())


def track_sequence(sequence: Sequence) -> Iterator[Tracked]:
    """One outcome for each take."""
    backgrounds = {name: Background(plate) for name, plate in plates_of(sequence).items()}
    segmenter = AppearanceSegmenter(backgrounds, appearances_of(sequence))
    tracker, clock = (
        Baseline(segmenter, {name: one.shape.radius for name, one in sequence.objects.items()}),
        HostClock(),
    )
    for take in sequence.takes:
        frames = take.frames()
        begin = clock.now()
        states = tracker.step(frames, take.cameras)
        yield Tracked(states, {"tick": clock.now() - begin})


def _stands(blob: Blob) -> bool:
    return blob.pose.health > MEETS and HEIGHTS_M[0] < _place(blob)[2] < HEIGHTS_M[1]


def _place(blob: Blob) -> Vector:
    return np.asarray(blob.pose.T_base_object.translation)
