"""The first guess at everything: each camera's lens alone, then cameras and boards against the robot's poses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .handeye import board_guesses, middle, turning
from .lens_guess import LensGuess, View, guessed_lens
from .model import Problem, Unknowns, residuals

PICTURE_NOISE_PX = 4.0
"""Width of the loss that ranks first guesses: rough lenses and noisy robots stay under it."""
LEAST_TURN = np.deg2rad(3.0)
"""RMS turn between poses about a second axis, at least."""
FITTING = 25
"""Percent of a camera's corners that the rest may be unlike."""
SAME_CLOCK_S = 1.0


def first_guess(problem: Problem, sizes: Mapping[str, tuple[int, int]]) -> Unknowns:
    """The best of several closed-form guesses by their pixels."""
    lenses, all_motions = zip(*lens_and_motions(problem, sizes), strict=True)
    cameras: list[RigidTransform] = [RigidTransform.identity() for _ in problem.cameras]
    boards: list[RigidTransform] = []
    for board, mounting in enumerate(problem.boards):
        here = [camera for camera in range(len(problem.cameras)) if _board_of(problem, camera) == board]
        motions = {camera: all_motions[camera] for camera in here}
        _check_turning(mounting, RigidTransform.concatenate(list(motions.values())))
        best, places = np.inf, dict[int, RigidTransform]()
        boards.append(RigidTransform.identity())
        for camera in here:
            for guess in board_guesses(motions[camera], lenses[camera].seen):
                trial = {of: middle(motions[of] * guess * lenses[of].seen.inv()) for of in here}
                score = sum(_score(motions[of], guess, trial[of], lenses[of]) for of in here)
                if score < best:
                    best, places, boards[board] = score, trial, guess
        for camera, place in places.items():
            cameras[camera] = place
    return Unknowns(
        np.array([guess.lens for guess in lenses]),
        RigidTransform.concatenate(cameras),
        RigidTransform.concatenate(boards),
        problem.measured,
        clocks=same_clocks(problem),
    )


def lens_and_motions(problem: Problem, sizes: Mapping[str, tuple[int, int]]) -> list[tuple[LensGuess, RigidTransform]]:
    """By camera: its lens alone, and from the board's parent to the camera's in its usable views."""
    lenses = [_lens(problem, camera, sizes[name]) for camera, name in enumerate(problem.cameras)]
    return [(lens, _motions(problem, camera, lens)) for camera, lens in enumerate(lenses)]


def same_clocks(problem: Problem) -> Vector:
    """Zero, or what brings pictures and poses together where their clocks have nothing in common."""
    if problem.way is None:
        return np.zeros(0)
    off: dict[int, list[float]] = {camera: [0.0] for camera in range(len(problem.cameras))}
    for views, told, taken, _ in problem.way.runs:
        for view, late in zip(views, told - taken, strict=True):
            off[int(problem.views[view, 0])].append(float(late))
    middles = np.array([np.median(values[1:] or values) for values in off.values()])
    return np.where(np.abs(middles) > SAME_CLOCK_S, middles, 0.0)


def _board_of(problem: Problem, camera: int) -> int:
    return int(problem.views[problem.views[:, 0] == camera][0, 1])


def _lens(problem: Problem, camera: int, size: tuple[int, int]) -> LensGuess:
    views = [
        View(problem.points[problem.ids[corners]], problem.pixels[corners])
        for view in np.flatnonzero(problem.views[:, 0] == camera)
        for corners in [problem.view == view]
    ]
    return guessed_lens(problem.cameras[camera], views, size)


def _motions(problem: Problem, camera: int, guess: LensGuess) -> RigidTransform:
    """Of the usable views: from the board's parent to the camera's."""
    mine = problem.views[problem.views[:, 0] == camera][guess.usable]
    poses = problem.measured[mine[:, 2]]
    return poses if problem.boards[mine[0, 1]] == "held" else poses.inv()


def _score(motions: RigidTransform, board: RigidTransform, camera: RigidTransform, lens: LensGuess) -> float:
    """How badly the views agree, in units of the loss: turns and shifts of the board as pixels, at its distance."""
    off = (camera.inv() * motions * board) * lens.seen.inv()
    turned = off.rotation.magnitude()
    depth = np.maximum(lens.seen.translation[:, 2], 0.05)
    moved = off.apply(lens.seen.translation) - lens.seen.translation
    pixels = lens.lens[0] * (np.linalg.norm(moved, axis=-1) / depth + 0.1 * turned)
    return float(np.log1p((pixels / PICTURE_NOISE_PX) ** 2).sum())


def _check_turning(mounting: str, motions: RigidTransform) -> None:
    board, still = ("held", "the cameras") if mounting == "held" else ("table", "the board")
    most, second, _ = np.rad2deg(turning(motions))
    if second < np.rad2deg(LEAST_TURN):
        how = "hardly turned" if most < np.rad2deg(LEAST_TURN) else "was turned about one axis only"
        raise DynacollectError(
            f"The gripper {how} in the {board} pictures ({most:.1f} deg RMS about one axis, {second:.1f} about the"
            f" next), so the places of {still} cannot be told: take more with the gripper tilted by 20 deg or more"
            " about two other axes."
        )


def misfit(problem: Problem, unknowns: Unknowns) -> tuple[float, str]:
    """How far off the better corners of the worst camera are [px], and its name."""
    errors = np.linalg.norm(residuals(problem, unknowns), axis=1)
    owner = problem.views[problem.view, 0]
    return max((float(np.percentile(errors[owner == row], FITTING)), name) for row, name in enumerate(problem.cameras))
