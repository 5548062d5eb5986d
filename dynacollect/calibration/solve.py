"""From what cameras saw and where the robot was to one joint calibration of all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .initial import first_guess
from .lens import pinhole
from .model import CAMERA, POSE, Problem, residuals
from .quality import advice, held_out, lens_std, pose_std, rms
from .result import Calibration, Corners, PlacedBoard, Quality, SolvedCamera, ViewReport
from .settle import LEAST_CORNERS, Settled, settled
from .sightings import CalibrationData, Mounting, Sighting
from .workspace import workspace_error

LEAST_USED = 0.5
"""Of a camera's views: with fewer left, the pictures and the robot poses are not of one kind."""


def solve(data: CalibrationData, *, scale: bool = False, box: tuple[Vector, Vector] | None = None) -> Calibration:
    """The joint adjustment of lenses, places of cameras and boards, and the robot's pose errors.

    `scale` also finds the board's true size. `box` is the part of the workspace (low and high corner, base frame [m])
    that the predicted error is for; by default where the held board was.
    """
    _check_roles(data)
    problem, unused = _problem(data, scale)
    done = settled(problem, first_guess(problem, data.sizes))
    covariance = done.normal.covariance()
    errors = residuals(problem, done.unknowns)
    views = _views(problem, done, errors) + unused
    _check_used(problem, views)
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
        mounting: PlacedBoard(done.unknowns.boards[board], pose_std(covariance, start + POSE * board))
        for board, mounting in enumerate(problem.boards)
    }
    return Calibration(
        _cameras(problem, done, errors, covariance, data.sizes),
        boards,
        done.unknowns.scale,
        float(np.sqrt(covariance[-1, -1])) if scale else 0.0,
        {name: done.unknowns.frames[frame] for frame, name in enumerate(problem.frame_names)},
        views,
        Corners(problem.view, problem.ids, problem.pixels, errors, done.weighing.keep),
        quality,
        covariance,
    )


def _check_roles(data: CalibrationData) -> None:
    if not data.sightings:
        raise DynacollectError("No picture shows the board: take pictures with the board in view.")
    known = {(pose.mounting, pose.frame) for pose in data.poses}
    for camera in sorted({sighting.camera for sighting in data.sightings}):
        mine = [sighting for sighting in data.sightings if sighting.camera == camera]
        if len({sighting.mounting for sighting in mine}) > 1:
            raise DynacollectError(
                f"{camera} has pictures of both the held board and the board on the table: a fixed camera looks at the"
                " held one and a wrist camera at the one on the table; move the others away."
            )
        if not any((sighting.mounting, sighting.frame) in known for sighting in mine):
            raise DynacollectError(
                f"No robot pose belongs to any picture of {camera}: note the robot's pose under each picture's frame"
                " number."
            )
        if camera not in data.sizes:
            raise DynacollectError(f"The picture size of {camera} is missing: give its width and height.")


def _problem(data: CalibrationData, scale: bool) -> tuple[Problem, tuple[ViewReport, ...]]:
    """The solver's tables, and the views that cannot serve."""
    poses = {(pose.mounting, pose.frame): pose.T_base_flange for pose in data.poses}
    good, unused = list[Sighting](), list[ViewReport]()
    for sighting in sorted(data.sightings, key=lambda sighting: (sighting.camera, sighting.frame)):
        lacks = "it shows too few corners" if len(sighting.ids) < LEAST_CORNERS else None
        if (sighting.mounting, sighting.frame) not in poses:
            lacks = "no robot pose has its frame number"
        if lacks is None:
            good.append(sighting)
        else:
            unused.append(_report(sighting, 0, 0.0, lacks))
    if not good:
        raise DynacollectError("No picture has six corners of the board and a robot pose: take more pictures.")
    cameras = tuple(sorted({sighting.camera for sighting in data.sightings}))
    boards: tuple[Mounting, ...] = tuple(sorted({sighting.mounting for sighting in good}))
    frames: tuple[tuple[Mounting, int], ...] = tuple(sorted({(view.mounting, view.frame) for view in good}))
    views = [
        (cameras.index(view.camera), boards.index(view.mounting), frames.index((view.mounting, view.frame)))
        for view in good
    ]
    missing = sorted(set(cameras) - {view.camera for view in good})
    if missing:
        raise DynacollectError(f"{missing[0]} has no picture with six corners of the board: take more pictures.")
    problem = Problem(
        cameras,
        boards,
        np.asarray(data.points, float),
        RigidTransform.concatenate([poses[frame] for frame in frames]),
        frames,
        np.array(views),
        np.repeat(np.arange(len(good)), [len(view.ids) for view in good]),
        np.concatenate([view.ids for view in good]).astype(int),
        np.concatenate([view.pixels for view in good]).astype(float),
        scale,
    )
    return problem, tuple(unused)


def _report(sighting: Sighting, used: int, rms_px: float, rejected: str | None) -> ViewReport:
    return ViewReport(sighting.camera, sighting.mounting, sighting.frame, len(sighting.ids), used, rms_px, rejected)


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


def _check_used(problem: Problem, views: tuple[ViewReport, ...]) -> None:
    for camera in problem.cameras:
        mine = [view for view in views if view.camera == camera]
        used = sum(not view.rejected for view in mine)
        if used < LEAST_USED * len(mine):
            raise DynacollectError(
                f"Only {used} of {len(mine)} pictures of {camera} agree with each other and the robot: check its name,"
                " the frame numbers, and that camera and board were not moved."
            )


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
        )
    return out
