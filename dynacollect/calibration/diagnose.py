"""The first guess, or where it does not fit, what is wrong: the mistakes that people make are tried one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.arms.kinematics import many_links
from ..rig.errors import DynacollectError
from .handeye import stretch
from .initial import first_guess, lens_and_motions, misfit
from .joint_order import LEAST_POSES, known_arms, order_of, words
from .model import Problem, Unknowns
from .problem import Story, tables
from .sightings import CalibrationData

SUSPECT_PX, UNRELATED_PX = 6.0, 40.0
"""First guesses at good data are off by 1 px, at unrelated pictures and poses by more than the second."""
BETTER, GOOD_PX = 0.4, 5.0
"""A mistake is believed if data without it fit so much better, and so well."""


def guessed(data: CalibrationData, problem: Problem) -> Unknowns:
    """A first guess at everything; where it does not fit, the error says what would."""
    guess = first_guess(problem, data.sizes)
    off, camera = misfit(problem, guess)
    if off < SUSPECT_PX:
        return guess
    for changed, remedy in _mistakes(data, problem):
        if _misfit(changed) < min(BETTER * off, GOOD_PX):
            raise DynacollectError(f"The pictures do not fit the robot's poses, but would if {remedy}.")
    if off > UNRELATED_PX:
        raise DynacollectError(
            f"The pictures of {camera} do not fit the robot poses (most of its corners are off by more than"
            f" {off:.0f} px): check that frame numbers, metres and the camera's name are right."
        )
    return guess


def _misfit(data: CalibrationData) -> float:
    try:
        problem, _ = tables(data, Story())
        return misfit(problem, first_guess(problem, data.sizes))[0]
    except DynacollectError:
        return inf


def _mistakes(data: CalibrationData, problem: Problem) -> Iterator[tuple[CalibrationData, str]]:
    sizes = [stretch(motions, lens.seen) for lens, motions in lens_and_motions(problem, data.sizes)]
    size = float(np.median(sizes))
    if size > 0:
        words = f"the board were {size:.3g} times as large: measure a square and correct board.json"
        yield replace(data, points=np.asarray(data.points) * size), words
    inverse = tuple(replace(pose, T_base_flange=pose.T_base_flange.inv()) for pose in data.poses)
    yield replace(data, poses=inverse), "T_base_flange were inverted: it takes the flange's coordinates to the base's"
    turned = tuple(replace(pose, T_base_flange=_transposed(pose.T_base_flange)) for pose in data.poses)
    yield (
        replace(data, poses=turned),
        "the rotations were transposed: columns of T_base_flange are the flange's axes",
    )
    yield from _joint_orders(data, problem)
    for step, which in ((1, "one before it"), (-1, "one after it"), (2, "two before it"), (-2, "two after it")):
        poses = tuple(replace(pose, frame=pose.frame + step) for pose in data.poses)
        yield replace(data, poses=poses), f"each had the pose of the frame {which}: number them alike"


def _joint_orders(data: CalibrationData, problem: Problem) -> Iterator[tuple[CalibrationData, str]]:
    """Poses worked out anew from joints, in the order that fits how far the board was seen to turn."""
    noted = {(pose.mounting, pose.frame): pose.joints for pose in data.poses if pose.joints is not None}
    lens, _ = lens_and_motions(problem, data.sizes)[0]
    frames = [problem.frame_names[row] for row in problem.views[problem.views[:, 0] == 0, 2][lens.usable]]
    rows = [row for row, frame in enumerate(frames) if frame in noted]
    if len(noted) < len(data.poses) or len(rows) < LEAST_POSES:
        return
    joints = np.array([noted[frames[row]] for row in rows])
    for arm in known_arms(joints.shape[1]):
        if order := order_of(arm, joints, lens.seen.rotation[rows]):
            flanges = many_links(arm, np.array([noted[pose.mounting, pose.frame] for pose in data.poses])[:, order])
            places = RigidTransform.from_matrix(flanges[:, -1]) * arm.T_last_flange
            poses = tuple(replace(pose, T_base_flange=place) for pose, place in zip(data.poses, places, strict=True))
            remedy = f"the {arm.name}'s joints were taken in the order {words(order)}: work out T_base_flange anew"
            yield replace(data, poses=poses), remedy


def _transposed(pose: RigidTransform) -> RigidTransform:
    return RigidTransform.from_components(pose.translation, pose.rotation.inv())
