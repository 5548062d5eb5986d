"""Where an object will be: it goes on along its way and slows down until it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..rig.nouns import ObjectState, Vector
from ..rig.pose import pose_of, turn_of

GAIN_S = 0.12
"""An object that speeds up is taken to do so for as long again, s."""
STANDING = 0.03
"""Slower than this counts as standing, m/s."""


def predict(state: ObjectState, deceleration: float, time: float) -> ObjectState:
    """The state at `time`, with the covariance of constant velocity."""
    dt = max(0.0, time - state.valid_at)
    speed = float(np.hypot(state.velocity[0], state.velocity[1]))
    covariance = state.covariance_at(time)
    if speed < STANDING:
        return replace(state, valid_at=time, covariance=covariance, velocity=np.zeros(3), angular_velocity=np.zeros(3))
    way = np.array([state.velocity[0], state.velocity[1], 0.0]) / speed
    distance, left = _travel(speed, deceleration, np.array([dt]))
    rolled = Rotation.from_rotvec(state.angular_velocity * distance[0] / speed).as_matrix()
    pose = pose_of(state.position + way * distance[0], rolled @ turn_of(state.T_base_object))
    spin = state.angular_velocity * float(left[0]) / speed
    return replace(
        state, T_base_object=pose, velocity=way * left[0], angular_velocity=spin, covariance=covariance, valid_at=time
    )


def path(state: ObjectState, deceleration: float, times: Vector) -> tuple[Vector, Vector]:
    """Places and velocities (n, 3) at times (n,): the same way as `predict` has it."""
    speed, here = float(np.hypot(state.velocity[0], state.velocity[1])), np.asarray(state.position)
    if speed < STANDING:
        return np.repeat(here[None], len(times), axis=0), np.zeros((len(times), 3))
    way = np.array([state.velocity[0], state.velocity[1], 0.0]) / speed
    distance, left = _travel(speed, deceleration, np.maximum(times - state.valid_at, 0.0))
    return here + distance[:, None] * way, left[:, None] * way


def _travel(speed: float, deceleration: float, dt: Vector) -> tuple[Vector, Vector]:
    """Way and speed after times (n,): down to standstill, or speeding up for a moment and then no more."""
    if deceleration >= 0.0:
        rolling = np.minimum(dt, speed / max(deceleration, 1e-9))
        return speed * rolling - 0.5 * deceleration * rolling**2, speed - deceleration * rolling
    gaining = np.minimum(dt, GAIN_S)
    return speed * dt - deceleration * gaining * (dt - 0.5 * gaining), speed - deceleration * gaining
