"""How soon an arm can be somewhere, moving as it should: a quick, pure estimate to plan with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector

DAMPING = 1e-6
STEPS = 4
RAMPS = 1.3
"""Times that a joint builds up its acceleration on the way."""
STEP_LIMIT = 0.5
"""Largest change of a joint in one IK step, rad."""
LIMITS_SHARE = 0.9
"""Of the arm's limits that the estimate counts on."""
WEIGHTS = np.array([0.02, 0.02, 0.05])
"""Metres that a radian about the tool's axes counts as: an arm that cannot point its hand keeps its place."""
MARGIN = 0.02
"""Radians inside the joints' range."""


def joints_at(arm: ArmModel, seed: Vector, goals: Vector, steps: int = STEPS) -> Vector:
    """Joints (n, joints) near `seed` for tool poses (n, 4, 4).

    As in motion: place first, then direction, then as near home as may be; so the estimate is for the same joints.
    """
    joints = np.repeat(np.clip(seed, arm.lower + MARGIN, arm.upper - MARGIN)[None], len(goals), axis=0)
    for _ in range(steps):
        here, jacobians = kinematics.many(arm, joints)
        turns, weights = here[:, :3, :3], _weights(here)
        way = goals[:, :3, 3] - here[:, :3, 3]
        turn = _turn(goals[:, :3, :3] @ turns.transpose(0, 2, 1))
        wanted = np.concatenate([way, (weights @ turn[..., None])[..., 0]], axis=1)
        step = _least(arm, joints, weights, jacobians, wanted, arm.home - joints)
        joints = np.clip(joints + np.clip(step, -STEP_LIMIT, STEP_LIMIT), arm.lower + MARGIN, arm.upper - MARGIN)
    return joints


def joint_velocities(arm: ArmModel, joints: Vector, velocities: Vector) -> Vector:
    """Joint speeds (n, joints) that move the tool at `velocities` (n, 3), turning it as little as can be."""
    here, jacobians = kinematics.many(arm, joints)
    wanted = np.concatenate([velocities, np.zeros_like(velocities)], axis=1)
    return _least(arm, joints, _weights(here), jacobians, wanted, np.zeros_like(joints))


def _turn(matrices: Vector) -> Vector:
    """Rotation vectors (n, 3) of rotations (n, 3, 3) by less than half a turn."""
    axis = 0.5 * np.stack([matrices[:, i, j] - matrices[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], axis=1)
    sine, cosine = np.linalg.norm(axis, axis=1), 0.5 * (np.trace(matrices, axis1=1, axis2=2) - 1.0)
    return axis * (np.arctan2(sine, cosine) / np.maximum(sine, 1e-9))[:, None]


def _weights(poses: Vector) -> Vector:
    """(n, 3, 3): what turns in the base frame count."""
    turns = poses[:, :3, :3]
    return (turns * WEIGHTS) @ turns.transpose(0, 2, 1)


def _least(arm: ArmModel, joints: Vector, weights: Vector, jacobians: Vector, wanted: Vector, rest: Vector) -> Vector:
    """The joint changes nearest to `rest` for weighted tool changes; joints at their ends do not push on."""
    jacobians = np.concatenate([jacobians[:, :3], weights @ jacobians[:, 3:]], axis=1)
    low, high = joints <= arm.lower + MARGIN, joints >= arm.upper - MARGIN
    step, blocked = rest, np.zeros_like(low)
    for _ in range(3):
        across = jacobians.transpose(0, 2, 1)
        left = wanted - (jacobians @ rest[..., None])[..., 0]
        solved = np.linalg.solve(jacobians @ across + DAMPING * np.eye(6), left[..., None])
        step = rest + (across @ solved)[..., 0]
        blocked = (low & (step < 0.0)) | (high & (step > 0.0))
        if not blocked.any():
            break
        jacobians, rest = np.where(blocked[:, None], 0.0, jacobians), np.where(blocked, 0.0, rest)
    return np.where(blocked, 0.0, step)


def least_times(arm: ArmModel, start: Vector, speed: Vector, goals: Vector, end_speeds: Vector) -> Vector:
    """Seconds (n,) that the slowest joint needs from (start, speed) to each of (goals, end_speeds), both (n, joints).

    The time to build up acceleration is added.
    """
    top, push = arm.max_velocity * LIMITS_SHARE, arm.max_acceleration * LIMITS_SHARE
    v0, v1 = np.clip(speed, -top, top), np.clip(end_speeds, -top, top)
    times, _ = travel_times(goals - start, v0, v1, top, push)
    return np.max(times + RAMPS * push / arm.max_jerk, axis=1)


def travel_times(way: Vector, v0: Vector, v1: Vector, top: Vector, push: Vector) -> tuple[Vector, NDArray[np.bool_]]:
    """Least seconds (n, joints) for ways (n, joints) from speeds `v0` to `v1`, and which joints cruise at top speed.

    Each joint is a double integrator with bounded speed and acceleration: full acceleration one way, cruise if it
    must, full acceleration the other way.
    """
    direct = (v0 + v1) * np.abs(v1 - v0) / (2 * push)
    sign = np.where(way >= direct, 1.0, -1.0)
    v0, v1, way = sign * v0, sign * v1, sign * way
    peak = np.sqrt(np.maximum(push * way + (v0**2 + v1**2) / 2, 0.0))
    without_cruise = (2 * peak - v0 - v1) / push
    cruise = (2 * top - v0 - v1) / push + (way - (2 * top**2 - v0**2 - v1**2) / (2 * push)) / top
    return np.maximum(np.where(peak <= top, without_cruise, cruise), 0.0), peak > top


def correction_time(arm: ArmModel, angle: float) -> float:
    """Seconds that the slowest joint takes to turn by a small angle from rest to rest, as its jerk allows."""
    return float(np.max(np.cbrt(32.0 * angle / arm.max_jerk)))
