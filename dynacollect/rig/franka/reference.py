"""Where the joints shall be, and how they shall move, at any time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Trajectory

from ..arms.model import ArmModel
from ..nouns import SetPoints, Vector
from ..setpoint_memory import SetPointMemory

STOP_SHARE = 0.95
"""Of the arm's limits: how hard it brakes."""
JOIN_RAD = 1e-4
"""Set-points that begin farther from those in force do not go on from them."""


class Wanted(NamedTuple):
    joints: Vector
    velocity: Vector
    acceleration: Vector


class Reference:
    """Set-points in force, one after the other; it always comes to rest at their end."""

    def __init__(self, arm: ArmModel) -> None:
        self._arm = arm
        self._period = 1.0 / arm.rate_hz
        self._memory = SetPointMemory()
        self._held = np.array(arm.home)
        self._solver = Ruckig(arm.joints)

    def hold(self, joints: Vector) -> None:
        """Rest here, whatever was in force."""
        self._memory.clear()
        self._held = np.array(joints, dtype=float)

    def follow(self, setpoints: SetPoints) -> bool:
        """False where they do not go on from what is in force, but begin anew from rest."""
        first = setpoints.joints[0]
        leap = float(np.abs(first - self._joints(float(setpoints.times[0]))).max())
        if leap > JOIN_RAD:
            self.hold(first)
        self._memory.add(setpoints)
        return leap <= JOIN_RAD

    def rest(self, now: float) -> None:
        """Come to rest within the limits, from what is in force."""
        here = self.at(now)
        times: Vector = np.array([now, now + self._period])
        self._memory.add(self._stop(here, now) or SetPoints(times, np.repeat(here.joints[None], 2, axis=0)))

    def at(self, time: float) -> Wanted:
        step = self._period
        before, here, after = (self._joints(time + shift) for shift in (-step, 0.0, step))
        most = self._arm.max_acceleration
        acceleration = np.clip((after - 2.0 * here + before) / step**2, -most, most)
        return Wanted(here, (after - before) / (2.0 * step), acceleration)

    def _joints(self, time: float) -> Vector:
        joints = self._memory.at(time)
        return self._held if joints is None else joints

    def _stop(self, here: Wanted, now: float) -> SetPoints | None:
        arm, problem = self._arm, InputParameter(self._arm.joints)
        most = STOP_SHARE * arm.max_acceleration
        problem.control_interface = ControlInterface.Velocity
        problem.current_position, problem.current_velocity = here.joints, here.velocity
        problem.current_acceleration = np.clip(here.acceleration, -most, most)
        problem.target_velocity = problem.target_acceleration = np.zeros(arm.joints)
        problem.max_acceleration, problem.max_jerk = most, STOP_SHARE * arm.max_jerk
        trajectory = Trajectory(arm.joints)
        try:
            result = self._solver.calculate(problem, trajectory)
        except RuckigError:
            return None
        if result not in (Result.Working, Result.Finished):
            return None
        count = 2 + int(np.ceil(trajectory.duration / self._period))
        times = np.array([now + index * self._period for index in range(count)])
        joints = np.array([trajectory.at_time(min(float(time - now), trajectory.duration))[0] for time in times])
        return SetPoints(times, np.clip(joints, arm.lower, arm.upper))
