"""What the arm did in an episode, tick by tick, and how it is done again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, Slerp

from ...controllers.stopping import Stopper
from ...controllers.streaming.course import STEP_S
from ...rig.arms.model import ArmModel
from ...rig.nouns import Grip, Vector

STANDS = 5
"""Ticks for which the arm stands before it begins: time for its lag, and to gather speed."""
LIMITS_SHARE = 0.9
"""Of the arm's speed, acceleration and jerk that the way uses at most."""
GENTLE = 0.95
"""Share of acceleration and jerk with which the arm stops."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Of the arm and its fingers, 25 times a second."""

    name: str
    """For people."""
    robot: str
    joints: Vector
    """(n, joints); two ticks or more."""
    tool: Vector
    """(n, 7) x, y, z and quaternion x, y, z, w in the base frame."""
    grips: tuple[Grip | None, ...]
    """What the fingers had last been told; None before they were."""
    opening: float
    """Of the fingers at the beginning, m."""

    @property
    def last(self) -> int:
        """The number of the last tick."""
        return len(self.joints) - 1

    def tool_at(self, ticks: ArrayLike) -> Vector:
        """(m, 7) between ticks, and beyond the ends what is there."""
        wanted, known = np.clip(np.atleast_1d(ticks), 0, self.last), np.arange(self.last + 1)
        places = [np.interp(wanted, known, column) for column in self.tool[:, :3].T]
        return np.column_stack([*places, Slerp(known, Rotation.from_quat(self.tool[:, 3:]))(wanted).as_quat()])


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A way in time: as quick as was asked for, or as the arm's limits allow."""

    way: Way
    pace: float
    """Share of the recorded speed."""
    lead_s: float
    """Set-points run ahead of the recorded ticks by the arm's lag."""
    joints: Vector
    """(n, joints) set-points on the arm's grid; they end in standstill."""

    @staticmethod
    def of(way: Way, arm: ArmModel, pace: float, lead_s: float) -> Course:
        smooth, stopper = _smooth(way), Stopper(gentle(arm))
        period = stopper.period
        pace = min(pace, _quickest(smooth, way, arm))
        first, last = -STANDS + lead_s / STEP_S * pace, float(way.last)
        count = 1 + int((last - first) / (period * pace / STEP_S))
        joints = smooth(first + period * pace / STEP_S * np.arange(count))
        stop = stopper.stop(joints[-3:])
        return Course(way, pace, lead_s, joints if stop is None else np.concatenate([joints, stop]))

    def tick(self, time: float) -> float:
        """The recorded tick, with its fraction, that is done again so long after the start."""
        return (time / STEP_S) * self.pace - STANDS

    def grip(self, time: float) -> Grip | None:
        tick = int(np.clip(self.tick(time) + 1e-9, 0, self.way.last))
        return self.way.grips[tick]


def gentle(arm: ArmModel) -> ArmModel:
    """The same with lower limits, so that what keeps these is inside its own, however it is rounded."""
    return replace(arm, max_acceleration=GENTLE * arm.max_acceleration, max_jerk=GENTLE * arm.max_jerk)


def _smooth(way: Way) -> CubicSpline:
    """Of ticks; it stands still before the first one."""
    ticks = np.arange(-STANDS, way.last + 1)
    joints = np.concatenate([np.repeat(way.joints[:1], STANDS, axis=0), way.joints])
    return CubicSpline(ticks, joints, bc_type="natural")


def _quickest(smooth: CubicSpline, way: Way, arm: ArmModel) -> float:
    """The pace at which no joint is faster than it may be."""
    ticks = np.linspace(-STANDS, way.last, 10 * (way.last + STANDS) + 1)
    limits = arm.max_velocity, arm.max_acceleration, arm.max_jerk
    shares = [
        (LIMITS_SHARE * most * STEP_S**order / np.maximum(np.abs(smooth(ticks, order)).max(axis=0), 1e-12)).min()
        ** (1.0 / order)
        for order, most in enumerate(limits, start=1)
    ]
    return float(min(shares))
