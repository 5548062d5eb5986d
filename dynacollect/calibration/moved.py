"""Which thing may have moved between two frames, or whether the board has another size: a score test of each.

With every frame free to move itself, what frames say of the shared unknowns adds up. A camera or board that moved
before frame k pulls its pose one way in the frames before and another way after; how much better the data would be
explained by a pose of its own for the frames before follows from those sums alone, for every k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..rig.nouns import Vector
from .adjust import Noise, Weighing, normal_equations
from .model import CAMERA, POSE, Problem
from .problem import Story
from .settle import ROBOT_NOISE, Settled

LEAST_FRAMES = 4
"""On either side of a move; fewer are outliers."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A story that might explain the data better."""

    gain: float
    """The expected drop of the squared errors, in sigmas."""
    story: Story


def proposals(problem: Problem, done: Settled, story: Story) -> list[Proposal]:
    """The likeliest move of every camera and board, and the board's size; best first."""
    noise = Noise(done.weighing.noise.corner_px, *ROBOT_NOISE)
    free = replace(problem, free_scale=True)
    everything = Weighing(noise, np.ones(len(problem.pixels), bool), robust=True)
    normal = normal_equations(free, done.unknowns, everything)
    parts = normal.reduced()
    pushes = normal.slopes - np.einsum(
        "fgi,fij,fj->fg", normal.mixed, np.linalg.inv(normal.frames), normal.frames_slope
    )
    keep = np.arange(free.width) if story.scale else np.delete(np.arange(free.width), free.still_width)
    inverse = np.linalg.pinv(parts[:, keep[:, None], keep].sum(axis=0), rcond=1e-13, hermitian=True)
    found = list(_moves(problem, story, parts[:, :, keep], pushes, inverse, keep))
    if not story.scale:
        found.append(Proposal(_scale_gain(parts.sum(axis=0), pushes.sum(axis=0), free), replace(story, scale=True)))
    return sorted(found, key=lambda proposal: -proposal.gain)


def _scale_gain(information: Vector, push: Vector, free: Problem) -> float:
    covariance = np.linalg.pinv(information, rcond=1e-13, hermitian=True)
    column = free.still_width
    return float((covariance[column] @ push) ** 2 / max(covariance[column, column], 1e-30))


def _moves(
    problem: Problem, story: Story, parts: Vector, pushes: Vector, inverse: Vector, keep: np.ndarray
) -> Iterator[Proposal]:
    numbers = np.array([frame for _, frame in problem.frame_names])
    for camera, name in enumerate(problem.cameras):
        if name in story.bumps:
            continue
        frames = np.unique(problem.views[problem.views[:, 0] == camera, 2])
        columns = np.arange(CAMERA * camera + 9, CAMERA * (camera + 1))
        gain, row = _best(parts, pushes, inverse, keep, columns, frames)
        yield Proposal(gain, replace(story, bumps={**story.bumps, name: int(numbers[row])}))
    for board, mounting in enumerate(problem.boards):
        frames = np.unique(problem.views[problem.views[:, 1] == board, 2])
        start = CAMERA * len(problem.cameras) + POSE * board
        gain, row = _best(parts, pushes, inverse, keep, np.arange(start, start + POSE), frames)
        yield Proposal(gain, replace(story, slips=story.slips | {(mounting, int(numbers[row]))}))


def _best(
    parts: Vector, pushes: Vector, inverse: Vector, keep: np.ndarray, columns: np.ndarray, frames: np.ndarray
) -> tuple[float, int]:
    """The greatest gain over all moves of one pose, and the frame (row) before which it is."""
    total = inverse @ pushes[:, keep].sum(axis=0)
    best = 0.0, int(frames[0])
    own = np.searchsorted(keep, columns)
    rows, push = np.zeros((POSE, len(keep))), np.zeros(POSE)
    for place, frame in enumerate(frames):
        if LEAST_FRAMES <= place <= len(frames) - LEAST_FRAMES:
            block = rows[:, own] - rows @ inverse @ rows.T
            slope = push - rows @ total
            gain = float(slope @ np.linalg.pinv(block, rcond=1e-9, hermitian=True) @ slope)
            best = max(best, (gain, int(frame)))
        rows = rows + parts[frame][columns]
        push = push + pushes[frame][columns]
    return best
