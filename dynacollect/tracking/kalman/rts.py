"""A linear filter forth and a Rauch-Tung-Striebel smoother back, over steps and measurements that all differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from filterpy.kalman import predict as predicted
from filterpy.kalman import update as updated

from ...rig.nouns import Vector

ROUNDS = 10
TAIL = 4.0
"""Degrees of freedom of the errors of measurement: few are heavy tails."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """x[k + 1] = F[k] x[k] + u[k] + noise of variance Q[k], from x[0] with mean and variance `start`."""

    start: tuple[Vector, Vector]
    F: Vector
    Q: Vector
    u: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was measured at one time: H x = z, with variance R."""

    z: Vector
    R: Vector
    H: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """Means (n, d) and covariances (n, d, d) given all measurements, and second moments (n - 1, d, d) of the noise."""

    mean: Vector
    covariance: Vector
    noise: Vector


def smooth(steps: Steps, seen: Sequence[Sequence[Seen]]) -> Smooth:
    """Through what was measured at each of the n times."""
    means, covariances, foreseen = _forth(steps, seen)
    noise = np.empty_like(steps.Q)
    for k in range(len(steps.F) - 1, -1, -1):
        F, (x, P) = steps.F[k], foreseen[k]
        gain = np.linalg.solve(P, F @ covariances[k]).T
        means[k] += gain @ (means[k + 1] - x)
        covariances[k] += gain @ (covariances[k + 1] - P) @ gain.T
        both = F @ gain @ covariances[k + 1]
        off = means[k + 1] - F @ means[k] - steps.u[k]
        noise[k] = covariances[k + 1] + F @ covariances[k] @ F.T - both - both.T + np.outer(off, off)
    return Smooth(means, covariances, noise)


def _forth(steps: Steps, seen: Sequence[Sequence[Seen]]) -> tuple[Vector, Vector, list[tuple[Vector, Vector]]]:
    """Filtered means and covariances, and what was foreseen of each next one."""
    x, P = steps.start
    means, covariances, foreseen = [], [], []
    for k, measured in enumerate(seen):
        if k:
            x, P = predicted(x, P, steps.F[k - 1], steps.Q[k - 1])
            x = x + steps.u[k - 1]
            foreseen.append((x, P))
        for one in measured:
            x, P = updated(x, P, one.z, one.R, one.H)
        means.append(x)
        covariances.append(0.5 * (P + P.T))
    return np.array(means), np.array(covariances), foreseen


def fitted(
    steps: Steps,
    seen: Sequence[Sequence[Seen]],
    size: Vector,
    spread: Callable[[Vector], Vector],
    sizes: Callable[[Vector], Vector],
) -> Smooth:
    """Smooth, with noise and errors of heavy tails, whose sizes are found by expectation maximisation.

    `spread` (n - 1, d, d) is what changes of a `size` add to `steps.Q`; `sizes` finds them from the noise there was.
    """
    found = smooth(replace(steps, Q=steps.Q + spread(size)), seen)
    for _ in range(ROUNDS):
        trusted = [
            [replace(one, R=one.R / _trust(one, x, P)) for one in measured]
            for measured, x, P in zip(seen, found.mean, found.covariance, strict=True)
        ]
        found = smooth(replace(steps, Q=steps.Q + spread(sizes(found.noise))), trusted)
    return found


def _trust(seen: Seen, x: Vector, P: Vector) -> float:
    """Share of its weight that a measurement keeps beside a smooth state."""
    off = seen.z - seen.H @ x
    told = np.linalg.solve(seen.R, np.outer(off, off) + seen.H @ P @ seen.H.T)
    return min(1.0, (TAIL + len(off)) / (TAIL + float(np.trace(told))))
