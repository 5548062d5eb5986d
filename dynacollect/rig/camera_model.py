"""What a calibrated camera is: pinhole with Brown-Conrady distortion, OpenCV's conventions.

The camera frame looks along +z with x right and y down; pixel centres have whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from .nouns import Vector

UNDISTORT_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-10)


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """Intrinsics, distortion and place of one camera."""

    name: str
    width: int
    height: int
    K: Vector
    """(3, 3) in pixels."""
    distortion: Vector = field(default_factory=lambda: np.zeros(5))
    """k1, k2, p1, p2, k3."""
    T_parent_camera: RigidTransform = field(default_factory=RigidTransform.identity)
    """From the robot base for a fixed camera, from the flange for a wrist camera."""
    on_wrist: bool = False

    def T_base_camera(self, T_base_flange: RigidTransform | None = None) -> RigidTransform:
        """Where the camera is; a wrist camera needs to be told where the flange is."""
        if not self.on_wrist:
            return self.T_parent_camera
        if T_base_flange is None:
            raise ValueError(f"{self.name} rides on the wrist: its pose needs the flange's")
        return T_base_flange * self.T_parent_camera

    def project(self, points: Vector, T_base_camera: RigidTransform | None = None) -> Vector:
        """Pixels (n, 2) of base-frame points (n, 3); NaN behind the camera."""
        T = self.T_parent_camera if T_base_camera is None else T_base_camera
        # OpenCV takes contiguous points only.
        local = np.ascontiguousarray(T.inv().apply(np.asarray(points, float).reshape(-1, 3)))
        pixels, _ = cv2.projectPoints(local, np.zeros(3), np.zeros(3), self.K, self.distortion)
        pixels = pixels.reshape(-1, 2).astype(np.float64)
        pixels[local[:, 2] <= 0] = np.nan
        return pixels

    def pixels(self, local: Vector) -> Vector:
        """Pixels (n, 2) of points (n, 3) in front of the camera, in its own frame; ten times as quick as `project`."""
        K, (k1, k2, p1, p2, k3) = self.K, self.distortion
        x, y = local[:, 0] / local[:, 2], local[:, 1] / local[:, 2]
        if self.distortion.any():
            r2 = x * x + y * y
            radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
            x, y = (
                x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
                y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
            )
        return np.stack([K[0, 0] * x + K[0, 1] * y + K[0, 2], K[1, 1] * y + K[1, 2]], axis=1)

    def unproject(self, pixels: Vector) -> Vector:
        """Directions (n, 3) of pixels (n, 2) in the camera frame, scaled to z = 1."""
        flat = np.asarray(pixels, float).reshape(-1, 1, 2)
        rays = cv2.undistortPointsIter(flat, self.K, self.distortion, np.eye(3), np.eye(3), UNDISTORT_STEPS)
        return np.column_stack([rays.reshape(-1, 2).astype(np.float64), np.ones(len(flat))])

    def rays(self, pixels: Vector, T_base_camera: RigidTransform | None = None) -> tuple[Vector, Vector]:
        """The camera centre (3,) and unit directions (n, 3) of pixels, in the base frame."""
        T = self.T_parent_camera if T_base_camera is None else T_base_camera
        directions = T.rotation.apply(self.unproject(pixels))
        return np.asarray(T.translation), directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def undistorted(self, image: np.ndarray) -> np.ndarray:
        """The picture that a lens without distortion would give."""
        return cv2.undistort(image, self.K, self.distortion)


def look_at(position: Vector, target: Vector, up: Vector | None = None) -> RigidTransform:
    """The pose of a camera at `position` that has `target` on its optical axis."""
    up = np.array([0.0, 0.0, 1.0]) if up is None else up
    z = np.asarray(target, float) - position
    z /= np.linalg.norm(z)
    x = np.cross(z, up)
    x /= np.linalg.norm(x)
    return RigidTransform.from_matrix(
        np.block([[np.column_stack([x, np.cross(z, x), z]), np.reshape(position, (3, 1))], [np.eye(4)[3]]])
    )
