"""Tells from new pictures whether a camera or the robot's base moved since the reference pictures, and by how much."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation
from scipy.stats import chi2

from ...rig.nouns import Vector
from .fit import Belief, fit
from .looks import Looks
from .motions import PLANAR, POSE
from .reference import LEVELS, Reference
from .result import BaseCheck, CameraCheck, Verification
from .sight import refuse_unfit, table_seen, trouble
from .start import rough_start

FALSE_ALARMS = 0.005
"""Of a whole check: shared out among its tests."""
FLOOR_FIXED = np.deg2rad([0.02] * 3).tolist() + [2e-4] * 3
FLOOR_WRIST = np.deg2rad([0.03] * 3).tolist() + [2e-4] * 3
FLOOR_BASE = [2.5e-4, 2.5e-4, float(np.deg2rad(0.03))]
"""What light, objects, and an arm that comes back not quite to the same place do [rad, m], one sigma."""
SHARE = 0.03
"""The depths of landmarks are guesses: a camera's motion is wrong by this share of itself."""
BASE_SHARE = 0.15
"""And the base's by this: the shadow of the base moves with it, and is taken for table."""
SEE_M, SEE_RAD = 2e-3, float(np.deg2rad(0.2))
"""A motion that a check must be able to see."""
SURE = 36.0
"""Chi-square that such a motion has to make to be seen nineteen times in twenty."""


def verify(reference: Reference, now: Looks) -> Verification:
    """Compare new pictures, taken with the arm in the reference's poses, with the reference pictures."""
    refuse_unfit(reference, now)
    names = tuple(reference.models)
    start = rough_start(reference, now)
    _, found = fit(reference, now, start, LEVELS[:1])
    troubles = {name: trouble(reference, now, name, found.motions) for name in names}
    while True:
        seeing = tuple(name for name in names if troubles[name] is None)
        _, found = fit(reference, now, start.of(seeing))
        later = {name: trouble(reference, now, name, found.motions) for name in seeing}
        if not any(later.values()):
            break
        troubles |= later
    threshold = 1.0 - FALSE_ALARMS / (len(names) + 1)
    covariance = found.covariance + _floor(reference, found)
    base = _base(reference, found, covariance, threshold, table_seen(reference, now, seeing, found.motions))
    steps, covariance = _steps(reference, found, covariance, with_base=base.moved is not False)
    cameras = {}
    for name in names:
        if name in seeing:
            own = slice(POSE * seeing.index(name), POSE * (seeing.index(name) + 1))
            cameras[name] = _camera(reference, name, found.landmarks[name], steps[own], covariance[own, own], threshold)
        else:
            cameras[name] = CameraCheck(name, None, f"{name}: cannot tell, for {troubles[name]}.", 0)
    return Verification(cameras, base)


def _floor(reference: Reference, found: Belief) -> Vector:
    wrist = [reference.models[name].on_wrist for name in found.names]
    sigma = np.concatenate([*(FLOOR_WRIST if one else FLOOR_FIXED for one in wrist), FLOOR_BASE])
    return np.diag(sigma**2)


def _base(reference: Reference, found: Belief, covariance: Vector, threshold: float, table: bool) -> BaseCheck:
    step, own = _step(reference, found)[-PLANAR:], covariance[-PLANAR:, -PLANAR:]
    shift, turn = 1e3 * float(np.linalg.norm(step[:2])), float(np.rad2deg(step[2]))
    if not found.names:
        return BaseCheck(None, "The robot's base: cannot tell, for no camera sees what it saw.")
    if not table or min(_seen(own, slice(0, 2), SEE_M), _seen(own, slice(2, 3), SEE_RAD)) < SURE:
        return BaseCheck(None, "The robot's base: cannot tell, for too little of the table is seen; clear it.")
    own = own + np.diag((BASE_SHARE * np.array([*[np.linalg.norm(step[:2])] * 2, abs(step[2])])) ** 2)
    if step @ np.linalg.solve(own, step) > chi2.ppf(threshold, PLANAR):
        sentence = f"The robot's base moved on the table by {shift:.1f} mm and turned {turn:+.2f} deg; calibrate again."
        return BaseCheck(True, sentence, step, own)
    return BaseCheck(False, "The robot's base stands where it stood.", step, own)


def _steps(reference: Reference, found: Belief, covariance: Vector, *, with_base: bool) -> tuple[Vector, Vector]:
    """The cameras' motions and their covariance; a base that did not move is not allowed to explain any of them."""
    step = _step(reference, found)
    own, cross, base = covariance[:-PLANAR, :-PLANAR], covariance[:-PLANAR, -PLANAR:], covariance[-PLANAR:, -PLANAR:]
    if with_base:
        return step[:-PLANAR], own
    gain = cross @ np.linalg.inv(base)
    return step[:-PLANAR] - gain @ step[-PLANAR:], own - gain @ cross.T


def _step(reference: Reference, found: Belief) -> Vector:
    return reference.still.of(found.names).step_to(found.motions)


def _camera(
    reference: Reference, name: str, count: int, step: Vector, covariance: Vector, threshold: float
) -> CameraCheck:
    turn, shift = float(np.linalg.norm(step[:3])), float(np.linalg.norm(step[3:]))
    covariance = covariance + np.diag((SHARE * np.array([turn] * 3 + [shift] * 3)) ** 2)
    moved = bool(step @ np.linalg.solve(covariance, step) > chi2.ppf(threshold, POSE))
    model = reference.models[name]
    old = model.T_parent_camera
    pose = RigidTransform.from_components(old.translation + step[3:], old.rotation * Rotation.from_rotvec(step[:3]))
    if not moved and min(_seen(covariance, slice(3, 6), SEE_M), _seen(covariance, slice(0, 3), SEE_RAD)) < SURE:
        sentence = f"{name}: cannot tell, for it sees too little that stands still; clear the table or add texture."
        return CameraCheck(name, None, sentence, count, pose, step, covariance)
    where = "on the hand" if model.on_wrist else "against the table and the robot"
    check = CameraCheck(name, moved, "", count, pose, step, covariance)
    sentence = f"{name} stands where it was calibrated."
    if moved:
        sentence = (
            f"{name} moved {where} by {check.shift_mm:.1f} mm (+- {check.shift_sigma_mm:.1f}) "
            f"and turned {check.turn_deg:.2f} deg (+- {check.turn_sigma_deg:.2f})."
        )
    return CameraCheck(name, moved, sentence, count, pose, step, covariance)


def _seen(covariance: Vector, part: slice, size: float) -> float:
    """The least chi-square that a motion of this size, in these numbers alone, makes."""
    return float(np.linalg.eigvalsh(np.linalg.inv(covariance)[part, part])[0]) * size**2
