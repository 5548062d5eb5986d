"""How a thing turns: its orientation and angular velocity, in several histories at once.

ROLLS: without slip on the table. SPINS: its spin hardly changes. JOLTED: its spin changes at once. RESTS: it does not
turn. ANEW: it is turned some other way. A history's mean holds the rotation vector from the reference to its
orientation, in the base frame, and its angular velocity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ...rig.nouns import Vector
from .alike import Alike
from .belief import ANEW, WAYS, Belief, Foreseen, Verdict, weighed
from .laws import chances
from .spin_math import back, matrix_of, times, turn_by, vector_of

ROLLS, SPINS, JOLTED, RESTS = range(4)
SPINNING = slice(SPINS, JOLTED + 1)
STAYS = (ROLLS, SPINS, SPINS, RESTS, SPINS)
CHANCES = np.array([
    [0.00, 0.01, 0.010, 0.005, 1e-4],
    [0.10, 0.00, 0.020, 0.010, 1e-4],
    [0.30, 0.00, 0.050, 0.020, 1e-4],
    [0.20, 0.00, 0.010, 0.000, 1e-4],
    [0.30, 0.30, 0.050, 0.350, 1e-4],
])  # fmt: skip
"""(from, to) in a frame, of what can roll, but for what goes on as before."""
DRIFT, JOLT = 3.0, 12.0
"""Changes of a spin in a second, and at once, rad/s, one sigma."""
SHAKE = 0.03
"""How far a turning thing strays from its way in a second, rad, one sigma."""
SLIP = 0.1
"""How much more or less what rolls turns than foreseen, and how much it turns about the vertical, as shares."""
FRESH = 10.0
"""Spin of a thing of which nothing is known, rad/s, one sigma."""
WIDE = 1.5
"""How far another orientation is, rad."""
ALIKE = 0.2
"""Orientations this near are of one kind of history, rad."""
CREEP, STILL = 0.01, 1e-3
"""How far a resting thing still turns in a second, rad, and its spin, rad/s, one sigma."""


_THREE, _ALL = np.arange(3), np.arange(WAYS)
_UNROLLED = (SPINS, SPINS, SPINS, RESTS, SPINS)


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """What rolling on the way that was gone means: the turn (rad), the spin after it (rad/s), and their variances."""

    turn: Vector
    spin: Vector
    turn_variance: Vector
    spin_variance: Vector
    unseen: bool
    """Rolling may look the same as sliding."""

    @classmethod
    def along(cls, way: Vector, velocity: Vector, variance: Vector, radius: float, unseen: bool) -> Rolled:
        """On a level way (2,) with a level velocity (2,) at its end; `variance` (4, 4) is of both."""
        turn, spin = _over(way) / radius, _over(velocity) / radius
        return cls(turn, spin, _slack(turn, variance[:2, :2], radius), _slack(spin, variance[2:, 2:], radius), unseen)


def _over(way: Vector) -> Vector:
    """The axis (3,) about which a ball turns on its way (2,), as long as the way."""
    return np.array([-way[1], way[0], 0.0])


def _slack(turn: Vector, variance: Vector, radius: float) -> Vector:
    """(3, 3), of a turn whose way has a variance (2, 2)."""
    slack = SLIP**2 * turn[:, None] * turn
    slack[:2, :2] += _ACROSS * variance[::-1, ::-1] / radius**2
    slack[2, 2] += SLIP**2 * float(turn @ turn)
    return slack


_ACROSS = np.array([[1.0, -1.0], [-1.0, 1.0]])
_THREE, _ALL = np.arange(3), np.arange(WAYS)
_UNROLLED = (SPINS, SPINS, SPINS, RESTS, SPINS)


@dataclass(frozen=True, slots=True, eq=False)
class Turning:
    """A belief about orientation and spin; the histories' rotation vectors are from `reference` (4,)."""

    reference: Vector
    belief: Belief

    @classmethod
    def begun(cls, turn: Vector, noise: Vector) -> Turning:
        """After the first measurement."""
        P = np.zeros((2, 6, 6))
        P[:, :3, :3] = noise
        P[:, 3:, 3:] = np.array([FRESH**2, STILL**2])[:, None, None] * np.eye(3)
        belief = Belief(np.zeros((2, 6)), P, np.array([0.3, 0.7]), np.array([[ANEW, SPINS], [ANEW, RESTS]]))
        return cls(turn, _bounded(belief))

    def measured(
        self, dt: float, rolled: Rolled | None, turn: Vector, noise: Vector, alike: Alike
    ) -> tuple[Turning, Verdict]:
        """`dt` later, with a measured orientation (4,) and its variance (3, 3)."""
        reference, turns, seen = self._moved(dt, rolled)
        off, noise, tells = alike.off(turn, noise, turns)
        belief, verdict = weighed(seen, off, noise, WIDE, self.belief.scale, tells)
        return Turning(reference, _bounded(belief)), verdict

    def later(self, dt: float, rolled: Rolled | None) -> tuple[Vector, Vector, Vector]:
        """Orientation (4,), spin (3,) and their covariance (6, 6) foreseen for `dt` later.

        They are those of the likely histories: between rolling and sliding lies what certainly does not happen.
        """
        reference, _, seen = self._moved(dt, rolled)
        middle, covariance = seen.whole()
        turned = seen.mean[:, :3] - seen.mean[np.argmax(seen.weight), :3]
        weight = seen.weight * ((turned * turned).sum(axis=1) < ALIKE**2)
        mean = (weight / weight.sum()) @ seen.mean
        off = mean - middle
        return times(turn_by(mean[:3]), reference), mean[3:], covariance + off[:, None] * off

    def _moved(self, dt: float, rolled: Rolled | None) -> tuple[Vector, Vector, Foreseen]:
        """The new reference (4,), the orientations (p, 4) that are foreseen, and the rest of what is."""
        belief = self.belief
        turns = times(turn_by(belief.mean[:, :3]), self.reference)
        if dt <= 0.0:
            return self.reference, turns, Foreseen.unmoved(belief)
        k = len(belief.weight)
        by, mean = np.zeros((k, WAYS, 3)), np.zeros((k, WAYS, 6))
        mean[:, SPINNING, 3:] = belief.mean[:, None, 3:]
        by[:, SPINNING] = dt * mean[:, SPINNING, 3:]
        if rolled is not None:
            by[:, ROLLS], mean[:, ROLLS, 3:] = rolled.turn, rolled.spin
        moved = turn_by(by)
        F = _steps(moved, dt)
        P = F @ belief.covariance[:, None] @ F.swapaxes(2, 3) + _spreads(dt, rolled)
        seen, kept = Foreseen.of(belief, mean, P, _chances(dt, rolled is not None))
        turns = times(moved, turns[:, None]).reshape(-1, 4)[kept]
        reference = turns[np.argmax(seen.weight)]
        seen.mean[:, :3] = vector_of(times(turns, back(reference)))
        return reference, turns, seen


