"""Where an object will be: it goes on along its way and slows down until it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..rig.nouns import ObjectState, Vector

GAIN_S = 0.12
"""An object that speeds up is taken to do so for as long again, s."""
STANDING = 0.03
"""Slower than this counts as standing, m/s."""


def predict(state: ObjectState, deceleration: float, time: float) -> ObjectState:
    """The state at `time`, with the covariance of constant velocity."""
    dt = max(0.0, time - state.valid_at)
    speed = float(np.hypot(state.velocity[0], state.velocity[1]))
    moved = state.at(time)
    if speed < STANDING:
        still = replace(state, valid_at=time, covariance=moved.covariance, velocity=np.zeros(3))
        return replace(still, angular_velocity=np.zeros(3))
    way = np.array([state.velocity[0], state.velocity[1], 0.0]) / speed
    distance, left = _travel(speed, deceleration, np.array([dt]))
    turned = state.at(state.valid_at + float(distance[0]) / speed)
    pose = type(state.T_base_object).from_components(
        np.asarray(state.position) + way * distance[0], turned.T_base_object.rotation
    )
    spin = state.angular_velocity * float(left[0]) / speed
    return replace(moved, T_base_object=pose, velocity=way * left[0], angular_velocity=spin)


def path(state: ObjectState, deceleration: float, times: Vector) -> Vector:
    """Places (n, 3) at times (n,): the same way as `predict` has it."""
    speed = float(np.hypot(state.velocity[0], state.velocity[1]))
    if speed < STANDING:
        return np.repeat(np.asarray(state.position)[None], len(times), axis=0)
    way = np.array([state.velocity[0], state.velocity[1], 0.0]) / speed
    distance, _ = _travel(speed, deceleration, np.maximum(times - state.valid_at, 0.0))
    return np.asarray(state.position) + distance[:, None] * way


def _travel(speed: float, deceleration: float, dt: Vector) -> tuple[Vector, Vector]:
    """Way and speed after times (n,): down to standstill, or speeding up for a moment and then no more."""
    if deceleration >= 0.0:
        rolling = np.minimum(dt, speed / max(deceleration, 1e-9))
        return speed * rolling - 0.5 * deceleration * rolling**2, speed - deceleration * rolling
    gaining = np.minimum(dt, GAIN_S)
    return speed * dt - deceleration * gaining * (dt - 0.5 * gaining), speed - deceleration * gaining
