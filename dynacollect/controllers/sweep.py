"""Where the tool and the arm's outline are, for many joint vectors at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel, Shape
from ..rig.nouns import Vector

BALL_SPACING = 0.06
"""Metres between the centres of the balls that cover a hull."""
_FIRST_FREE = 2
"""The first link that can come near anything but the base."""


class Sweep:
    """The arm's outline as points for planes (corners, and ends with a radius) and as balls that cover it for boxes."""

    def __init__(self, arm: ArmModel) -> None:
        self._arm = arm
        self._T_last_tool = (arm.T_last_flange * arm.T_flange_tool).as_matrix()
        parts = _parts(arm)
        self._corners = [_outermost(_joined([_corners(shape) for shape in shapes])) for shapes in parts]
        self._balls = [_joined([_balls(shape) for shape in shapes]) for shapes in parts]

    def links(self, joints: Vector) -> Vector:
        """(n, joints, 4, 4): T_base_link of every moving link's DH frame, for joints (n, joints)."""
        return kinematics.many_links(self._arm, joints)

    def tool(self, links: Vector) -> Vector:
        """(n, 3)."""
        return links[:, -1, :3, :3] @ self._T_last_tool[:3, 3] + links[:, -1, :3, 3]

    def lowest(self, links: Vector) -> Vector:
        """(n,): height of the arm's lowest point, fingers at their widest and narrowest, base and shoulder left out."""
        lowest = np.full(len(links), np.inf)
        for i, (points, radii) in enumerate(self._corners):
            if len(points):
                heights = links[:, i, 2, :3] @ points.T + links[:, i, 2, 3, None] - radii
                lowest = np.minimum(lowest, heights.min(axis=1))
        return lowest

    def hand_bottom(self, turn: Vector) -> float:
        """Height of the hand's lowest point over the tool point, m, for a tool turned like this (3, 3)."""
        points, radii = self._corners[-1]
        from_tool = (points - self._T_last_tool[:3, 3]) @ self._T_last_tool[:3, :3]
        return float((from_tool @ turn[2] - radii).min())

    def depth_in(self, links: Vector, lower: Vector, upper: Vector) -> Vector:
        """(n,): how far the arm reaches into a box, m; negative outside."""
        return self.depth_in_turned(
            links, np.broadcast_to(np.eye(4), (len(links), 4, 4)), lower, upper, len(self._balls)
        )

    def depth_in_turned(self, links: Vector, T_base_box: Vector, lower: Vector, upper: Vector, count: int) -> Vector:
        """(n,): how far the first `count` moving links reach into boxes that stand askew, (n, 4, 4), m."""
        depth = np.full(len(links), -np.inf)
        for i, (points, radii) in enumerate(self._balls[:count]):
            if len(points):
                centres = points @ links[:, i, :3, :3].transpose(0, 2, 1) + links[:, i, None, :3, 3]
                local = (centres - T_base_box[:, None, :3, 3]) @ T_base_box[:, :3, :3]
                sides = np.minimum(local - lower, upper - local).min(axis=2) + radii
                depth = np.maximum(depth, sides.max(axis=1))
        return depth


def _parts(arm: ArmModel) -> list[list[Shape]]:
    """Hulls per moving link in its DH frame; hand and fingers, closed and open, belong to the last."""
    parts = [list(link.hulls) if i >= _FIRST_FREE else [] for i, link in enumerate(arm.links[1:], start=1)]
    to_hand = arm.T_last_flange * arm.T_flange_hand
    parts[-1] += [_moved(shape, to_hand) for shape in arm.gripper.hulls]
    up = np.array([0.0, 0.0, arm.T_flange_tool.translation[2] + arm.gripper.pad_offset])
    thick, across, along = arm.gripper.pad
    pad = Shape("box", (across, thick, along), position=(0.0, thick, 0.0))
    for opening, turn in product((0.0, 0.5 * arm.gripper.max_width), (0.0, np.pi)):
        spin = Rotation.from_euler("z", turn)
        to_pad = to_hand * RigidTransform.from_components(spin.apply([0.0, opening, 0.0]) + up, spin)
        parts[-1] += [_moved(shape, to_pad) for shape in (*arm.gripper.finger_hulls, pad)]
    return parts


def _moved(shape: Shape, T: RigidTransform) -> Shape:
    if shape.ends is not None:
        first, second = (_point(T.apply(end)) for end in shape.ends)
        return Shape(shape.kind, shape.size, ends=(first, second))
    pose = T * RigidTransform.from_components(shape.position, Rotation.from_quat(shape.quaternion_xyzw))
    x, y, z, w = pose.rotation.as_quat().tolist()
    return Shape(shape.kind, shape.size, _point(pose.translation), (x, y, z, w))


def _point(values: Vector) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z


Points = tuple[Vector, Vector]
"""Points (n, 3) and a radius each (n,)."""


def _corners(shape: Shape) -> Points:
    if shape.kind == "box":
        corners = np.array(list(product((-1.0, 1.0), repeat=3))) * shape.size
        return _placed(shape, corners), np.zeros(8)
    ends, radius = _axis(shape)
    return ends, np.full(2, radius)


def _balls(shape: Shape) -> Points:
    """Balls that cover the shape: a grid in a box, a row along anything else."""
    if shape.kind == "box":
        counts = [max(1, int(np.ceil(2.0 * half / BALL_SPACING))) for half in shape.size]
        cells = np.array(shape.size) / counts
        axes = [(2.0 * np.arange(count) + 1.0 - count) * cell for count, cell in zip(counts, cells, strict=True)]
        centres = np.array(list(product(*axes)))
        return _placed(shape, centres), np.full(len(centres), float(np.linalg.norm(cells)))
    ends, radius = _axis(shape)
    length = float(np.linalg.norm(ends[1] - ends[0]))
    count = 1 + max(1, int(np.ceil(length / BALL_SPACING)))
    share = np.linspace(0.0, 1.0, count)[:, None]
    reach = float(np.hypot(radius, 0.5 * length / (count - 1)))
    return ends[0] * (1.0 - share) + ends[1] * share, np.full(count, reach)


def _axis(shape: Shape) -> tuple[Vector, float]:
    """The two ends of what is round, and its radius."""
    if shape.ends is not None:
        return np.array(shape.ends), shape.size[0]
    if shape.kind in ("sphere", "ellipsoid"):
        return np.array([shape.position, shape.position]), max(shape.size)
    ends = np.array([[0.0, 0.0, -shape.size[1]], [0.0, 0.0, shape.size[1]]])
    return _placed(shape, ends), shape.size[0]


def _placed(shape: Shape, points: Vector) -> Vector:
    return Rotation.from_quat(shape.quaternion_xyzw).apply(points) + shape.position


def _joined(parts: Sequence[Points]) -> Points:
    if not parts:
        return np.empty((0, 3)), np.empty(0)
    return np.concatenate([points for points, _ in parts]), np.concatenate([radii for _, radii in parts])


def _outermost(points: Points) -> Points:
    """Without the sharp corners that lie inside the others' convex hull: no plane meets those first."""
    places, radii = points
    sharp = np.flatnonzero(radii == 0.0)
    if len(sharp) < 5:
        return points
    kept = np.concatenate([np.flatnonzero(radii > 0.0), sharp[ConvexHull(places[sharp]).vertices]])
    return places[kept], radii[kept]
