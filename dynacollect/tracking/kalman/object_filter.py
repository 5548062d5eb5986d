"""What one object does, from measurements of its pose that may be late, out of order, wrong or missing."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...rig.nouns import ObjectState, PoseEstimate, Vector
from ...rig.objects import Symmetry
from ...rig.pose import pose_of
from .alike import NOTHING, Alike
from .belief import Verdict
from .place import Course, Fit, Place
from .spin_math import matrix_of, turn_of
from .turning import Rolled, Turning

LATE_S, KEPT_S = 0.5, 1.0
"""How late a measurement may come, and for how long the past is kept."""
SURE = 3
"""As many sound measurements confirm an object."""
LEAST_NOISE = np.diag(np.repeat([1e-5, 1e-4], 3) ** 2)
"""No measurement of place (m) and turn (rad) is more exact."""

Kind = Literal["taken", "gated", "reset", "late"]
"""What became of a measurement: used; taken for one of something else; the object is anew where it says; too late."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a filter made of a measurement."""

    kind: Kind
    distance: float
    """From what was foreseen, in sigmas of the position; NaN if nothing was, or the measurement cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A pose estimate as numbers."""

    time: float
    position: Vector
    turn: Vector
    noise: Vector
    key: tuple[float, ...]
    """Measurements of the same time are taken in an order of their own, whichever came first."""

    @classmethod
    def of(cls, estimate: PoseEstimate) -> Measured:
        pose, time = estimate.T_base_object.as_matrix(), float(estimate.captured_at)
        position, turn = pose[:3, 3], turn_of(pose[:3, :3])
        key = (time, *position.tolist(), *turn.tolist(), float(np.trace(estimate.covariance)))
        return cls(time, position, turn, estimate.covariance + LEAST_NOISE, key)


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """What is believed at one time."""

    time: float
    place: Place
    course: Course
    turning: Turning
    sound: int
    """How many measurements were of the object since it was found."""
    seen_at: float
    anew: bool
    """It has just been found, or found anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _Filed:
    """A measurement, and what was believed after it."""

    measured: Measured
    moment: _Moment
    update: Update


class ObjectFilter:
    """The motion of one object. `rolling_radius` (m) if it can roll; `table_z` (m) if it moves on a level table."""

    def __init__(
        self, name: str, symmetry: Symmetry, rolling_radius: float | None = None, table_z: float | None = 0.0
    ) -> None:
        self.name = name
        self._alike, self._radius, self._table = Alike.of(symmetry), rolling_radius, table_z
        self._filed: list[_Filed] = []
        self._complete = True
        """Whether nothing of the beginning has been forgotten."""

    def measure(self, estimate: PoseEstimate) -> Update:
        """Take in a measurement; one that comes late is filed where it belongs, and what followed it done again."""
        measured = Measured.of(estimate)
        if not (np.isfinite(measured.key).all() and np.isfinite(measured.noise).all()):
            return Update("gated", float("nan"))
        place = bisect(self._filed, measured.key, key=lambda filed: filed.measured.key)
        if self._is_too_late(measured.time, place):
            return Update("late", float("nan"))
        later = [measured, *(filed.measured for filed in self._filed[place:])]
        del self._filed[place:]
        for one in later:
            self._filed.append(self._taken(one))
        update = self._filed[place].update
        self._forget()
        return update

    def turned(self, estimate: PoseEstimate) -> None:
        """It was turned otherwise than was thought: its turning begins anew as measured, its way stays."""
        if not self._filed:
            return
        measured, last = Measured.of(estimate), self._filed[-1]
        turning = Turning.begun(measured.turn, measured.noise[3:, 3:])
        self._filed = [replace(last, moment=replace(last.moment, turning=turning))]
        self._complete = False

    def state(self, time: float) -> ObjectState | None:
        """What it does at a time, from what was measured until then; None before the first measurement."""
        before = self._before(time)
        if before is None:
            return None
        dt = time - before.time
        course = before.place.later(dt, self._table) if dt > 0.0 else before.course
        turn, spin, P = before.turning.later(dt, self._rolled(before, course, dt))
        return joined(self.name, time, course, turn, spin, P)

    def fit(self, estimate: PoseEstimate) -> Fit | None:
        """How well a measurement suits this object; None if nothing was known at its time."""
        measured, before = Measured.of(estimate), self._before(estimate.captured_at)
        if before is None:
            return None
        return before.place.fit(measured.time - before.time, measured.position, measured.noise[:3, :3])

    def distance(self, estimate: PoseEstimate) -> float:
        """How far a measurement is from what is foreseen, in sigmas; infinite if nothing was known at its time."""
        fit = self.fit(estimate)
        return float("inf") if fit is None else fit.distance

    @property
    def seen_at(self) -> float | None:
        """The time of the newest measurement that was of the object."""
        return self._filed[-1].moment.seen_at if self._filed else None

    @property
    def confirmed(self) -> bool:
        """Whether enough measurements agree that it is there."""
        return bool(self._filed) and self._filed[-1].moment.sound >= SURE

    @property
    def noise_scale(self) -> float:
        """Variance of the position measurements, as a multiple of what they claim."""
        return self._filed[-1].moment.place.level.scale if self._filed else 1.0

    def _taken(self, measured: Measured) -> _Filed:
        """Filed after all that is there."""
        if not self._filed:
            return self._begun(measured)
        before, noise = self._filed[-1].moment, measured.noise
        dt = measured.time - before.time
        place, verdict, fit = before.place.measured(dt, measured.position, noise[:3, :3])
        # A pose that is somebody else's says nothing about the turn either.
        turn_noise = noise[3:, 3:] if verdict.sound > 0.5 else noise[3:, 3:] + NOTHING * np.eye(3)
        course = place.later(0.0, None)
        rolled = self._rolled(before, course, dt)
        turning, _ = before.turning.measured(dt, rolled, measured.turn, turn_noise, self._alike)
        kind = _kind(verdict, before)
        sound = {"taken": before.sound + 1, "gated": before.sound, "reset": 1}[kind]
        seen_at = before.seen_at if kind == "gated" else measured.time
        moment = _Moment(measured.time, place, course, turning, sound, seen_at, verdict.anew > 0.5)
        return _Filed(measured, moment, Update(kind, fit.distance))

    def _begun(self, measured: Measured) -> _Filed:
        """Filed as the first."""
        place = Place.begun(measured.position, measured.noise[:3, :3], self._table is not None)
        turning = Turning.begun(measured.turn, measured.noise[3:, 3:])
        moment = _Moment(measured.time, place, place.later(0.0, None), turning, 1, measured.time, True)
        return _Filed(measured, moment, Update("taken", float("nan")))

    def _rolled(self, before: _Moment, after: Course, dt: float) -> Rolled | None:
        """What rolling from one moment to the next means; None where it cannot roll."""
        if self._radius is None or dt <= 0.0 or not (self._table is None or before.place.on_table):
            return None
        way = after.position - before.course.position
        return Rolled.along(way[:2], after.velocity[:2], after.level, self._radius, self._alike.all_round)

    def _before(self, time: float) -> _Moment | None:
        """What was believed after the last measurement until a time."""
        place = bisect(self._filed, time, key=lambda filed: filed.moment.time)
        return self._filed[place - 1].moment if place else None

    def _is_too_late(self, time: float, place: int) -> bool:
        newest = self._filed[-1].moment.time if self._filed else time
        return newest - time > LATE_S or (place == 0 and not self._complete)

    def _forget(self) -> None:
        """The moments before the last one that any late measurement can build upon."""
        since = bisect(self._filed, self._filed[-1].moment.time - KEPT_S, key=lambda filed: filed.moment.time)
        if since > 1:
            del self._filed[: since - 1]
            self._complete = False


_COURSE, _TURNING = (np.ix_(which, which) for which in ((0, 1, 2, 6, 7, 8), (3, 4, 5, 9, 10, 11)))


def _kind(verdict: Verdict, before: _Moment) -> Kind:
    if verdict.anew > 0.5 and not before.anew:
        return "reset"
    return "taken" if verdict.sound > 0.5 else "gated"


def joined(name: str, time: float, course: Course, turn: Vector, spin: Vector, P: Vector) -> ObjectState:
    """The state of way and turning; P (6, 6) is the covariance of orientation and spin."""
    covariance = np.zeros((12, 12))
    covariance[_COURSE] = course.covariance
    covariance[_TURNING] = P
    return ObjectState(name, pose_of(course.position, matrix_of(turn)), course.velocity, spin, covariance, time)
