"""The ways in which a thing on a table moves, as linear laws of place, velocity and acceleration.

GOES: on its way, with an acceleration that hardly changes. BENDS: the acceleration changes (a hand, brakes, a ramp's
end). KNOCKED: the velocity changes at once (a bounce, a push). STANDS: it does not move. ANEW: it is somewhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from ...rig.nouns import Vector
from .belief import ANEW, WAYS, Belief, Foreseen

GOES, BENDS, KNOCKED, STANDS = range(4)
STAYS = (GOES, GOES, GOES, STANDS, GOES)
"""What each way of moving is followed by if nothing happens."""
FRAME_S = 0.04
"""The step that `CHANCES` are for."""
CHANCES = np.array([
    [0.0000, 0.003, 0.015, 0.004, 1e-4],
    [0.0000, 0.250, 0.030, 0.004, 1e-4],
    [0.0000, 0.020, 0.050, 0.004, 1e-4],
    [0.0000, 0.003, 0.010, 0.000, 1e-4],
    [0.0000, 0.050, 0.050, 0.200, 1e-4],
])  # fmt: skip
"""(from, to), but for `STAYS`."""
JERK, ROUGH = 0.1, 0.005
"""How much the acceleration (m/s2) and the velocity (m/s) of a thing on its way change in a second, one sigma."""
BEND, KNOCK = 3.0, 0.45
"""Changes of acceleration (m/s2) and velocity (m/s), one sigma."""
BEND_S = 0.1
"""How long an acceleration lasts that nobody measures."""
SMOOTH = 0.2
"""Acceleration after a knock, m/s2, one sigma."""
FRESH = (0.5, 0.5)
"""Velocity (m/s) and acceleration (m/s2) of a thing of which nothing is known yet, one sigma."""
FAR = 0.3
"""How far off a thing is that was lost, or a measurement of something else, m."""
SLOW, MOST_JERK = 0.15, 3.0
"""Below this speed (m/s) a curve is not told from noise; no curve changes the acceleration faster, m/s3."""
STILL = 1e-4
"""Velocity (m/s) and acceleration (m/s2) of a thing that stands, one sigma."""


@dataclass(frozen=True, slots=True)
class Law:
    """The laws of a motion along `axes` axes; `creep` is how far a standing thing still moves in a second, m."""

    axes: int
    creep: float

    def foreseen(self, belief: Belief, dt: float) -> Foreseen:
        """Every way of moving after each history, `dt` later."""
        if dt <= 0.0:
            return Foreseen.unmoved(belief)
        n, (F, Q) = self.axes, _motion(self, dt)
        mean = (F @ belief.mean[:, None, :, None])[..., 0]
        if n == 2:
            mean[:, :KNOCKED] += curving(belief.mean, dt)[:, None]
        P = F @ belief.covariance[:, None] @ F.swapaxes(1, 2) + Q
        # What comes to a stop does so somewhere on its way.
        way = belief.mean[:, n : 2 * n] * dt
        P[:, STANDS, :n, :n] += way[:, :, None] * way[:, None, :] / 12.0
        return Foreseen.of(belief, mean, P, _chances(dt))[0]

    def begun(self, place: Vector, noise: Vector, stands: float) -> Belief:
        """The belief after the first measurement; `stands` is the probability that the thing does."""
        n = self.axes
        mean = np.zeros((2, 3 * n))
        mean[:, :n] = place
        P = np.stack(
            [np.diag(np.repeat([0.0, *np.square(FRESH)], n)), np.diag(np.repeat([0.0, STILL**2, STILL**2], n))]
        )
        P[:, :n, :n] = noise
        return Belief(mean, P, np.array([1.0 - stands, stands]), np.array([[ANEW, GOES], [ANEW, STANDS]]))

    def steps(self, dt: float) -> Vector:
        """(ways, d, d)."""
        return self._wide(np.array([1.0, dt, dt * dt]) @ _STEPS)

    def spreads(self, dt: float) -> Vector:
        """(ways, d, d)."""
        powers = dt ** np.arange(6.0)
        bends = powers * min(1.0, BEND_S / dt) ** 2
        spreads = self._wide(powers @ _SPREADS + bends @ _BENDS)
        creep = np.arange(self.axes)
        spreads[STANDS, creep, creep] = self.creep**2 * dt
        return spreads

    def _wide(self, laws: Vector) -> Vector:
        """From one axis (ways * 9,) to all (ways, d, d)."""
        n = self.axes
        wide = np.zeros((WAYS, 3, n, 3, n))
        laws = laws.reshape(WAYS, 3, 3)
        for axis in range(n):
            wide[:, :, axis, :, axis] = laws
        return wide.reshape(WAYS, 3 * n, 3 * n)


def _steps() -> Vector:
    """(3, ways * 9): what time to the power of 0, 1, 2 is multiplied with."""
    steps = np.zeros((3, WAYS, 3, 3))
    steps[0, [GOES, BENDS]] = np.eye(3)
    steps[0, KNOCKED] = np.diag([1.0, 1.0, 0.0])
    steps[0, [STANDS, ANEW], 0, 0] = 1.0
    steps[1, :STANDS, 0, 1] = steps[1, :STANDS, 1, 2] = 1.0
    steps[1, STANDS, 0, 1] = 0.5
    steps[2, :STANDS, 0, 2] = 0.5
    return steps.reshape(3, -1)


def _noise(order: int) -> Vector:
    """(6, 3, 3) by power of time: what noise in the last of `order` derivatives of the place adds to each."""
    noise = np.zeros((6, 3, 3))
    for row in range(order + 1):
        for column in range(order + 1):
            power = 2 * order - row - column + 1
            noise[power, row, column] = 1.0 / (factorial(order - row) * factorial(order - column) * power)
    return noise


def _spreads() -> tuple[Vector, Vector]:
    """(6, ways * 9) by power of time: what is added; and what a bend adds, for as long as it lasts."""
    spreads, bends = np.zeros((6, WAYS, 3, 3)), np.zeros((6, WAYS, 3, 3))
    spreads[:, [GOES, BENDS]] = (ROUGH**2 * _noise(1) + JERK**2 * _noise(2))[:, None]
    spreads[:, KNOCKED] = ROUGH**2 * _noise(1)
    # A change at once, at any time of the step, adds what noise as long as the step does.
    spreads[:-1, KNOCKED] += KNOCK**2 * _noise(1)[1:]
    spreads[0, KNOCKED, 2, 2] = SMOOTH**2
    bends[:-1, BENDS] = BEND**2 * _noise(2)[1:]
    spreads[0, STANDS] = np.diag([0.0, STILL**2, STILL**2])
    spreads[0, ANEW] = np.diag(np.square([FAR, *FRESH]))
    return spreads.reshape(6, -1), bends.reshape(6, -1)


def sudden(order: int, dt: float) -> Vector:
    """(3, 3): what a change of one in the last of `order` derivatives, at any time of a step, adds to each."""
    return (dt ** np.arange(5.0) @ _noise(order)[1:].reshape(5, 9)).reshape(3, 3)


_STEPS = _steps()
_SPREADS, _BENDS = _spreads()
_ALL = np.arange(WAYS)


@lru_cache(maxsize=16)
def _motion(law: Law, dt: float) -> tuple[Vector, Vector]:
    """Kept, because all objects are mostly seen at the same times."""
    return law.steps(dt), law.spreads(dt)


@lru_cache(maxsize=16)
def _chances(dt: float) -> Vector:
    return chances(CHANCES, STAYS, dt)


def chances(in_a_frame: Vector, stays: tuple[int, ...], dt: float) -> Vector:
    """(from, to) over a step; `stays` says what each is followed by if nothing happens."""
    change = 1.0 - (1.0 - in_a_frame) ** (dt / FRAME_S)
    change *= np.minimum(1.0, 0.9 / change.sum(axis=1))[:, None]
    change[_ALL, stays] += 1.0 - change.sum(axis=1)
    return change


def curving(mean: Vector, dt: float) -> Vector:
    """What is added (k, 6) because on a curve the acceleration turns with the way."""
    vx, vy, ax, ay = mean.T[2:]
    turn = (vx * ay - vy * ax) / (vx * vx + vy * vy + SLOW**2)
    turn *= np.minimum(1.0, MOST_JERK / (np.abs(turn) * np.sqrt(ax * ax + ay * ay) + 1e-9))
    jerk = np.array([-turn * ay, turn * ax])
    return np.concatenate([jerk * (dt**3 / 6.0), jerk * (dt * dt / 2.0), jerk * dt]).T
