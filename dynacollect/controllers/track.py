"""What an object's last states say about its motion: a filter over them, weighted by their own covariance.

Exact states pass through unchanged; noisy ones are smoothed as far as a household object's accelerations allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from filterpy.kalman import predict as predicted
from filterpy.kalman import update as updated

from ..rig.nouns import ObjectState, Vector
from ..rig.pose import pose_of, turn_of

FADES_S = 0.4
"""How long an acceleration lasts."""
ACCELERATION, PUSHED = 0.3, 4.0
"""Of an object that goes its way, and of one that is pushed, stopped or carried off, m/s2 (one sigma)."""
SURPRISE = 12.0
"""Squared distance of a state from what was foreseen, in sigmas, from which it counts as pushed."""
FRICTION = 0.12
"""What a rolling household object loses, m/s2; taken for granted at first."""
LEAST_SIGMA = np.array([1e-5, 1e-4])
"""Of a position and a speed: no state is more exact than this."""
FORGET_S = 0.5
_H = np.eye(2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Place, velocity and acceleration (3, 2), level, with the covariance of each axis (3, 3)."""

    time: float = -np.inf
    mean: Vector = field(default_factory=lambda: np.zeros((3, 2)))
    covariance: Vector = field(default_factory=lambda: np.eye(3))

    def seen(self, state: ObjectState) -> Track:
        """With one more state; the same instant again adds nothing."""
        time, sigma = state.valid_at, _sigma(state)
        if time <= self.time:
            return self
        measured = np.stack([np.asarray(state.position)[:2], state.velocity[:2]])
        if time - self.time > FORGET_S:
            loss = -FRICTION * state.velocity[:2] / max(1e-6, float(np.hypot(*state.velocity[:2])))
            return Track(time, np.vstack([measured, loss]), np.diag([*sigma**2, ACCELERATION**2]))
        for sigma_a in (ACCELERATION, PUSHED):
            track, distance = self._stepped(time, measured, np.diag(sigma**2), sigma_a)
            if distance < SURPRISE:
                break
        return track

    def _stepped(self, time: float, measured: Vector, noise: Vector, sigma_a: float) -> tuple[Track, float]:
        """The track with a state, and how far that is from what was foreseen."""
        step, spread = _motion(time - self.time), _spread(time - self.time, sigma_a)
        mean, covariance, distance = np.empty((3, 2)), self.covariance, 0.0
        for axis in range(2):
            x, P = predicted(self.mean[:, axis], self.covariance, step, spread)
            off = measured[:, axis] - x[:2]
            distance = max(distance, float(off @ np.linalg.solve(P[:2, :2] + noise, off)))
            mean[:, axis], covariance = updated(x, P, measured[:, axis], noise, _H)
        return Track(time, mean, covariance), distance

    def refined(self, state: ObjectState) -> ObjectState:
        """The newest state with the track's level place and velocity; its covariance stays that of the state."""
        place = np.array([*self.mean[0], state.position[2]])
        pose = pose_of(place, turn_of(state.T_base_object))
        return replace(state, T_base_object=pose, velocity=np.array([*self.mean[1], state.velocity[2]]))

    @property
    def speed(self) -> float:
        """m/s, level."""
        return float(np.hypot(*self.mean[1]))

    @property
    def deceleration(self) -> float:
        """m/s2 along the way; negative if the object speeds up."""
        speed = self.speed
        return -float(self.mean[2] @ self.mean[1]) / speed if speed > 1e-6 else FRICTION


def _sigma(state: ObjectState) -> Vector:
    """Of place and velocity on one level axis (2,)."""
    variances = np.diag(state.covariance)
    return np.maximum(np.sqrt([variances[:2].mean(), variances[6:8].mean()]), LEAST_SIGMA)


def _motion(dt: float) -> Vector:
    """(3, 3): accelerations fade away."""
    fade = float(np.exp(-dt / FADES_S))
    gain = FADES_S * (1.0 - fade)
    return np.array([[1.0, dt, FADES_S * (dt - gain)], [0.0, 1.0, gain], [0.0, 0.0, fade]])


def _spread(dt: float, sigma: float) -> Vector:
    """(3, 3): what accelerations that are not foreseen add."""
    powers = [[dt**5 / 20, dt**4 / 8, dt**3 / 6], [dt**4 / 8, dt**3 / 3, dt**2 / 2], [dt**3 / 6, dt**2 / 2, dt]]
    return 2.0 * sigma**2 / FADES_S * np.array(powers)
