"""The quickest stop on an arm's grid: exact in the differences of its set-points."""

from __future__ import annotations

from math import ceil

import numpy as np
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Synchronization, Trajectory

from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector

_ROUNDING = 1e-6


class Stopper:
    """Brings set-points to rest within the arm's acceleration and jerk.

    On the grid, speed and acceleration are the first and second differences of the set-points. A continuous stop from
    those two, read once a period, gives the speeds that follow: their differences are its mean accelerations, so they
    keep its limits, and they end in exactly zero.
    """

    def __init__(self, arm: ArmModel) -> None:
        self.period = 1.0 / arm.rate_hz
        self._joints = arm.joints
        self._most = arm.max_acceleration
        self._solver = Ruckig(arm.joints)
        self._problem = InputParameter(arm.joints)
        self._problem.control_interface = ControlInterface.Velocity
        self._problem.synchronization = Synchronization.Phase
        self._problem.current_position = np.zeros(arm.joints)
        self._problem.target_velocity = self._problem.target_acceleration = np.zeros(arm.joints)
        self._problem.max_velocity = arm.max_velocity
        self._problem.max_acceleration = arm.max_acceleration * (1.0 + _ROUNDING)
        self._problem.max_jerk = arm.max_jerk

    def stop(self, knots: Vector) -> Vector | None:
        """Set-points (n, joints) after the last of three (3, joints), the first one a period later, to standstill."""
        trajectory = self._solve(knots)
        if trajectory is None:
            return None
        count = 1 + ceil(trajectory.duration / self.period)
        speeds = np.array([trajectory.at_time(i * self.period)[1] for i in range(1, count)] + [[0.0] * self._joints])
        return knots[-1] + self.period * np.cumsum(speeds, axis=0)

    def outline(self, knots: Vector, points: int) -> Vector | None:
        """A few places (points, joints) of that stop, the last one its end."""
        trajectory = self._solve(knots)
        if trajectory is None:
            return None
        times = np.linspace(0.0, trajectory.duration, points + 1)[1:].tolist()
        return 0.5 * (knots[-1] + knots[-2]) + np.array([trajectory.at_time(time)[0] for time in times])

    def _solve(self, knots: Vector) -> Trajectory | None:
        speed = (knots[-1] - knots[-2]) / self.period
        change = (knots[-1] - 2.0 * knots[-2] + knots[-3]) / self.period**2
        self._problem.current_velocity = speed
        self._problem.current_acceleration = np.clip(change, -self._most, self._most)
        trajectory = Trajectory(self._joints)
        try:
            result = self._solver.calculate(self._problem, trajectory)
        except RuckigError:
            return None
        return trajectory if result in (Result.Working, Result.Finished) else None
