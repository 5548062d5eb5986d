"""How good a solve came out: views left aside and predicted, and what to take more of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..rig.nouns import Vector
from .lens import LENS_NAMES
from .model import CAMERA, POSE, Problem, residuals
from .result import HeldOut, PoseStd
from .settle import Settled, resettled

ASIDE = 0.15
LEAST_VIEWS = 8
"""A camera with fewer good views keeps them all."""
WANTED_TURN, WANTED_SHIFT, WANTED_FOCAL, WANTED_CENTRE = np.deg2rad(0.2), 0.0015, 0.005, 5.0
"""One sigma at most: a pose's turn [rad] and shift [m], a focal length's share, the picture centre [px]."""


def pose_std(covariance: Vector, start: int) -> PoseStd:
    """Of the pose whose six unknowns begin at `start`."""
    sigma = np.sqrt(np.diag(covariance)[start : start + POSE])
    return PoseStd(np.rad2deg(sigma[:3]), 1e3 * sigma[3:])


def lens_std(covariance: Vector, camera: int) -> dict[str, float]:
    """By the lens numbers' names."""
    start = CAMERA * camera
    return dict(zip(LENS_NAMES, np.sqrt(np.diag(covariance)[start : start + 9]).tolist(), strict=True))


def rms(errors: Vector) -> float:
    """Of (n, 2) errors, per corner."""
    return float(np.sqrt((errors**2).sum(axis=1).mean())) if len(errors) else 0.0


def held_out(problem: Problem, done: Settled) -> dict[str, HeldOut]:
    """Whole frames are left aside, so no camera helps another with them."""
    good = np.bincount(problem.view, done.weighing.keep, len(problem.views)) > 0
    counts = np.bincount(problem.views[good, 0], minlength=len(problem.cameras))
    aside = np.zeros(len(problem.frame_names), bool)
    for board in range(len(problem.boards)):
        views = problem.views[good & (problem.views[:, 1] == board)]
        if counts[views[:, 0]].min(initial=LEAST_VIEWS) >= LEAST_VIEWS:
            frames = np.unique(views[:, 2])
            aside[np.random.default_rng(0).permutation(frames)[: max(1, round(ASIDE * len(frames)))]] = True
    left = aside[problem.views[problem.view, 2]]
    again = resettled(problem, done, done.weighing.keep & ~left)
    unknowns = replace(again.unknowns, frames=problem.measured)
    errors, out = residuals(problem, unknowns), dict[str, HeldOut]()
    for camera, name in enumerate(problem.cameras):
        mine = left & done.weighing.keep & (problem.views[problem.view, 0] == camera)
        if mine.any():
            metres = errors[mine] * _depths(problem, done, mine)[:, None] / unknowns.lenses[camera, :2]
            out[name] = HeldOut(len(np.unique(problem.view[mine])), rms(errors[mine]), 1e3 * rms(metres))
    return out


def _depths(problem: Problem, done: Settled, corners: np.ndarray) -> Vector:
    """How far before its camera each corner's board is [m]."""
    camera, board, frame = problem.views[problem.view[corners]].T
    held = np.array([mounting == "held" for mounting in problem.boards])[board]
    u = done.unknowns
    middle = u.boards[board].apply(np.broadcast_to(problem.points.mean(axis=0), (len(board), 3)))
    past = np.where(held[:, None], u.frames[frame].apply(middle), u.frames[frame].inv().apply(middle))
    return u.cameras[camera].inv().apply(past)[:, 2]


def advice(problem: Problem, done: Settled, covariance: Vector) -> tuple[str, ...]:
    """One sentence per camera or board that is not sure enough, named by the direction that is least sure."""
    worst: list[tuple[float, str]] = []
    for camera, name in enumerate(problem.cameras):
        wanted = np.concatenate([_lens_wanted(done.unknowns.lenses[camera]), _pose_wanted()])
        held = problem.boards[problem.views[problem.views[:, 0] == camera][0, 1]] == "held"
        size, direction = _weakest(covariance, CAMERA * camera, wanted)
        worst.append((size, f"{name} {_camera_words(direction, held)}"))
    for board, mounting in enumerate(problem.boards):
        size, direction = _weakest(covariance, CAMERA * len(problem.cameras) + POSE * board, _pose_wanted())
        what = "turned" if (direction[:3] ** 2).sum() > 0.5 else "placed"
        words = "turn the gripper about another axis" if what == "turned" else "turn the gripper by larger angles"
        worst.append((size, f"The {mounting} board is not sure how it is {what}: {words}"))
    return tuple(
        f"{text} (one sigma is {size:.1f} times what is wanted)." for size, text in sorted(worst)[::-1] if size > 1
    )


def _pose_wanted() -> Vector:
    return np.repeat([WANTED_TURN, WANTED_SHIFT], 3)


def _lens_wanted(lens: Vector) -> Vector:
    focal = WANTED_FOCAL * lens[:2]
    return np.array([*focal, WANTED_CENTRE, WANTED_CENTRE, *[np.inf] * 5])


def _weakest(covariance: Vector, start: int, wanted: Vector) -> tuple[float, Vector]:
    """The greatest sigma in wanted units, and its direction."""
    block = covariance[start : start + len(wanted), start : start + len(wanted)] / np.outer(wanted, wanted)
    values, vectors = np.linalg.eigh(block)
    return float(np.sqrt(values[-1])), vectors[:, -1]


def _camera_words(direction: Vector, held: bool) -> str:
    parts = {
        "focal": float((direction[:2] ** 2).sum()),
        "centre": float((direction[2:4] ** 2).sum()),
        "turn": float((direction[9:12] ** 2).sum()),
        "shift": float((direction[12:15] ** 2).sum()),
    }
    most = max(parts, key=lambda part: parts[part])
    tilt = "tilt the held board" if held else "tilt the camera against the board"
    return {
        "focal": f"is not sure of its focal length: {tilt} by 30 deg or more, near and far",
        "centre": f"is not sure of its picture's centre: {tilt} both ways and turn it in the picture",
        "turn": "is not sure how it is turned: take more views, out to the picture's edges",
        "shift": f"is not sure how far away it is: {tilt}, near and far, and turn the gripper about another axis",
    }[most]
