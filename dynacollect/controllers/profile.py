"""Joint motion in time: jerk-limited pieces that follow one another, and the set-points on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Synchronization, Trajectory

from ..rig.arms.model import ArmModel
from ..rig.nouns import SetPoints, Vector

State = tuple[Vector, Vector, Vector]
"""Joint position, velocity, acceleration."""

_CHECKED = np.linspace(0.0, 1.0, 17)
"""Shares of a polynomial's duration at which its rates are looked at."""
FIRM = 0.002
"""Radians that a motion stays inside the joint limits everywhere."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a motion may use of an arm, per joint."""

    lower: Vector
    upper: Vector
    velocity: Vector
    acceleration: Vector
    jerk: Vector

    @staticmethod
    def of(arm: ArmModel, share: float) -> Limits:
        """A share of the arm's speed, acceleration and jerk, and its range less `FIRM`."""
        return Limits(
            arm.lower + FIRM, arm.upper - FIRM, share * arm.max_velocity, share * arm.max_acceleration,
            share * arm.max_jerk,
        )  # fmt: skip

    def slower(self, pace: float) -> Limits:
        """Accelerations and jerks of the same motions at this share of their pace; speeds as they are."""
        return Limits(self.lower, self.upper, self.velocity, pace**2 * self.acceleration, pace**3 * self.jerk)


class Piece(Protocol):
    """A motion from its own time 0 on."""

    @property
    def duration(self) -> float: ...

    def at(self, time: float) -> State: ...

    def positions(self, times: Vector) -> Vector:
        """(n, joints)."""
        ...


class Still:
    """Standing at a place."""

    duration = 0.0

    def __init__(self, joints: Vector) -> None:
        self._state = (joints, np.zeros_like(joints), np.zeros_like(joints))

    def at(self, time: float) -> State:  # noqa: ARG002
        return self._state

    def positions(self, times: Vector) -> Vector:
        return np.repeat(self._state[0][None], len(times), axis=0)


class Moving:
    """A jerk-limited motion; past its end it stays on the end."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory
        self.duration = float(trajectory.duration)

    def at(self, time: float) -> State:
        position, velocity, acceleration = self._trajectory.at_time(min(max(time, 0.0), self.duration))
        return np.array(position), np.array(velocity), np.array(acceleration)

    def positions(self, times: Vector) -> Vector:
        at = self._trajectory.at_time
        rows = [at(time)[0] for time in np.clip(times, 0.0, self.duration).tolist()]
        return np.array(rows).reshape(len(times), self._trajectory.degrees_of_freedom)


class Smooth:
    """The polynomial of fifth order from one state to another; from an even motion to itself it stays on it."""

    def __init__(self, start: State, end: State, duration: float) -> None:
        self.duration = duration
        (x0, v0, a0), (x1, v1, a1), T = start, end, duration
        way = x1 - x0 - v0 * T - 0.5 * a0 * T**2
        gain, push = (v1 - v0) * T - a0 * T**2, (a1 - a0) * T**2
        rows = [10 * way - 4 * gain + 0.5 * push, -15 * way + 7 * gain - push, 6 * way - 3 * gain + 0.5 * push]
        self._factors = np.stack([x0, v0, 0.5 * a0, *(row / T**n for n, row in enumerate(rows, start=3))])

    def at(self, time: float) -> State:
        position, velocity, acceleration = _rates(np.array([min(max(time, 0.0), self.duration)]), 3) @ self._factors
        return position[0], velocity[0], acceleration[0]

    def positions(self, times: Vector) -> Vector:
        return np.vander(np.clip(times, 0.0, self.duration), 6, increasing=True) @ self._factors

    def fits(self, limits: Limits) -> bool:
        """Speeds, accelerations and jerks are within their limits."""
        _, *rates = _rates(np.asarray(self.duration * _CHECKED, dtype=np.float64), 4) @ self._factors
        most = (limits.velocity, limits.acceleration, limits.jerk)
        return all(bool(np.all(np.abs(rate) <= bound)) for rate, bound in zip(rates, most, strict=True))


def _rates(times: Vector, orders: int) -> Vector:
    """(orders, n, 6): what a polynomial's factors count in its value and its derivatives at times (n,)."""
    rows: list[Vector] = [np.asarray(np.vander(times, 6, increasing=True), dtype=np.float64)]
    for _ in range(orders - 1):
        rows.append(np.concatenate([np.zeros((len(times), 1)), rows[-1][:, :-1]], axis=1) * np.arange(6.0))
    return np.stack(rows)


