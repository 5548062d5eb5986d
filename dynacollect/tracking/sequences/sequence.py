"""A recorded sequence: what several cameras saw of known objects, and what is true of it where that is known.

Pictures stay on the disk until they are asked for. The world of the files is the robot base; here all is in m.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Frame, FrameSet, Image, Vector
from ..shape import Shape
from .trajectory import Trajectory

LATE_S = 0.005
"""Behind the first picture of its set, a frame counts as late."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture on the disk."""

    path: Path
    camera: CameraModel
    """As it stood when the picture was taken."""
    time: float

    def image(self) -> Image:
        """(height, width, 3), RGB."""
        image = load_image(self.path)
        if image.shape[:2] != (self.camera.height, self.camera.width):
            raise DynacollectError(
                f"{self.path} is {image.shape[1]}x{image.shape[0]}, the first picture of {self.camera.name} "
                f"{self.camera.width}x{self.camera.height}; bring them to one size"
            )
        return image


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """What the cameras took under one frame number."""

    index: int
    shots: Mapping[str, Shot]
    missing: tuple[str, ...] = ()
    """Cameras that have no picture of this number."""
    shown: tuple[str, ...] = ()
    """Objects that are on the table, as the truth has it; empty where nobody says."""
    arm: ArmState | None = None

    @property
    def time(self) -> float:
        """The middle of its captures."""
        times = [shot.time for shot in self.shots.values()]
        return 0.5 * (min(times) + max(times))

    @property
    def cameras(self) -> dict[str, CameraModel]:
        return {name: shot.camera for name, shot in self.shots.items()}

    def frames(self) -> FrameSet:
        """Its pictures, loaded."""
        first = min(shot.time for shot in self.shots.values())
        frames = {
            name: Frame(shot.image(), name, self.index, shot.time, shot.time, shot.time)
            for name, shot in self.shots.items()
        }
        late = tuple(name for name, shot in self.shots.items() if shot.time - first > LATE_S)
        return FrameSet(frames, self.missing, late)


@dataclass(frozen=True, slots=True, eq=False)
class KnownObject:
    """An object of a sequence."""

    name: str
    """Of its own: a second one of the same model has a number behind its name."""
    object_id: int
    """Of its model; alike objects share it."""
    shape: Shape
    """With its origin in the mesh's centre, or where its symmetries meet."""
    origin: Vector = field(default_factory=lambda: np.zeros(3))
    """(3,) that origin in the frame of the file [m]."""

    def in_file(self, T_base_object: RigidTransform) -> RigidTransform:
        """The pose of the frame that the model's file has."""
        return T_base_object * RigidTransform.from_translation(-self.origin)

    def from_file(self, T_base_model: RigidTransform) -> RigidTransform:
        """The pose of the frame that is used here."""
        return T_base_model * RigidTransform.from_translation(self.origin)


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Takes in order of time, with what is known beside them."""

    name: str
    folder: Path
    takes: tuple[Take, ...]
    objects: Mapping[str, KnownObject]
    plates: Mapping[str, Path]
    """Pictures of the empty scene, by camera; cameras without one are left out."""
    truth: Mapping[str, Trajectory] = field(default_factory=dict)
    """By object; empty where the sequence has none."""
    register: Sequence | None = None
    """The clip from which objects are learnt."""
    arm: str | None = None
    """Model of the arm whose joints the takes tell."""

    @property
    def cameras(self) -> dict[str, CameraModel]:
        """As they stood at first."""
        found: dict[str, CameraModel] = {}
        for take in self.takes:
            for name, camera in take.cameras.items():
                found.setdefault(name, camera)
        return found

    @property
    def moves(self) -> bool:
        """Whether a camera moves."""
        first = self.cameras
        return any(camera is not first[name] for take in self.takes for name, camera in take.cameras.items())

    def plate(self, camera: str) -> Image | None:
        """The empty scene, RGB, or `None`."""
        return load_image(self.plates[camera]) if camera in self.plates else None


def load_image(path: Path) -> Image:
    """RGB."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DynacollectError(f"cannot read the picture {path}; write it anew")
    return np.ascontiguousarray(image[..., ::-1]).astype(np.uint8, copy=False)
