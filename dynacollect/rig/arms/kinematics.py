"""Where an arm's links and tool are for given joints, and how fast they move; plain NumPy, base frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..nouns import Vector
from .model import ArmModel


def forward(arm: ArmModel, joints: Vector) -> RigidTransform:
    """T_base_tool."""
    return RigidTransform.from_matrix(_tool_matrix(arm, joints))


def link_poses(arm: ArmModel, joints: Vector) -> RigidTransform:
    """T_base_link of every link's DH frame as one stack, in the order of `arm.links`: the base, then one per joint."""
    return RigidTransform.from_matrix(_chain(arm, joints))


def jacobian(arm: ArmModel, joints: Vector) -> Vector:
    """(6, joints): the tool's linear, then angular velocity in the base frame per joint velocity."""
    poses = _chain(arm, joints)
    tool = poses[-1] @ _constants(arm)[1]
    axes = poses[1:, :3, 2]
    arms = tool[:3, 3] - poses[1:, :3, 3]
    return np.concatenate([np.cross(axes, arms).T, axes.T])


def many_links(arm: ArmModel, joints: Vector) -> Vector:
    """(n, joints, 4, 4): T_base_link of every moving link's DH frame, for joints (n, joints)."""
    poses = _steps(_constants(arm)[0], joints)
    for i in range(1, arm.joints):
        poses[:, i] = poses[:, i - 1] @ poses[:, i]
    return poses


def many(arm: ArmModel, joints: Vector) -> tuple[Vector, Vector]:
    """T_base_tool (n, 4, 4) and Jacobians (n, 6, joints) for joints (n, joints)."""
    poses = many_links(arm, joints)
    tools = poses[:, -1] @ _constants(arm)[1]
    axes = poses[:, :, :3, 2]
    arms = tools[:, None, :3, 3] - poses[:, :, :3, 3]
    x, y, z = axes[..., 0], axes[..., 1], axes[..., 2]
    i, j, k = arms[..., 0], arms[..., 1], arms[..., 2]
    return tools, np.stack([y * k - z * j, z * i - x * k, x * j - y * i, x, y, z], axis=1)


def _tool_matrix(arm: ArmModel, joints: Vector) -> Vector:
    fixed, last_tool = _constants(arm)
    first, *others = _steps(fixed, joints)
    pose = first
    for step in others:
        pose = pose @ step
    return pose @ last_tool


def _chain(arm: ArmModel, joints: Vector) -> Vector:
    """(joints + 1, 4, 4)."""
    poses = np.empty((arm.joints + 1, 4, 4))
    poses[0] = np.eye(4)
    for i, step in enumerate(_steps(_constants(arm)[0], joints)):
        np.matmul(poses[i], step, out=poses[i + 1])
    return poses


def _steps(fixed: Vector, joints: Vector) -> Vector:
    """(..., joints, 4, 4): each joint's transform from its parent, for joints (..., joints).

    The fixed part times a turn about z, which mixes two columns only.
    """
    cosine, sine = np.cos(joints)[..., None], np.sin(joints)[..., None]
    steps = np.empty((*cosine.shape[:-1], 4, 4))
    steps[:] = fixed
    x, y = fixed[..., 0], fixed[..., 1]
    steps[..., 0] = x * cosine + y * sine
    steps[..., 1] = y * cosine - x * sine
    return steps


@lru_cache(maxsize=16)
def _constants(arm: ArmModel) -> tuple[Vector, Vector]:
    """The fixed part of every DH row (joints, 4, 4), and T_last_tool (4, 4)."""
    fixed = np.stack([_fixed(row.a, row.alpha, row.d, row.offset) for row in arm.dh])
    return fixed, (arm.T_last_flange * arm.T_flange_tool).as_matrix()


def _fixed(a: float, alpha: float, d: float, offset: float) -> Vector:
    """Rx(alpha) Tx(a) Tz(d) Rz(offset): Tz and Rz commute, so the joint's own turn comes last."""
    ca, sa, co, so = np.cos(alpha), np.sin(alpha), np.cos(offset), np.sin(offset)
    return np.array(
        [
            [co, -so, 0.0, a],
            [ca * so, ca * co, -sa, -sa * d],
            [sa * so, sa * co, ca, ca * d],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
