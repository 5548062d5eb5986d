"""Where an object will be: it goes on along its way and slows down until it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..rig.nouns import ObjectState, Vector

WINDOW_S = 0.4
"""How far back speeds are looked at."""
PRIOR_DECELERATION = 0.12
"""What a rolling household object loses, m/s2."""
PRIOR_WEIGHT = 0.012
"""How much motion (s2 of time spread) it takes to believe the measured slope as much as the prior."""
GAIN_S = 0.12
"""An object that speeds up is taken to do so for as long again, s."""
STANDING = 0.03
"""Slower than this counts as standing, m/s."""


@dataclass(frozen=True, slots=True)
class Track:
    """The last speeds of an object, and what they say about its deceleration."""

    samples: tuple[tuple[float, float, float], ...] = ()
    """(time, vx, vy) of the last `WINDOW_S`."""

    def seen(self, state: ObjectState) -> Track:
        """With one more state; the same instant again adds nothing."""
        time = state.valid_at
        if self.samples and time <= self.samples[-1][0]:
            return self
        kept = tuple(sample for sample in self.samples if sample[0] >= time - WINDOW_S)
        return Track((*kept, (time, float(state.velocity[0]), float(state.velocity[1]))))

    @property
    def speed(self) -> float:
        """The newest, m/s."""
        return float(np.hypot(*self.samples[-1][1:])) if self.samples else 0.0

    @property
    def deceleration(self) -> float:
        """m/s2 along the way: the speed's slope, drawn towards what rolling objects do; negative if it speeds up."""
        data = np.array(self.samples[-12:])
        if len(data) < 3:
            return PRIOR_DECELERATION
        speed, time = np.hypot(data[:, 1], data[:, 2]), data[:, 0] - data[:, 0].mean()
        spread = float(time @ time)
        slope = float(time @ speed) / max(spread, 1e-9)
        weight = spread / (spread + PRIOR_WEIGHT)
        return -weight * slope + (1 - weight) * PRIOR_DECELERATION


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
