"""Robust least squares for all that may have moved: the fixed cameras, the wrist camera's mount, the robot's base.

First from what does not stand on the base, then, starting from that, from the arm as the fixed cameras see it. So an
arm cannot, together with its shadow, outvote a table that shows little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from .landmarks import Landmarks
from .looks import Looks
from .motions import PLANAR, POSE, Motions, expected
from .patches import Shifts, contrast, measure
from .reference import LEVELS, Reference
from .surfaces import UNFIT

STEPS = 10
"""At each level, at most."""
SMALL = 0.05
"""A step below this many sigmas is the last at its level."""
TILE_PX = 60
"""Patches of one part so near to each other err together."""
LEAST_SLOPE = 0.3
PRIOR_POSE = np.array([0.2] * 3 + [0.1] * 3)
PRIOR_BASE = np.array([0.1, 0.1, 0.2])
"""One sigma of a camera's [rad, m] and the base's [m, rad] motion before anything is seen; keeps the squares sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """How one picture fits a guess."""

    mark: Landmarks
    shifts: Shifts
    slope: Vector
    """(n, 2, unknowns): of the patches' places, in pixels of their level."""
    weights: Vector
    """(n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What moved, and how sure that is."""

    names: tuple[str, ...]
    motions: Motions
    covariance: Vector
    """Of six numbers for each camera and three of the base, as `Motions.moved` takes them."""
    landmarks: Mapping[str, int]
    """By camera: patches that had a say."""


def fit(reference: Reference, now: Looks, start: Motions, levels: tuple[int, ...] = LEVELS) -> tuple[Belief, Belief]:
    """What moved: told by all but the arm, and by everything."""
    names = tuple(start.mounts)
    prior = np.concatenate([np.tile(PRIOR_POSE, len(names)), PRIOR_BASE])
    still = _fit(reference, now, Belief(names, start, np.diag(prior**2), dict.fromkeys(names, 0)), levels, arm=False)
    return still, _fit(reference, now, still, levels, arm=True)


def _fit(reference: Reference, now: Looks, prior: Belief, levels: tuple[int, ...], *, arm: bool) -> Belief:
    motions, seen = prior.motions, ()
    known = np.linalg.inv(prior.covariance)
    for level in levels:
        marks = [mark for mark in reference.marks[level] if mark.camera.name in prior.names]
        marks = [mark.only_arm(arm) for mark in marks if not (arm and mark.camera.on_wrist)]
        pictures = [contrast(now.pictures[mark.camera.name][mark.look], level) for mark in marks]
        for _ in range(STEPS):
            seen = tuple(
                _see(reference, now, prior.names, motions, mark, picture)
                for mark, picture in zip(marks, pictures, strict=True)
            )
            square, push = _equations(seen, len(known))
            square, push = square + known, push + known @ motions.step_to(prior.motions)
            step = np.asarray(np.linalg.solve(square, push), np.float64)
            motions = motions.moved(step)
            if float(step @ square @ step) < SMALL**2:
                break
    counts = dict(prior.landmarks)
    for one in seen:
        counts[one.mark.camera.name] += int((one.weights > 0.5).sum())
    return Belief(prior.names, motions, _covariance(seen, np.asarray(known, np.float64)), counts)


def _see(
    reference: Reference, now: Looks, names: tuple[str, ...], motions: Motions, mark: Landmarks, picture: np.ndarray
) -> Seen:
    before, after = reference.looks.joints[mark.look], now.joints[mark.look]
    where = expected(mark, motions, reference.bench.arm, before, after)
    shifts = measure(mark.patches, picture, where.corners)
    slope = np.zeros((len(where.corners), 2, POSE * len(names) + PLANAR))
    first = POSE * names.index(mark.camera.name)
    slope[:, :, first : first + POSE] = where.by_camera
    slope[:, :, -PLANAR:] = where.by_base
    weights = shifts.weights(mark.surfaces.part != UNFIT)
    known = 0.5 * np.trace(shifts.information, axis1=1, axis2=2)
    weights /= 1 + known * (where.doubt / 2**mark.patches.level) ** 2
    return Seen(mark, shifts, slope / 2**mark.patches.level, weights)


def _equations(seen: tuple[Seen, ...], unknowns: int) -> tuple[Vector, Vector]:
    square, push = np.zeros((unknowns, unknowns)), np.zeros(unknowns)
    for one in seen:
        own_square, own_push = one.shifts.equations(one.slope, one.weights)
        square, push = square + own_square, push + own_push
    return square, push


def _covariance(seen: tuple[Seen, ...], known: Vector) -> Vector:
    """What every patch's own variance makes of it, and on top what patches that err together do (a sandwich)."""
    square, _ = _equations(seen, len(known))
    root = np.sqrt(np.concatenate([np.ones(1), *(one.weights[one.weights > 0] for one in seen)]))
    # How steep the robust pull is over the weight: less than one where patches are surprising.
    slope = max(LEAST_SLOPE, float((root**2 * (2 * root - 1)).sum() / (root**2).sum()))
    inverse = np.linalg.inv(square * slope + known)
    together = np.zeros_like(square)
    for one in seen:
        pull = np.einsum("n,nip,ni->np", one.weights, one.slope, one.shifts.push, optimize=True)
        across, down = (one.mark.patches.centres // TILE_PX).astype(int).T
        _, index = np.unique(1000 * down + across, return_inverse=True)
        sums = np.zeros((index.max() + 1, len(square)))
        np.add.at(sums, index, pull)
        together += sums.T @ sums
    return inverse + inverse @ together @ inverse
