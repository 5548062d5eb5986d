"""One tracked object at one take, held against the truth."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass

import numpy as np

from ...rig.nouns import ObjectState
from ..sequences.sequence import Sequence, Take
from ..sequences.trajectory import Trajectory
from ..tracked import HEALTHY, Tracked
from .identity import is_mixed_up, matched
from .motion import Event, TrueMotion, true_motion
from .pose_errors import ShapeErrors, rotation_error, shape_errors

VISIBLE = 0.1
"""An object of which a picture shows at least this share is visible in it, as BOP counts."""
AHEAD_S = 0.23
"""How far predictions look ahead."""
MOVING = 0.1
"""m/s, from which on a direction of travel is judged."""
CALM_S = (0.12, 0.0)
"""Motion is steady when nothing happened for so long, and nothing is happening."""
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Sample:
    """Errors are NaN where there is nothing to compare."""

    object: str
    """True name."""
    time: float
    health: float
    """0 without a state."""
    views: int
    """In how many pictures the object is visible."""
    steady: bool
    mixed_up: bool = False
    position_mm: float = NAN
    rotation_deg: float = NAN
    velocity_mm_s: float = NAN
    direction_deg: float = NAN
    predict_mm: float = NAN
    predicts_steady: bool = False
    """Nothing sudden happens until the time that is predicted."""
    mssd_mm: float = NAN
    mspd_px: float = NAN
    add_s_mm: float = NAN

    @property
    def healthy(self) -> bool:
        return self.health >= HEALTHY


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What is true of one object, ready to be asked."""

    truth: Trajectory
    motion: TrueMotion
    shape: ShapeErrors

    @property
    def events(self) -> tuple[Event, ...]:
        return self.motion.events


def references(sequence: Sequence) -> dict[str, Reference]:
    """By true object."""
    return {
        name: Reference(truth, true_motion(truth), shape_errors(sequence.objects[name].shape))
        for name, truth in sequence.truth.items()
    }


def samples_of(sequence: Sequence, tracked: Several[Tracked], refs: dict[str, Reference]) -> list[Sample]:
    """Every object at every take."""
    names = matched(sequence, tracked)
    found = []
    for name, true in names.items():
        for take, said in zip(sequence.takes, tracked, strict=True):
            if refs[true].truth.knows(take.time):
                mixed = is_mixed_up(sequence, said, name, true)
                found.append(_sample(take, said.states.get(name), true, refs[true], mixed))
    return found


def _sample(take: Take, state: ObjectState | None, true: str, ref: Reference, mixed: bool) -> Sample:
    views = _views(take, ref.truth)
    steady = ref.motion.is_steady(take.time, *CALM_S)
    if state is None or not ref.truth.knows(state.valid_at):
        return Sample(true, take.time, 0.0, views, steady)
    time, pose = state.valid_at, ref.truth.at(state.valid_at)
    off, velocity = state.position - pose.translation, ref.motion.velocity(time)
    turned = rotation_error(ref.shape.symmetry, state.T_base_object.rotation, pose.rotation)
    later = time + AHEAD_S
    predicted = NAN
    if ref.truth.knows(later):
        predicted = 1e3 * float(np.linalg.norm(state.at(later).position - ref.truth.at(later).translation))
    return Sample(
        object=true,
        time=take.time,
        health=state.health,
        views=views,
        steady=steady,
        mixed_up=mixed,
        position_mm=1e3 * float(np.linalg.norm(off)),
        rotation_deg=float(np.rad2deg(turned)),
        velocity_mm_s=1e3 * float(np.linalg.norm(state.velocity - velocity)),
        direction_deg=_direction(state.velocity, velocity),
        predict_mm=predicted,
        predicts_steady=ref.motion.is_steady(time, CALM_S[0], AHEAD_S),
        mssd_mm=1e3 * ref.shape.mssd(state.T_base_object, pose),
        mspd_px=ref.shape.mspd(state.T_base_object, pose, take.cameras.values()),
        add_s_mm=1e3 * ref.shape.add_s(state.T_base_object, pose),
    )


def _direction(estimate: np.ndarray, truth: np.ndarray) -> float:
    if np.linalg.norm(truth) < MOVING:
        return NAN
    return float(np.rad2deg(np.arctan2(np.linalg.norm(np.cross(estimate, truth)), estimate @ truth)))


def _views(take: Take, truth: Trajectory) -> int:
    """Where nobody tells what is visible, an object is while its centre is in the picture."""
    shares, count = truth.shares(take.time), 0
    for name, camera in take.cameras.items():
        if name in shares:
            count += shares[name] >= VISIBLE
        else:
            (u, v) = camera.project(np.asarray(truth.at(take.time).translation)[None])[0]
            count += bool(0 <= u < camera.width and 0 <= v < camera.height)
    return count
