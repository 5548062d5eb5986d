"""A belief in several histories at once: one Gaussian for each way of moving now and just before, with its weight.

A step tries every way of moving after every history, weighs how well each foresaw what was measured, and merges those
that agree in their last two steps (a generalised pseudo-Bayesian filter). The memory is what lets the next
measurements tell an outlier from a knock.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector

WAYS = 5
"""Ways of moving; the last is to be somewhere else altogether."""
ANEW = WAYS - 1
STRAY = 0.02
"""How often a measurement has nothing to do with the object."""
UNLIKELY, LEAST = 1e-5, 1e-3
"""What is less likely than this is not tried, and not remembered."""
SCALE_GAIN = 0.04
SCALE_LIMITS = (0.1, 25.0)
MOST_RATIO = 6.0
"""No single measurement says more than this about the noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """Means (k, d), covariances (k, d, d), weights (k,) and last two ways of moving (k, 2) of the histories."""

    mean: Vector
    covariance: Vector
    weight: Vector
    past: NDArray[np.intp]
    scale: float = 1.0
    """Factor on the variance that measurements claim, learnt from how far they lie from what was foreseen."""

    def whole(self) -> tuple[Vector, Vector]:
        """Mean (d,) and covariance (d, d) of everything together."""
        mean = self.weight @ self.mean
        apart = self.mean - mean
        inner = (self.weight @ self.covariance.reshape(len(self.weight), -1)).reshape(len(mean), -1)
        return mean, inner + (apart.T * self.weight) @ apart

    def chance(self, way: int) -> float:
        """Probability that it moves that way now."""
        return float(self.weight[self.past[:, 1] == way].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Foreseen:
    """What may come (p, ...): the likely ways of moving after each history, with their last three ways (p, 3)."""

    mean: Vector
    covariance: Vector
    weight: Vector
    past: NDArray[np.intp]

    @classmethod
    def of(cls, belief: Belief, mean: Vector, covariance: Vector, chances: Vector) -> tuple[Foreseen, NDArray[np.intp]]:
        """From means (k, ways, d), covariances, and `chances` (ways, ways) of one way after another.

        With it the places (p,) among the k * ways of those that are kept.
        """
        d = mean.shape[-1]
        weight = (belief.weight[:, None] * chances[belief.past[:, 1]]).ravel()
        kept = np.flatnonzero(weight > UNLIKELY)
        past = _AFTER[belief.past[kept // WAYS] @ _PLACES, kept % WAYS]
        return cls(mean.reshape(-1, d)[kept], covariance.reshape(-1, d, d)[kept], weight[kept], past), kept

    @classmethod
    def unmoved(cls, belief: Belief) -> Foreseen:
        """At the same instant."""
        return cls(belief.mean, belief.covariance, belief.weight, belief.past[:, [0, 0, 1]])

    def whole(self) -> tuple[Vector, Vector]:
        """Mean (d,) and covariance (d, d) of all that can be foreseen: not that the thing is somewhere else."""
        kept = self.past[:, 2] != ANEW
        weight = self.weight[kept] / self.weight[kept].sum()
        return Belief(self.mean[kept], self.covariance[kept], weight, self.past[kept]).whole()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Probabilities that a measurement was of the object, and that the object is anew where it was measured."""

    sound: float
    anew: float


def weighed(
    seen: Foreseen, off: Vector, noise: Vector, far: float, scale: float, tells: int | None = None
) -> tuple[Belief, Verdict]:
    """With a measurement of the first n parts of the state, which is `off` (p, n) from what was foreseen.

    `noise`, (n, n) or (p, n, n), is the variance claimed for it; a stray one lies about `far` away. Only `tells` of its
    parts were seen.
    """
    n, noise = off.shape[1], scale * noise
    inverse, size = _inverse(seen.covariance[:, :n, :n] + noise)
    toward = (inverse @ off[:, :, None])[:, :, 0]
    weight, sound = _likely(seen.weight, off, toward, size, far)
    # Most ways of moving are ruled out by now.
    kept = np.flatnonzero(weight > UNLIKELY)
    weight, sound, past = weight[kept], sound[kept], seen.past[kept]
    P, inverse, toward = seen.covariance[kept], inverse[kept], toward[kept]
    noise = noise if noise.ndim == 2 else noise[kept]
    cross, share = P[:, :, :n], sound[:, None, None]
    move = (cross @ toward[:, :, None])[:, :, 0]
    P = P - (share * cross) @ (inverse @ cross.swapaxes(1, 2))
    P += ((share - share * share) * move[:, :, None]) * move[:, None, :]
    calm = weight * sound * (past[:, 1] == past[:, 2])
    learnt = _learnt(scale, calm, toward, noise, inverse, n if tells is None else tells)
    verdict = Verdict(float(weight @ sound), float(weight @ (past == ANEW).any(axis=1)))
    return merged(seen.mean[kept] + sound[:, None] * move, P, weight, past[:, 1:], learnt), verdict


def _likely(weight: Vector, off: Vector, toward: Vector, size: Vector, far: float) -> tuple[Vector, Vector]:
    """Weights (p,) after a measurement, and probabilities that it was of the object rather than stray."""
    fits = _LOG_SOUND - 0.5 * (_dot(off, toward) + np.log(size))
    strays = (_LOG_STRAY - off.shape[1] * log(far)) - (0.5 / far**2) * _dot(off, off)
    both = np.logaddexp(fits, strays)
    weight = weight * np.exp(both - np.maximum.reduce(both))
    return weight / np.add.reduce(weight), np.exp(fits - both)


def _dot(a: Vector, b: Vector) -> Vector:
    """(p,), of vectors (p, n)."""
    return np.einsum("pi,pi->p", a, b)


def _inverse(S: Vector) -> tuple[Vector, Vector]:
    """Of symmetric matrices (p, n, n), and their determinants (p,)."""
    if S.shape[-1] == 1:
        return 1.0 / S, S[:, 0, 0]
    if S.shape[-1] == 2:
        size = S[:, 0, 0] * S[:, 1, 1] - S[:, 0, 1] * S[:, 0, 1]
        return S[:, ::-1, ::-1] * (_SIGNS / size[:, None, None]), size
    return np.asarray(np.linalg.inv(S), dtype=np.float64), np.linalg.det(S)


def merged(mean: Vector, P: Vector, weight: Vector, past: NDArray[np.intp], scale: float) -> Belief:
    """One Gaussian for all that share their past."""
    d = mean.shape[1]
    share = (past @ _PLACES == _LABELS) * weight
    total = np.add.reduce(share, axis=1)
    kept = np.flatnonzero(total > LEAST)
    total, share = total[kept], share[kept] / total[kept, None]
    middle = share @ mean
    apart = mean[None] - middle[:, None]
    spread = (share @ P.reshape(-1, d * d)).reshape(-1, d, d) + (apart.swapaxes(1, 2) * share[:, None]) @ apart
    spread = 0.5 * (spread + spread.swapaxes(1, 2))
    return Belief(middle, spread, total / np.add.reduce(total), _PAIRS[kept], scale)


def _learnt(scale: float, share: Vector, toward: Vector, noise: Vector, inverse: Vector, parts: int) -> float:
    """The scale, moved a little up the slope of the likelihood, as far as nothing else happened."""
    if parts == 0:
        return scale
    expected = np.add.reduce((inverse * noise).reshape(len(share), -1), axis=1) - (toward.shape[1] - parts)
    found = _dot(toward, (noise @ toward[:, :, None])[:, :, 0])
    told = float(share @ (np.minimum(found, MOST_RATIO * expected) - expected)) / parts
    return min(max(scale * exp(SCALE_GAIN * told), SCALE_LIMITS[0]), SCALE_LIMITS[1])


_LOG_SOUND, _LOG_STRAY = log(1.0 - STRAY), log(STRAY)
_SIGNS = np.array([[1.0, -1.0], [-1.0, 1.0]])
_PLACES, _LABELS = np.array([WAYS, 1]), np.arange(WAYS * WAYS)[:, None]
_PAIRS = np.column_stack(np.divmod(np.arange(WAYS * WAYS), WAYS))
_AFTER = np.array([[(*pair, way) for way in range(WAYS)] for pair in _PAIRS])
