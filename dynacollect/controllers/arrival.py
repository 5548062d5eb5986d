"""How soon an arm can be somewhere, moving as it should: a quick, pure estimate to plan with."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector

DAMPING = 0.02
STEPS = 4
STEP_LIMIT = 0.5
"""Largest change of a joint in one IK step, rad."""
LIMITS_SHARE = 0.9
"""Of the arm's limits that the estimate counts on."""
ORIENTATION_WEIGHT = 0.15
"""Metres that a radian of hand direction counts as."""


def joints_at(arm: ArmModel, seed: Vector, goal: RigidTransform, steps: int = STEPS) -> tuple[Vector, float]:
    """Joints near `seed` for a tool pose, and how far the tool stays from its place, m."""
    joints = seed.copy()
    for _ in range(steps):
        here = kinematics.forward(arm, joints)
        error = np.concatenate(
            [
                goal.translation - here.translation,
                (goal.rotation * here.rotation.inv()).as_rotvec() * ORIENTATION_WEIGHT,
            ]
        )
        jacobian = kinematics.jacobian(arm, joints)
        jacobian[3:] *= ORIENTATION_WEIGHT
        square = jacobian @ jacobian.T + DAMPING**2 * np.eye(6) * 0.05
        rest = arm.home - joints
        step = rest + jacobian.T @ np.linalg.solve(square, error - jacobian @ rest)
        joints = np.clip(joints + np.clip(step, -STEP_LIMIT, STEP_LIMIT), arm.lower, arm.upper)
    gap = goal.translation - kinematics.forward(arm, joints).translation
    return joints, float(np.linalg.norm(gap))


def joint_velocity(arm: ArmModel, joints: Vector, velocity: Vector) -> Vector:
    """Joint speeds that move the tool at `velocity` without turning it."""
    jacobian = kinematics.jacobian(arm, joints)
    wanted = np.concatenate([velocity, np.zeros(3)])
    return jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-4 * np.eye(6), wanted)


def least_times(arm: ArmModel, start: Vector, speed: Vector, goals: Vector, end_speed: Vector) -> Vector:
    """Seconds (n,) that the slowest joint needs from (start, speed) to each of (goals (n, joints), end_speed).

    Each joint is a double integrator with bounded speed and acceleration: full acceleration one way, cruise if it
    must, full acceleration the other way. The time to build up acceleration is added.
    """
    top, push = arm.max_velocity * LIMITS_SHARE, arm.max_acceleration * LIMITS_SHARE
    v0, v1 = np.clip(speed, -top, top), np.clip(end_speed, -top, top)
    way = goals - start
    direct = (v0 + v1) * np.abs(v1 - v0) / (2 * push)
    sign = np.where(way >= direct, 1.0, -1.0)
    v0, v1, way = sign * v0, sign * v1, sign * way
    peak = np.sqrt(np.maximum(push * way + (v0**2 + v1**2) / 2, 0.0))
    without_cruise = (2 * peak - v0 - v1) / push
    cruise = (2 * top - v0 - v1) / push + (way - (2 * top**2 - v0**2 - v1**2) / (2 * push)) / top
    times = np.where(peak <= top, without_cruise, cruise)
    return np.max(np.maximum(times, 0.0) + push / arm.max_jerk, axis=1)
