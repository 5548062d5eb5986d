"""The pose of an object from all corners of all its tags in all views at once, and what is uncertain of it.

One flat tag in one view can often be tilted two ways that look nearly alike. All views together usually tell; where
they do not, the covariance spans both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.nouns import PoseEstimate, Vector
from ...rig.pose import pose_of
from .adjust import Corners, Fit, Problem
from .description import TURN

LENS_PX = 0.1
"""What calibration and print leave unexplained of a corner."""
SAME_RAD = 0.1
"""Poses turned less than this from each other are one."""
HOPELESS = 1000.0
"""By how much worse a start may suit the tags for its minimum to be looked at."""
ROUGH_PX = 2.0
"""Corners that are off so much make a pose doubtful."""

Start = tuple[Vector, Rotation]


@dataclass(frozen=True, slots=True, eq=False)
class TagPose:
    """What tags say of an object."""

    estimate: PoseEstimate
    fresh: Vector
    """(6, 6): the part of the covariance that is another one in the next picture."""
    lasting: Vector
    """(6, 6): the part that is there again; which way it is tilted is part of both."""
    rival: float
    """Probability that it is tilted the other way."""
    off_px: float
    """Root mean square of how far corners are off."""
    used: int
    """Tags that agree, counted in each view."""


def pose_of_tags(
    name: str,
    seen: Sequence[Corners],
    time: float,
    *,
    velocity: Vector | None = None,
    spin: Vector | None = None,
    unsure: Vector | None = None,
    lens_px: float = LENS_PX,
) -> TagPose | None:
    """The object's pose at a time, from its tags; `None` where there is none to see.

    What was seen earlier or later, of an object of known `velocity` and `spin` (3,), is brought to that time; `unsure`
    (6, 6) is the covariance of the two.
    """
    still = np.zeros(3)
    starts = [start for one in seen for start in _starts(one)]
    if not starts:
        return None
    problem = Problem(seen, still if velocity is None else velocity, still if spin is None else spin, lens_px)
    best, rival = _two_best(problem, starts)
    chance, tilt = _torn(problem, best, rival)
    swept = max(one.lag**2 for one in seen) * (np.zeros((6, 6)) if unsure is None else unsure)
    rough = 1.0 / (1.0 + (best.off_px / ROUGH_PX) ** 4)
    health = (1.0 - chance) * rough * best.used / len(seen)
    pose = pose_of(best.place, best.turn.as_matrix())
    return TagPose(
        PoseEstimate(name, pose, best.covariance + tilt + swept, time, health),
        best.covariance - best.lasting + tilt + swept,
        best.lasting + tilt,
        chance,
        best.off_px,
        best.used,
    )


def _starts(one: Corners) -> list[Start]:
    """Both ways in which a square can be tilted to look as this one does; none where it cannot be a square."""
    points, pixels = one.tag.size_m * TURN, one.sighting.corners
    _, turns, shifts, _ = cv2.solvePnPGeneric(points, pixels, one.camera.K, None, flags=cv2.SOLVEPNP_IPPE_SQUARE)
    starts = []
    for turn, shift in zip(turns, shifts, strict=True):
        place = np.ravel(shift)
        if np.isfinite(turn).all() and place[2] > 0:
            local = RigidTransform.from_components(place, Rotation.from_rotvec(np.ravel(turn)))
            pose = one.camera.T_base_camera() * one.tag.carrying(local)
            starts.append((np.asarray(pose.translation), pose.rotation))
    return starts


def _two_best(problem: Problem, starts: list[Start]) -> tuple[Fit, Fit]:
    """The best pose, and the best that is tilted another way; the same again where there is none worth a look."""
    first, *others = sorted(starts, key=lambda start: problem.cost(*start))
    best = problem.refine(*first)
    bound = problem.cost(best.place, best.turn) + HOPELESS
    others = [start for start in others if (start[1] * best.turn.inv()).magnitude() > SAME_RAD]
    rival = problem.refine(*others[0]) if others and problem.cost(*others[0]) < bound else best
    if problem.cost(rival.place, rival.turn) < problem.cost(best.place, best.turn):
        best, rival = rival, best
    return best, rival


def _torn(problem: Problem, best: Fit, rival: Fit) -> tuple[float, Vector]:
    """How probable the rival is, and what that adds to the covariance of the best."""
    apart = np.concatenate([rival.place - best.place, (rival.turn * best.turn.inv()).as_rotvec()])
    if np.linalg.norm(apart[3:]) < SAME_RAD:
        return 0.0, np.zeros((6, 6))
    costs = [problem.cost(fit.place, fit.turn, best.scale) for fit in (best, rival)]
    chance = float(np.exp(-0.5 * (costs[1] - costs[0])))
    chance /= 1.0 + chance
    return chance, chance * (rival.covariance + np.outer(apart, apart) - best.covariance)
