"""One camera at one tick, as the pose estimators use it: where the camera is, its picture, and the empty scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...rig.camera_model import CameraModel
from ...rig.nouns import Frame, Vector
from ..seeing.tones import Box, Pixels

Floats = NDArray[np.float32]


class Scene(Protocol):
    """What a camera would see without objects."""

    def within(self, box: Box) -> tuple[Floats, Floats]:
        """The picture (h, w, 3) in a box and its sigma, (3,) or (h, w, 3)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture with all that is known of it."""

    frame: Frame
    camera: CameraModel
    turn: Vector
    """(3, 3) from base to camera."""
    eye: Vector
    """(3,) the camera in the base frame."""
    scene: Scene
    hidden: Pixels | None = None
    """Pixels that the arm covers."""

    @property
    def captured_at(self) -> float:
        return self.frame.captured_at

    def behind(self, hidden: Pixels) -> Look:
        """The same with these pixels hidden."""
        return replace(self, hidden=hidden)

    def local(self, points: Vector) -> Vector:
        """Base-frame points (n, 3) in the camera's frame."""
        return (points - self.eye) @ self.turn.T

    def project(self, points: Vector) -> Vector:
        """Pixels (n, 2) of base-frame points (n, 3)."""
        return self.pixels(self.local(points))

    def pixels(self, local: Vector) -> Vector:
        """Pixels (n, 2) of points in the camera's frame."""
        return self.camera.pixels(local)

    def slopes(self, local: Vector) -> Vector:
        """(n, 2, 3): how pixels move with points in the camera's frame; the lens's distortion left out."""
        z = local[:, 2]
        slopes = np.zeros((len(local), 2, 3))
        slopes[:, 0, 0] = self.camera.K[0, 0] / z
        slopes[:, 1, 1] = self.camera.K[1, 1] / z
        slopes[:, :, 2] = -slopes[:, (0, 1), (0, 1)] * local[:, :2] / z[:, None]
        return slopes