class Replayed:
    """Set-points that came from elsewhere."""

    def __init__(self, setpoints: SetPoints) -> None:
        self._times, self._joints = setpoints.times - setpoints.times[0], setpoints.joints
        self.duration = float(self._times[-1])

    def at(self, time: float) -> State:
        """On the line between set-points; the speed is that of the line, and the acceleration counts as none."""
        after = min(max(int(np.searchsorted(self._times, time - 1e-9)), 1), len(self._times) - 1)
        begin, end = self._joints[after - 1], self._joints[after]
        length = self._times[after] - self._times[after - 1]
        share = min(max((time - self._times[after - 1]) / length, 0.0), 1.0)
        speed = (end - begin) / length if share < 1.0 or after < len(self._times) - 1 else np.zeros_like(end)
        return begin + share * (end - begin), speed, np.zeros_like(end)

    def positions(self, times: Vector) -> Vector:
        return np.stack([np.interp(times, self._times, column) for column in self._joints.T], axis=1)


class Planner:
    """The quickest motions that limits allow."""

    def __init__(self, joints: int) -> None:
        self._joints = joints
        self._solver = Ruckig(joints)
        self._reach, self._brake = InputParameter(joints), InputParameter(joints)
        self._reach.synchronization = Synchronization.Time
        self._brake.synchronization = Synchronization.Phase
        self._brake.control_interface = ControlInterface.Velocity
        self._brake.target_velocity = self._brake.target_acceleration = [0.0] * joints

    def reach(
        self, start: State, goal: Vector, velocity: Vector, limits: Limits, at_least: float = 0.0
    ) -> Moving | None:
        """To a goal and a velocity there, all joints at one time; not sooner than `at_least` seconds."""
        problem = self._reach
        problem.target_position, problem.target_velocity = goal, velocity
        problem.minimum_duration = at_least if at_least > 0.0 else None
        return self._solve(problem, start, limits)

    def smooth(self, start: State, end: State, limits: Limits, duration: float) -> Smooth | None:
        """To a state in exactly this time, as evenly as can be; None where that takes more than the limits."""
        motion = Smooth(start, end, duration)
        return motion if motion.fits(limits) else None

    def stop(self, start: State, limits: Limits) -> Moving | None:
        """To standstill, in the direction of the motion where that costs no time."""
        return self._solve(self._brake, start, limits)

    def _solve(self, problem: InputParameter, start: State, limits: Limits) -> Moving | None:
        position, velocity, acceleration = start
        problem.current_position, problem.current_velocity = position, velocity
        problem.current_acceleration = acceleration
        problem.max_velocity, problem.max_acceleration = limits.velocity, limits.acceleration
        problem.max_jerk = limits.jerk
        trajectory = Trajectory(self._joints)
        try:
            result = self._solver.calculate(problem, trajectory)
        except RuckigError:
            return None
        return Moving(trajectory) if result in (Result.Working, Result.Finished) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces with their times of beginning; the last one comes to rest."""

    begins: tuple[float, ...]
    pieces: tuple[Piece, ...]

    @property
    def end(self) -> float:
        """When it has come to rest."""
        return self.begins[-1] + self.pieces[-1].duration

    def at(self, time: float) -> State:
        number = self._governing(time)
        return self.pieces[number].at(time - self.begins[number])

    def then(self, start: float, *pieces: Piece) -> Plan:
        """This plan up to `start`, and other pieces from there, one after the other."""
        kept = self._governing(start)
        begins, chain = [self.begins[kept]], [self.pieces[kept]]
        for piece in pieces:
            begins.append(start)
            chain.append(piece)
            start += piece.duration
        return Plan(tuple(begins), tuple(chain))

    def positions(self, times: Vector) -> Vector:
        """(n, joints)."""
        cuts = np.searchsorted(times, self.begins[1:]).tolist()
        bounds = zip(self.pieces, self.begins, [0, *cuts], [*cuts, len(times)], strict=True)
        return np.concatenate([piece.positions(times[low:high] - begin) for piece, begin, low, high in bounds])

    def _governing(self, time: float) -> int:
        """The last piece that has begun."""
        number = len(self.begins) - 1
        while number > 0 and self.begins[number] > time:
            number -= 1
        return number
