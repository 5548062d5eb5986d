"""Levenberg-Marquardt over all unknowns at once; the frames' poses are eliminated block by block (Schur complement)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..rig.nouns import Vector
from .model import LOCAL, POSE, Problem, Unknowns, frame_errors, linearised, residuals

ENOUGH = 1e-9
"""Stop once a step promises to lower the cost (in squared sigmas) by no more than this."""
ROBUST_CORNER, ROBUST_FRAME = 3.0, 5.0
"""Width of the Cauchy loss in sigmas: of a corner (two numbers), of a frame's pose error (six)."""
DAMPING_MOST = 1e12


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """What the errors are weighed by."""

    corner_px: float
    turn_rad: float
    shift_m: float

    def numbers(self) -> tuple[float, float, float]:
        """All three."""
        return self.corner_px, self.turn_rad, self.shift_m

    def frame_sigmas(self) -> Vector:
        """(6,): by axis of a frame's rotation and translation."""
        return np.repeat([self.turn_rad, self.shift_m], 3)


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """Which corners count, by which noise, and whether large errors count less."""

    noise: Noise
    keep: np.ndarray
    """(n,) true for corners that count."""
    robust: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """The normal equations of one linearisation, in three blocks."""

    parts: Vector
    """(f, g, g): the shared unknowns' information by frame."""
    frames: Vector
    """(f, 6, 6)."""
    mixed: Vector
    """(f, g, 6)."""
    slopes: Vector
    """(f, g)."""
    frames_slope: Vector
    priors: Vector = field(default_factory=lambda: np.zeros((0, 6)))
    """(f, 6): the part of the frames' blocks that the robot's own poses gave."""

    def reduced(self) -> Vector:
        """The information (f, g, g) that each frame has on the shared unknowns once it is free to move itself."""
        return self.parts - self.mixed @ np.linalg.inv(self.frames) @ np.swapaxes(self.mixed, 1, 2)

    def step(self, damping: float) -> tuple[Vector, Vector]:
        """The damped step of the shared unknowns and of the frames."""
        frames = self.frames * (1 + damping * np.eye(6))
        eliminated = self.mixed @ np.linalg.inv(frames)
        whole = self.parts.sum(axis=0)
        reduced = whole + damping * np.diag(np.diag(whole))
        reduced -= np.einsum("fgi,fhi->gh", eliminated, self.mixed, optimize=True)
        slope = self.slopes.sum(axis=0) - np.einsum("fgi,fi->g", eliminated, self.frames_slope)
        shared = -_solved(reduced, slope)
        rest = self.frames_slope + np.einsum("fgi,g->fi", self.mixed, shared)
        return shared, -np.linalg.solve(frames, rest[..., None])[..., 0]

    def covariance(self) -> Vector:
        """Of the shared unknowns, (g, g)."""
        reduced = self.reduced().sum(axis=0)
        size = np.sqrt(np.maximum(np.diag(reduced), 1e-30))
        return np.linalg.pinv(reduced / np.outer(size, size), rcond=1e-14, hermitian=True) / np.outer(size, size)

    def frame_variances(self, covariance: Vector) -> Vector:
        """Of the frames' pose errors, (f, 6), given the shared unknowns' covariance."""
        free = np.linalg.inv(self.frames)
        carried = free @ np.swapaxes(self.mixed, 1, 2)
        shared = np.einsum("fig,gh,fih->fi", carried, covariance, carried, optimize=True)
        return np.diagonal(free, axis1=1, axis2=2) + shared

    def used_freedom(self) -> float:
        """How many of the corners' numbers the unknowns took up."""
        free = np.linalg.inv(self.frames) * self.priors[:, None, :]
        return float(self.slopes.shape[1] + 6 * len(free) - np.trace(free, axis1=1, axis2=2).sum())


def _solved(matrix: Vector, right: Vector) -> Vector:
    """Solved in units that make the diagonal one; the least step where the matrix is singular."""
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-30))
    scaled = matrix / np.outer(size, size)
    try:
        return np.linalg.solve(scaled, right / size) / size
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(scaled, right / size, rcond=None)[0] / size


def cost(problem: Problem, unknowns: Unknowns, weighing: Weighing) -> float:
    """Half the weighed squared errors."""
    corners = _squares(residuals(problem, unknowns), weighing.noise.corner_px) * weighing.keep
    frames = _squares(frame_errors(problem, unknowns), weighing.noise.frame_sigmas())
    if not weighing.robust:
        return 0.5 * float(corners.sum() + frames.sum())
    parts = ((corners, ROBUST_CORNER**2), (frames, ROBUST_FRAME**2))
    return 0.5 * sum(float(width * np.log1p(part / width).sum()) for part, width in parts)


def _squares(errors: Vector, sigma: float | Vector) -> Vector:
    return ((errors / sigma) ** 2).sum(axis=1)


def normal_equations(problem: Problem, unknowns: Unknowns, weighing: Weighing) -> Normal:
    """Linearised at `unknowns`."""
    noise, sigmas = weighing.noise, weighing.noise.frame_sigmas()
    errors, slopes = linearised(problem, unknowns)
    off = frame_errors(problem, unknowns)
    weights, trust = weighing.keep.astype(float), np.ones(len(off))
    if weighing.robust:
        weights = weights / (1 + _squares(errors, noise.corner_px) / ROBUST_CORNER**2)
        trust = 1 / (1 + _squares(off, sigmas) / ROBUST_FRAME**2)
    root = np.sqrt(weights)[:, None] / noise.corner_px
    errors, slopes = errors * root, slopes * root[..., None]
    priors = trust[:, None] / sigmas**2
    count = len(off)
    parts, slope = np.zeros((count, problem.width, problem.width)), np.zeros((count, problem.width))
    frames, mixed = priors[:, :, None] * np.eye(6), np.zeros((count, problem.width, 6))
    frames_slope = priors * off
    here = problem.local
    bounds = np.searchsorted(problem.view, np.arange(len(problem.views) + 1))
    for view, (start, stop) in enumerate(pairwise(bounds)):
        part, error = slopes[start:stop].reshape(-1, LOCAL), errors[start:stop].ravel()
        square, push = part.T @ part, part.T @ error
        columns, frame = problem.columns(view), problem.views[view, 2]
        parts[frame][np.ix_(columns, columns)] += square[np.ix_(here, here)]
        slope[frame, columns] += push[here]
        frames[frame] += square[-POSE:, -POSE:]
        mixed[frame, columns] += square[here, -POSE:]
        frames_slope[frame] += push[-POSE:]
    return Normal(parts, frames, mixed, slope, frames_slope, priors)


def minimised(
    problem: Problem, unknowns: Unknowns, weighing: Weighing, steps: int = 60, enough: float = ENOUGH
) -> Unknowns:
    """The guess that makes the cost least, from a nearby one."""
    now, damping = cost(problem, unknowns, weighing), 1e-4
    for _ in range(steps):
        normal = normal_equations(problem, unknowns, weighing)
        better = None
        while better is None and damping < DAMPING_MOST:
            shared, frames = normal.step(damping)
            promised = -float(normal.slopes.sum(axis=0) @ shared + (normal.frames_slope * frames).sum())
            if promised < enough:
                return unknowns
            trial = unknowns.moved(problem, shared, frames)
            after = cost(problem, trial, weighing)
            if after < now:
                better, now, damping = trial, after, max(damping / 10, 1e-12)
            else:
                damping *= 8
        if better is None:
            return unknowns
        unknowns = better
    return unknowns
