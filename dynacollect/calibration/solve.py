"""From what cameras saw and where the robot was to one joint calibration of all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .diagnose import guessed
from .explain import Explained, explained
from .joint_order import misnoted
from .lens import pinhole
from .model import CAMERA, POSE, Problem, residuals
from .problem import Story, check_roles, tables
from .quality import advice, held_out, lens_std, pose_std, rms
from .result import Calibration, ClockOffset, Corners, PlacedBoard, Quality, SolvedCamera, ViewReport
from .settle import Settled, settled
from .sightings import CalibrationData, Mounting
from .workspace import workspace_error

LEAST_USED = 0.5
"""Of a camera's views: with fewer left, the pictures and the robot poses are not of one kind."""
FARTHEST_M, WORST_PX = 10.0, 3.0
"""A camera farther away, or corners that fit worse, mean that the data are not what they are said to be."""


def solve(data: CalibrationData, *, scale: bool = False, box: tuple[Vector, Vector] | None = None) -> Calibration:
    """The joint adjustment of lenses, places of cameras and boards, and the robot's pose errors.

    `scale` also finds the board's true size. `box` is the part of the workspace (low and high corner, base frame [m])
    that the predicted error is for; by default where the held board was.
    """
    check_roles(data)
    asked = Story(scale=scale)
    problem, unused = tables(data, asked)
    found = explained(data, Explained(asked, problem, settled(problem, guessed(data, problem)), unused))
    problem, done = found.problem, found.done
    covariance = done.normal.covariance()
    errors = residuals(problem, done.unknowns)
    views = _views(problem, done, errors)
    _check_trust(problem, done, views)
    views += found.unused
    noise = done.weighing.noise
    sizes = np.array([data.sizes[name] for name in problem.cameras], float)
    quality = Quality(
        noise.corner_px,
        float(np.rad2deg(noise.turn_rad)),
        1e3 * noise.shift_m,
        held_out(problem, done),
        workspace_error(problem, done.unknowns, covariance, sizes, box),
        advice(problem, done, covariance),
    )
    start = CAMERA * len(problem.cameras)
    boards: dict[Mounting, PlacedBoard] = {
        mounting: PlacedBoard(
            done.unknowns.boards[board], pose_std(covariance, start + POSE * board), start + POSE * board
        )
        for board, mounting in enumerate(problem.boards)
    }
    return Calibration(
        _cameras(problem, done, errors, covariance, data.sizes),
        boards,
        done.unknowns.scale,
        float(np.sqrt(covariance[problem.still_width, problem.still_width])) if problem.free_scale else 0.0,
        {name: done.unknowns.frames[frame] for frame, name in enumerate(problem.frame_names)},
        views,
        Corners(problem.view, problem.ids, problem.pixels, errors, done.weighing.keep),
        quality,
        covariance,
        found.findings + _noticed(data, views),
    )


def _views(problem: Problem, done: Settled, errors: Vector) -> tuple[ViewReport, ...]:
    out = []
    for view, (camera, _, frame) in enumerate(problem.views):
        mine = problem.view == view
        used = mine & done.weighing.keep
        why = None if used.any() else "its corners do not fit the other views and the robot's pose"
        error = rms(errors[used if used.any() else mine])
        mounting, number = problem.frame_names[frame]
        counts = int(mine.sum()), int(used.sum())
        out.append(ViewReport(problem.cameras[camera], mounting, number, *counts, error, why))
    return tuple(out)


def _check_trust(problem: Problem, done: Settled, views: tuple[ViewReport, ...]) -> None:
    for row, camera in enumerate(problem.cameras):
        mine = [view for view in views if view.camera == camera]
        used = sum(not view.rejected for view in mine)
        if used < LEAST_USED * len(mine):
            raise DynacollectError(
                f"Only {used} of {len(mine)} pictures of {camera} agree with each other and the robot: check its name,"
                " the frame numbers, and that camera and board were not moved."
            )
        away = float(np.linalg.norm(done.unknowns.cameras[row].translation))
        if away > FARTHEST_M or done.weighing.noise.corner_px > WORST_PX:
            raise DynacollectError(
                f"The pictures of {camera} do not fit the robot poses (corners are off by"
                f" {done.weighing.noise.corner_px:.1f} px with it {away:.1f} m away): check the board's size, frame"
                " numbers and metres."
            )


def _noticed(data: CalibrationData, views: tuple[ViewReport, ...]) -> tuple[str, ...]:
    """What is wrong with the data and did no harm."""
    out = []
    for camera in sorted({view.camera for view in views}):
        count = sum(view.camera == camera and "same picture" in (view.rejected or "") for view in views)
        if count:
            out.append(f"{camera} handed out the same picture again {count} times: it froze, or files were copied.")
    order = misnoted(data.poses)
    return (*out, *([order] if order else []))


def _cameras(
    problem: Problem, done: Settled, errors: Vector, covariance: Vector, sizes: Mapping[str, tuple[int, int]]
) -> dict[str, SolvedCamera]:
    out = {}
    for camera, name in enumerate(problem.cameras):
        mine = (problem.views[problem.view, 0] == camera) & done.weighing.keep
        lens = done.unknowns.lenses[camera]
        held = problem.boards[problem.views[problem.views[:, 0] == camera][0, 1]] == "held"
        out[name] = SolvedCamera(
            name,
            "fixed" if held else "wrist",
            sizes[name],
            pinhole(lens),
            lens[4:].copy(),
            done.unknowns.cameras[camera],
            lens_std(covariance, camera),
            pose_std(covariance, CAMERA * camera + 9),
            rms(errors[mine]),
            _clock(problem, done, covariance, camera),
        )
    return out


def _clock(problem: Problem, done: Settled, covariance: Vector, camera: int) -> ClockOffset | None:
    """Nothing where the arm stood while this camera looked."""
    row = problem.width - len(problem.cameras) + camera
    if problem.way is None or covariance[row, row] <= 0:
        return None
    return ClockOffset(float(done.unknowns.clocks[camera]), float(np.sqrt(covariance[row, row])))
