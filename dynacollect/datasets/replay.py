"""A recorded episode as the nouns that it was recorded from: camera models, frames and object states, tick by tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.arms import ARMS, ArmModel
from ..rig.arms.kinematics import forward
from ..rig.camera_model import CameraModel
from ..rig.errors import DynacollectError
from ..rig.nouns import Frame, FrameSet, ObjectState, Vector
from .checks.told import Row, Told, UnreadableError, told
from .raw import RawEpisode

WRIST = ("tool", "flange")
"""What the logs call the flange: older ones say tool."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One tick."""

    time: float
    frames: FrameSet
    objects: Mapping[str, ObjectState]
    moved: Mapping[str, CameraModel]
    """Cameras on the wrist, as they stood when they took their picture; none where the arm is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """An episode that can be played."""

    episode: RawEpisode
    cameras: Mapping[str, CameraModel]
    """Of those whose model was recorded."""
    signals: Told

    @property
    def arm(self) -> ArmModel | None:
        """None where the catalogue does not have it."""
        return ARMS.get(self.episode.record.robot)

    @classmethod
    def of(cls, episode: RawEpisode) -> Replay:
        try:
            signals = told(episode)
        except UnreadableError as error:
            raise DynacollectError(
                f"the signals of {episode.folder} cannot be read ({error}); run: dynacollect dataset repair"
            ) from error
        return cls(episode, _models(signals), signals)

    def moments(self) -> Iterator[Moment]:
        """Every tick, with the pictures that the controller had."""
        videos = {name: self.episode.pictures(name) for name in self.episode.record.videos}
        for row, states in zip(self.signals.rows["/tick"], self.signals.rows["/objects"], strict=True):
            frames = {}
            for name, video in videos.items():
                image, seen = next(video), row["frames"].get(name)
                if seen is not None:
                    frames[name] = Frame(
                        image, name, seen["sequence"], seen["captured_at"], seen["arrived_at"], seen["device_time"]
                    )
            objects = {key: _state(key, state) for key, state in states.items() if key != "of"}
            yield Moment(
                row["time"], FrameSet(frames, tuple(row["missing"]), tuple(row["late"])), objects, self._moved(frames)
            )

    def _moved(self, frames: Mapping[str, Frame]) -> dict[str, CameraModel]:
        arm, found = self.arm, {}
        for name, frame in frames.items():
            camera = self.cameras.get(name)
            if camera is not None and camera.on_wrist and arm is not None:
                flange = forward(arm, self._joints_at(frame.captured_at)) * arm.T_flange_tool.inv()
                found[name] = replace(camera, T_parent_camera=camera.T_base_camera(flange), on_wrist=False)
        return found

    def _joints_at(self, time: float) -> Vector:
        """Between what the arm reported before and after."""
        signals = self.signals
        return np.array([np.interp(time, signals.measured, joint) for joint in signals.joints.T])


def _models(signals: Told) -> dict[str, CameraModel]:
    models = {}
    for name, lens in signals.lenses.items():
        place = _pose(np.array(lens.place)) if lens.place else RigidTransform.identity()
        K = np.array(lens.K).reshape(3, 3)
        models[name] = CameraModel(
            name, *lens.size, K, np.array(lens.distortion), place, on_wrist=lens.parent in WRIST
        )  # fmt: skip
    return models


def _state(key: str, row: Row) -> ObjectState:
    covariance = np.zeros((12, 12))
    covariance[np.tril_indices(12)] = row["covariance"]
    covariance += np.tril(covariance, -1).T
    return ObjectState(
        key, _pose(np.array(row["pose"])), np.array(row["velocity"]), np.array(row["angular_velocity"]), covariance,
        row["valid_at"], row["health"],
    )  # fmt: skip


def _pose(values: Vector) -> RigidTransform:
    """Of x, y, z and the quaternion x, y, z, w."""
    return RigidTransform.from_components(values[:3], Rotation.from_quat(values[3:]))
