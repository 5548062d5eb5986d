"""Where a thing is and how it moves: a belief about its level motion, and one about its height."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from ...rig.nouns import Vector
from .belief import Belief, Foreseen, Verdict, weighed
from .laws import BEND_S, FAR, SLOW, STANDS, Law

LEVEL = Law(axes=2, creep=2e-4)
HEIGHT = Law(axes=1, creep=2e-3)
"""The middle of what rolls on a table goes up and down a little."""
ON_TABLE, ANYWHERE = 0.95, 0.3
"""Probability that a new thing keeps its height, with a table and without."""
MOVES = 0.5
"""Probability that a new thing moves."""
MOST_OFF = 4.0
"""Further (sigmas) from the height that was foreseen, a measurement's error of height says nothing about its place."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Position (3,), velocity (3,) and the covariance (6, 6) of both."""

    position: Vector
    velocity: Vector
    covariance: Vector

    @property
    def level(self) -> Vector:
        """The covariance (4, 4) of level place and velocity."""
        return self.covariance[_LEVEL]


_LEVEL = np.ix_((0, 1, 3, 4), (0, 1, 3, 4))


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a measurement suits an object."""

    distance: float
    """From what is foreseen, in sigmas of the position."""
    cost: float
    """Twice the negative logarithm of its likelihood, but for a constant: comparable between objects."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Beliefs about x, y and about z."""

    level: Belief
    height: Belief

    @classmethod
    def begun(cls, position: Vector, noise: Vector, table: bool) -> Place:
        """After the first measurement."""
        stands = ON_TABLE if table else ANYWHERE
        return cls(
            LEVEL.begun(position[:2], noise[:2, :2], 1.0 - MOVES), HEIGHT.begun(position[2:], noise[2:, 2:], stands)
        )

    def measured(self, dt: float, position: Vector, noise: Vector) -> tuple[Place, Verdict, Fit]:
        """`dt` later, with a measured position (3,) and its variance (3, 3)."""
        level, height = LEVEL.foreseen(self.level, dt), HEIGHT.foreseen(self.height, dt)
        xy, xy_noise, fit = _suited(level, height, position, noise, self.level.scale)
        new_level, verdict = weighed(level, xy - level.mean[:, :2], xy_noise, FAR, self.level.scale)
        # One measurement has one scale: it is learnt from what moves most.
        off = position[2:] - height.mean[:, :1]
        new_height, upright = weighed(height, off, noise[2:, 2:], FAR, self.level.scale, tells=0)
        both = Verdict(min(verdict.sound, upright.sound), max(verdict.anew, upright.anew))
        return Place(new_level, new_height), both, fit

    def fit(self, dt: float, position: Vector, noise: Vector) -> Fit:
        """How well a measurement `dt` later suits."""
        level, height = LEVEL.foreseen(self.level, dt), HEIGHT.foreseen(self.height, dt)
        return _suited(level, height, position, noise, self.level.scale)[2]

    def later(self, dt: float, floor: float | None) -> Course:
        """What is foreseen for `dt` later; nothing falls through the floor."""
        (xy, v_xy), P_xy = _later(LEVEL, self.level, dt)
        (z, v_z), P_z = _later(HEIGHT, self.height, dt)
        if floor is not None and z[0] < floor:
            z, v_z = np.maximum(z, floor), np.zeros(1)
        covariance = np.zeros((6, 6))
        covariance[_LEVEL] = P_xy
        covariance[2::3, 2::3] = P_z
        return Course(np.concatenate([xy, z]), np.concatenate([v_xy, v_z]), covariance)

    @property
    def on_table(self) -> bool:
        """Whether it keeps its height."""
        return self.height.chance(STANDS) > 0.5


def _suited(
    level: Foreseen, height: Foreseen, position: Vector, noise: Vector, scale: float
) -> tuple[Vector, Vector, Fit]:
    """The level place (2,) measured and its variance (2, 2), improved by what is known of the height, and the fit.

    What a camera gets wrong along its line of sight is wrong in both.
    """
    (x, P), (z, P_z) = level.whole(), height.whole()
    error, total = float(position[2] - z[0]), float(scale * noise[2, 2] + P_z[0, 0])
    place, variance = position[:2], noise[:2, :2]
    if error * error < MOST_OFF**2 * total:
        shared = noise[:2, 2]
        place = place - shared * (scale * error / total)
        variance = variance - shared[:, None] * shared * (scale / total)
    (a, b), (_, c) = (P[:2, :2] + scale * variance).tolist()
    dx, dy = (place - x[:2]).tolist()
    det = a * c - b * b
    squared = (c * dx * dx - 2.0 * b * dx * dy + a * dy * dy) / det + error * error / total
    return place, variance, Fit(squared**0.5, squared + log(det * total))


def _later(law: Law, belief: Belief, dt: float) -> tuple[tuple[Vector, Vector], Vector]:
    """Place and velocity (n,), and the covariance (2n, 2n) of both."""
    n = law.axes
    if dt <= 0.0:
        mean, P = belief.whole()
        return (mean[:n], mean[n : 2 * n]), P[: 2 * n, : 2 * n]
    place, velocity = gone_on(belief.mean, n, dt)
    return (belief.weight @ place, belief.weight @ velocity), law.foreseen(belief, dt).whole()[1][: 2 * n, : 2 * n]


def gone_on(mean: Vector, n: int, dt: float) -> tuple[Vector, Vector]:
    """Places and velocities (k, n) after `dt`, of states (k, 3n) that meet nothing on their way.

    What slows down does so until it stands; what speeds up does so for a moment; what goes a curve stays on it.
    """
    place, velocity, pull = mean[:, :n], mean[:, n : 2 * n], mean[:, 2 * n :]
    speed = np.sqrt((velocity * velocity).sum(axis=1))
    gain = (velocity * pull).sum(axis=1) / np.maximum(speed, 1e-9)
    lasts = np.where(gain < 0.0, np.minimum(dt, speed / np.maximum(-gain, 1e-9)), min(dt, BEND_S))
    left = np.where(gain < 0.0, 0.0, dt - lasts)
    end = speed + gain * lasts
    share = (lasts * (speed + 0.5 * gain * lasts) + left * end) / np.maximum(speed, 1e-9)
    if n == 1:
        return place + velocity * share[:, None], velocity * (end / np.maximum(speed, 1e-9))[:, None]
    turn = (velocity[:, 0] * pull[:, 1] - velocity[:, 1] * pull[:, 0]) / (speed**2 + SLOW**2)
    angle = turn * (lasts + left)
    chord = share * np.sinc(angle / (2.0 * np.pi))
    way = _turned(velocity, 0.5 * angle) * chord[:, None]
    return place + way, _turned(velocity, angle) * (end / np.maximum(speed, 1e-9))[:, None]


def _turned(vectors: Vector, angle: Vector) -> Vector:
    """Level vectors (k, 2), turned by angles (k,)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.column_stack([c * vectors[:, 0] - s * vectors[:, 1], s * vectors[:, 0] + c * vectors[:, 1]])
