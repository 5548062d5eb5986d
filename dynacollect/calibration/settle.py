"""From a rough guess to the final one: noise levels estimated from the data, gross errors found and left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..rig.nouns import Vector
from .adjust import Noise, Normal, Weighing, minimised, normal_equations
from .model import Problem, Unknowns, frame_errors, residuals

ROBOT_NOISE = (np.deg2rad(0.05), 0.0002)
"""One sigma by axis of a robot pose, until the data show clearly more."""
CLEARLY_MORE = 1.5
LEAST_KNOWN = 0.1
"""The share of a robot pose's variance that the corners tell, at least; a fit hides the rest of its error."""
LEAST_CORNER_PX = 1e-3
GROSS_CORNER, GROSS_FRAME = 5.0, 7.0
"""In sigmas: beyond this a corner, or a frame's pose, is an error of another kind."""
LEAST_CORNERS, LEAST_SHARE = 6, 0.5
"""A view with fewer good corners, or a smaller share of them, is left out whole."""
ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """A finished adjustment."""

    unknowns: Unknowns
    weighing: Weighing
    normal: Normal


def spread(errors: Vector) -> float:
    """A standard deviation that gross errors hardly move."""
    return float(1.4826 * np.median(np.abs(errors))) if errors.size else 0.0


def settled(problem: Problem, start: Unknowns) -> Settled:
    """Robust first; then gross errors are left out and the rest is solved by plain least squares."""
    keep = np.ones(len(problem.pixels), bool)
    unknowns, noise = _robust(problem, start, keep)
    for _ in range(ROUNDS):
        before, keep = keep, keep & sound_corners(problem, unknowns, noise)
        weighing = Weighing(noise, keep)
        unknowns = minimised(problem, unknowns, weighing)
        after = _measured_noise(problem, unknowns, weighing)
        still = np.allclose(after.numbers(), noise.numbers(), rtol=0.02)
        noise = after
        if still and (before == keep).all():
            break
    weighing = Weighing(noise, keep)
    unknowns = minimised(problem, unknowns, weighing)
    return Settled(unknowns, weighing, normal_equations(problem, unknowns, weighing))


def resettled(problem: Problem, from_: Settled, keep: np.ndarray) -> Settled:
    """The same adjustment with fewer corners."""
    weighing = replace(from_.weighing, keep=keep)
    unknowns = minimised(problem, from_.unknowns, weighing)
    return Settled(unknowns, weighing, normal_equations(problem, unknowns, weighing))


def _robust(problem: Problem, unknowns: Unknowns, keep: np.ndarray) -> tuple[Unknowns, Noise]:
    noise = Noise(np.inf, *ROBOT_NOISE)
    for _ in range(2 * ROUNDS):
        corner = max(spread(residuals(problem, unknowns)), LEAST_CORNER_PX)
        off = frame_errors(problem, unknowns)
        turn, shift = _robot_noise(spread(off[:, :3]), spread(off[:, 3:]))
        still = abs(corner - noise.corner_px) < 0.03 * noise.corner_px
        noise = Noise(corner, turn, shift)
        if still:
            break
        unknowns = minimised(problem, unknowns, Weighing(noise, keep, robust=True), steps=12, enough=0.05)
    return unknowns, noise


def _robot_noise(turned: float, shifted: float) -> tuple[float, float]:
    """The usual noise, or what was seen where that is clearly more."""
    seen = turned, shifted
    turn, shift = (is_ if is_ > CLEARLY_MORE * usual else usual for is_, usual in zip(seen, ROBOT_NOISE, strict=True))
    return turn, shift


def _measured_noise(problem: Problem, unknowns: Unknowns, weighing: Weighing) -> Noise:
    """From the errors left, less what the unknowns took up."""
    keep = weighing.keep
    errors = residuals(problem, unknowns)[keep]
    normal = normal_equations(problem, unknowns, weighing)
    freedom = errors.size - normal.used_freedom()
    corner = float(np.sqrt((errors**2).sum() / max(freedom, 1.0)))
    frames = np.isin(np.arange(len(problem.frame_names)), problem.views[problem.view[keep], 2])
    known = 1 - normal.frame_variances(normal.covariance()) / weighing.noise.frame_sigmas() ** 2
    off, known = frame_errors(problem, unknowns)[frames], np.maximum(known[frames], LEAST_KNOWN)
    turned, shifted = (
        float(np.sqrt((off[:, part] ** 2).sum() / known[:, part].sum())) for part in (slice(0, 3), slice(3, 6))
    )
    return Noise(max(corner, LEAST_CORNER_PX), *_robot_noise(turned, shifted))


def sound_corners(problem: Problem, unknowns: Unknowns, noise: Noise) -> np.ndarray:
    """(n,) true where the corner, its view and its frame's robot pose all agree with the rest."""
    errors = np.linalg.norm(residuals(problem, unknowns), axis=1)
    good = errors < GROSS_CORNER * noise.corner_px
    count, all_ = (np.bincount(problem.view, part, len(problem.views)) for part in (good, np.ones(len(good))))
    off = np.linalg.norm(frame_errors(problem, unknowns) / noise.frame_sigmas(), axis=1)
    views = (count >= LEAST_CORNERS) & (count >= LEAST_SHARE * all_) & (off < GROSS_FRAME)[problem.views[:, 2]]
    return good & views[problem.view]
