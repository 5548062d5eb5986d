"""What one RGB-D camera took in a tick, as a lens without distortion would have it: FoundationPose knows no other."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Frame, Vector
from .client import Depth, Pixels, Shot

FARTHEST_M = 50.0
"""Depth of which half is more than this is not in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class DepthLook:
    """Picture and depth of one camera."""

    shot: Shot
    time: float
    turn: Vector
    """(3, 3), and `shift` (3,): from the base to the camera."""
    shift: Vector
    to_base: RigidTransform
    maps: NDArray[np.float32] | None
    """(2, height, width): where each pixel was in the picture as taken, columns and rows."""

    @classmethod
    def of(cls, frame: Frame, depth: Depth, camera: CameraModel) -> DepthLook:
        """Depth that lies pixel for pixel over the picture."""
        _check(depth, frame)
        image, maps = frame.image, None
        depth = np.where(np.isfinite(depth), depth, 0.0).astype(np.float32)
        if camera.distortion.any():
            size = (camera.width, camera.height)
            lens = (camera.K, camera.distortion, np.eye(3), camera.K, size, cv2.CV_32FC1)
            maps = np.array(cv2.initUndistortRectifyMap(*lens), np.float32)
            image = np.asarray(cv2.remap(image, maps[0], maps[1], cv2.INTER_LINEAR), np.uint8)
            depth = np.asarray(cv2.remap(depth, maps[0], maps[1], cv2.INTER_NEAREST), np.float32)
        to_base = camera.T_base_camera()
        inverse = to_base.inv().as_matrix()
        shot = Shot(frame.camera, camera.K, image, depth)
        return cls(shot, frame.captured_at, inverse[:3, :3], inverse[:3, 3], to_base, maps)

    def straight(self, mask: Pixels) -> Pixels:
        """A mask of the picture as taken."""
        if self.maps is None:
            return mask
        return np.asarray(cv2.remap(mask.astype(np.uint8), self.maps[0], self.maps[1], cv2.INTER_NEAREST)) > 0


def _check(depth: Depth, frame: Frame) -> None:
    if depth.shape != frame.image.shape[:2]:
        raise DynacollectError(
            f"the depth of {frame.camera} is {depth.shape[1]}x{depth.shape[0]} and its picture "
            f"{frame.image.shape[1]}x{frame.image.shape[0]}; align depth to colour"
        )
    if np.median(depth[depth > 0] if (depth > 0).any() else 0.0) > FARTHEST_M:
        raise DynacollectError(f"the depth of {frame.camera} is not in metres; multiply it by the camera's depth scale")