def _steps(moved: Vector, dt: float) -> Vector:
    """(k, ways, 6, 6): what an error of orientation and spin becomes on turns (k, ways, 4)."""
    E = matrix_of(moved)
    F = np.zeros((*moved.shape[:2], 6, 6))
    F[..., :3, :3] = E
    # On the way, an error of the spin is turned on average half as far.
    F[:, SPINNING, :3, 3:] = 0.5 * dt * (E[:, SPINNING] + np.eye(3))
    F[:, SPINNING, 3:, 3:] = np.eye(3)
    return F


def _spreads(dt: float, rolled: Rolled | None) -> Vector:
    """(ways, 6, 6)."""
    if rolled is None:
        return _unrolled_spreads(dt)
    full = _unrolled_spreads(dt).copy()
    full[ROLLS, :3, :3] += rolled.turn_variance
    full[ROLLS, 3:, 3:] += rolled.spin_variance
    if rolled.unseen:
        # Where both look the same, what slides strays as much as what rolls: neither is favoured for being exact.
        full[RESTS, :3, :3] += rolled.turn_variance
    return full


@lru_cache(maxsize=16)
def _unrolled_spreads(dt: float) -> Vector:
    """(ways, 6, 6), but for what rolling adds."""
    wander = np.array([[dt**3 / 3, dt * dt / 2], [dt * dt / 2, dt]])
    spread = np.zeros((WAYS, 2, 2))
    spread[SPINNING] = DRIFT**2 * wander
    spread[JOLTED] += JOLT**2 / dt * wander
    spread[:RESTS, 0, 0] += SHAKE**2 * dt
    spread[RESTS] = [[CREEP**2 * dt, 0.0], [0.0, STILL**2]]
    spread[ANEW] = [[WIDE**2, 0.0], [0.0, FRESH**2]]
    return (spread[:, :, None, :, None] * np.eye(3)[:, None, :]).reshape(WAYS, 6, 6)


@lru_cache(maxsize=16)
def _chances(dt: float, can_roll: bool) -> Vector:
    """(from, to); what cannot roll spins or rests instead."""
    odds = chances(CHANCES, STAYS, dt)
    if not can_roll:
        odds[_ALL, _UNROLLED] += odds[:, ROLLS]
        odds[:, ROLLS] = 0.0
    return odds


def _bounded(belief: Belief) -> Belief:
    """No orientation is less certain than any at all."""
    P = belief.covariance
    if P[:, _THREE, _THREE].max() < np.pi**2:
        return belief
    size, axes = np.linalg.eigh(P[:, :3, :3])
    shrink = np.minimum(1.0, np.pi / np.sqrt(np.maximum(size, 1e-12)))
    fit = (axes * shrink[:, None, :]) @ axes.swapaxes(1, 2)
    P = P.copy()
    P[:, :3] = fit @ P[:, :3]
    P[:, :, :3] = P[:, :, :3] @ fit
    return replace(belief, covariance=P)
