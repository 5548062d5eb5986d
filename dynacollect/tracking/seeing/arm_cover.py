"""Which pixels the arm covers, from its joints: its parts' outlines filled, and a margin around them."""

from __future__ import annotations

from itertools import compress

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ...rig.arms.kinematics import link_poses
from ...rig.arms.model import ArmModel, Shape
from ...rig.camera_model import CameraModel
from ...rig.nouns import ArmState, Vector

MARGIN_M = 0.008
"""Around each part: looks are simpler than the thing, joints lag a little."""
CABLES_PX = 1
"""And in the picture: what runs along the arm, and a rounded edge."""
NEAREST_M = 0.05
"""A part that reaches nearer to a lens than this has no outline."""
_BALL = np.array([
    [np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)]
    for b in np.linspace(-np.pi / 2, np.pi / 2, 5) for a in np.linspace(0, 2 * np.pi, 8, endpoint=False)
])  # fmt: skip


class ArmCover:
    """An arm's parts as clouds of corner points, ready to be put where the joints have them."""

    def __init__(self, arm: ArmModel) -> None:
        self._arm = arm
        hand = len(arm.links)
        owned = [(number, _corners(shape)) for number, link in enumerate(arm.links) for shape in link.shapes]
        owned += [(hand, _corners(shape)) for shape in arm.gripper.shapes]
        owned += [(hand + side, _corners(shape)) for side in (1, 2) for shape in arm.gripper.finger_shapes]
        self._points = np.vstack([points for _, points in owned])
        self._owner = np.repeat([number for number, _ in owned], [len(points) for _, points in owned])
        self._starts = np.cumsum([0, *(len(points) for _, points in owned)])[:-1]

    def pixels(self, state: ArmState, camera: CameraModel) -> NDArray[np.bool_]:
        """(height, width) of a fixed camera's picture."""
        poses = self._poses(state)
        local = camera.T_parent_camera.inv().as_matrix() @ poses
        points = np.einsum("nij,nj->ni", local[self._owner, :3, :3], self._points) + local[self._owner, :3, 3]
        ahead = np.minimum.reduceat(points[:, 2], self._starts) > NEAREST_M
        pixels = np.clip(np.round(camera.pixels(points)), -9999, 9999).astype(np.int32)
        mask = np.zeros((camera.height, camera.width), np.uint8)
        for corners in compress(np.split(pixels, self._starts[1:]), ahead):
            cv2.fillConvexPoly(mask, cv2.convexHull(corners), 1)
        return cv2.dilate(mask, np.ones((2 * CABLES_PX + 1,) * 2, np.uint8)).view(bool)

    def _poses(self, state: ArmState) -> Vector:
        """(n, 4, 4) of every link, the hand, and both fingers, base frame."""
        links = link_poses(self._arm, state.joints).as_matrix()
        hand = links[-1] @ (self._arm.T_last_flange * self._arm.T_flange_hand).as_matrix()
        height = self._arm.T_flange_tool.translation[2] + self._arm.gripper.pad_offset
        poses = [*links, hand]
        for side in (1.0, -1.0):
            # The right finger is the left one turned by half a turn about the hand's axis.
            finger = np.diag([side, side, 1.0, 1.0])
            finger[:3, 3] = [0.0, 0.5 * state.gripper_width * side, height]
            poses.append(hand @ finger)
        return np.array(poses)


def _corners(shape: Shape) -> Vector:
    """(n, 3) points whose convex hull holds the shape and its margin, in the part's frame."""
    if shape.ends is not None:
        a, b = np.asarray(shape.ends)
        radius = shape.size[0] + MARGIN_M
        round_end = _BALL if shape.kind == "capsule" else _disc(b - a)
        return np.vstack([a + radius * round_end, b + radius * round_end])
    half = np.asarray(shape.size, float)
    if shape.kind == "box":
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * (half + MARGIN_M)
    elif shape.kind in ("sphere", "ellipsoid"):
        corners = _BALL * (half + MARGIN_M)
    else:
        radius, length = half[0] + MARGIN_M, np.array([0.0, 0.0, half[1]])
        round_end = _BALL if shape.kind == "capsule" else _disc(length)
        corners = np.vstack([radius * round_end + length, radius * round_end - length])
    return Rotation.from_quat(shape.quaternion_xyzw).apply(corners) + np.asarray(shape.position)


def _disc(axis: Vector) -> Vector:
    """(n, 3) points of a unit circle around an axis."""
    z = axis / np.linalg.norm(axis)
    x = np.cross(z, [1.0, 0.0, 0.0] if abs(z[0]) < 0.9 else [0.0, 1.0, 0.0])
    x /= np.linalg.norm(x)
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)[:, None]
    return np.asarray(np.cos(angles) * x + np.sin(angles) * np.cross(z, x), float)
