"""The order in which joints were noted, told from how far the hand turned between poses.

The angle of a turn is the same seen from anywhere, so neither the camera's place nor the flange's needs to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from scipy.spatial.transform import Rotation

from ..rig.arms import ARMS
from ..rig.arms.kinematics import many_links
from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector
from .sightings import RobotPose

LEAST_POSES, MOST_POSES = 5, 10
SAME_TURN, OTHER_TURN = np.deg2rad(1.0), np.deg2rad(4.0)
"""RMS between turns that agree, and turns that do not."""

Order = tuple[int, ...]


def known_arms(joints: int) -> list[ArmModel]:
    """Those with so many joints."""
    return [arm for arm in ARMS.values() if arm.joints == joints]


def order_of(arm: ArmModel, joints: Vector, turns: Rotation) -> Order | None:
    """Which place of each row of `joints` (n, joints) holds the arm's first, second, ... joint.

    `turns` are the hand's rotations at the same moments, in any frame, on any part of the hand. None if no order fits,
    or if many do.
    """
    some = np.unique(np.linspace(0, len(joints) - 1, min(len(joints), MOST_POSES)).astype(int))
    seen = _between(turns[some].as_matrix()[None])[0]
    orders = list(permutations(range(arm.joints)))
    rows = joints[some][:, np.array(orders)].swapaxes(0, 1).reshape(-1, arm.joints)
    rotations = many_links(arm, rows)[:, -1, :3, :3].reshape(len(orders), len(some), 3, 3)
    off = np.sqrt(((_between(rotations) - seen) ** 2).mean(axis=1))
    best = int(np.argmin(off))
    as_noted = float(off[0])
    if as_noted < SAME_TURN:
        return orders[0]
    return orders[best] if off[best] < SAME_TURN and as_noted > OTHER_TURN else None


def words(order: Order) -> str:
    """The order as people write it, counted from 1."""
    return " ".join(str(place + 1) for place in order)


def misnoted(poses: Sequence[RobotPose]) -> str | None:
    """What to say where the joints do not belong to the poses beside them in the order in which they were noted."""
    noted = [(pose.joints, pose.T_base_flange.rotation) for pose in poses if pose.joints is not None]
    if len(noted) < LEAST_POSES:
        return None
    joints = np.array([row for row, _ in noted])
    turns = Rotation.concatenate([turn for _, turn in noted])
    orders = {order_of(arm, joints, turns) for arm in known_arms(joints.shape[1])} - {None}
    if not orders or tuple(range(joints.shape[1])) in orders:
        return None
    order = next(order for order in orders if order)
    return f"The joints noted with the poses are in another order (the arm's are {words(order)} of them); not used."


def _between(rotations: Vector) -> Vector:
    """(m, n - 1): angles from each of (m, n, 3, 3) to the next."""
    trace = np.einsum("mnij,mnij->mn", rotations[:, 1:], rotations[:, :-1])
    return np.arccos(np.clip((trace - 1) / 2, -1, 1))
