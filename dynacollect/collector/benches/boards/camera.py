"""A true camera: OpenCV's projection of points, and rays of pixels by a distortion of its own. Metres, pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ....rig.nouns import Vector

NEWTON_STEPS = 5
LENS = 9
PLACED = 15
"""Numbers that say all of a camera: nine of the lens, a turn, a shift."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCamera:
    """A lens and where it is."""

    name: str
    size: tuple[int, int]
    lens: Vector
    """fx, fy, cx, cy, k1, k2, p1, p2, k3."""
    place: RigidTransform
    """T_base_camera, or T_flange_camera of a wrist camera."""
    wrist: bool = False

    @property
    def K(self) -> Vector:
        fx, fy, cx, cy = self.lens[:4]
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])

    def pixels(self, local: Vector) -> Vector:
        """(n, 2), of points (n, 3) in the camera's frame."""
        found, _ = cv2.projectPoints(np.ascontiguousarray(local), np.zeros(3), np.zeros(3), self.K, self.lens[4:])
        return np.asarray(found, np.float64).reshape(-1, 2)

    def directions(self, pixels: Vector) -> Vector:
        """(n, 2): x / z and y / z of the rays that fall on these pixels."""
        bent = (pixels - self.lens[2:4]) / self.lens[:2]
        flat = bent.copy()
        for _ in range(NEWTON_STEPS):
            found, (across, mixed, down) = self._bend(flat)
            dx, dy = (found - bent).T
            flat -= (np.stack([down * dx - mixed * dy, across * dy - mixed * dx]) / (across * down - mixed**2)).T
        return flat

    def _bend(self, flat: Vector) -> tuple[Vector, tuple[Vector, Vector, Vector]]:
        """Where the lens bends directions to, with the slopes: x by x, x by y (y by x is the same), y by y."""
        k1, k2, p1, p2, k3 = self.lens[4:]
        x, y = flat.T
        square = x**2 + y**2
        radial = 1 + square * (k1 + square * (k2 + square * k3))
        grows = 2 * (k1 + square * (2 * k2 + 3 * square * k3))
        tilted = np.stack([2 * p1 * x * y + p2 * (3 * x**2 + y**2), p1 * (x**2 + 3 * y**2) + 2 * p2 * x * y], axis=1)
        mixed = grows * x * y + 2 * p1 * x + 2 * p2 * y
        across = radial + grows * x**2 + 2 * p1 * y + 6 * p2 * x
        down = radial + grows * y**2 + 6 * p1 * y + 2 * p2 * x
        return flat * radial[:, None] + tilted, (across, mixed, down)

    def moved(self, step: Vector) -> PlacedCamera:
        """Another lens by the first nine numbers, another place by the last six."""
        return replace(self, lens=self.lens + step[:LENS], place=moved(self.place, step[LENS:]))


def moved(pose: RigidTransform, step: Vector) -> RigidTransform:
    """Turned about its own axes [rad] and shifted along its parent's [m]: (6,), or (n, 6) for as many poses."""
    turned = pose.rotation * Rotation.from_rotvec(step[..., :3])
    return RigidTransform.from_components(pose.translation + step[..., 3:], turned)
