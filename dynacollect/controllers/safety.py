"""The last gate before an arm: what passes is inside every limit, and what does not is replaced by a motion that is.

By induction: the stream of set-points in force always lies inside all limits and ends in standstill. A new one is
taken only if, joined to what the arm has done, it does so too. Otherwise the one in force goes on, or a stop that was
checked in the same way. An arm that hears nothing more (a lost heartbeat) comes to rest at the end of what it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..rig.arms.model import ArmModel
from ..rig.config import Safety as SafetyConfig
from ..rig.nouns import ArmState, Grip, SetPoints, Vector
from .envelope import Envelope
from .stopping import Stopper

STALE_S = 0.25
OFF_TRACK_RAD, START_RAD = 0.2, 0.05
HISTORY_S = 0.4
LONGEST_S = 30.0
BRAKE_STATES, BRAKE_POINTS = 10, 3
BRAKE_SLACK = 0.02
"""Metres or radians past a boundary that a stop at once may lead; `stop` then leaves the way a little later."""
_JOIN = 1e-8
"""Radians by which a stream may differ from the one in force where it takes over."""
_ON_GRID = 1e-6
_ROUNDING = 1e-6
_OUT_OF_BOX_M = 0.005


@dataclass(frozen=True, slots=True)
class Intervention:
    """Why something did not pass as it came."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Passed:
    """What may go to the arm."""

    setpoints: SetPoints
    interventions: tuple[Intervention, ...] = ()
    send: bool = True
    """False in shadow mode, and while nobody has confirmed."""


class Safety:
    """Checks every stream of set-points for one arm.

    `hardware` asks for `confirm` before anything moves; `shadow` does everything but sending.
    """

    def __init__(
        self, config: SafetyConfig, arm: ArmModel, *, hardware: bool = False, shadow: bool = False,
        stale_s: float = STALE_S,
    ) -> None:  # fmt: skip
        self.arm, self.shadow, self.armed = arm, shadow, not hardware
        self._stale_s = stale_s
        self._period = 1.0 / arm.rate_hz
        self._envelope = Envelope(config, arm)
        self._stopper = Stopper(arm)
        self._force: SetPoints | None = None
        self._times, self._joints = np.empty(0), np.empty((0, arm.joints))
        self._history = round(HISTORY_S / self._period)
        self._now = -np.inf

    def start(self, joints: Vector, now: float) -> None:
        """The arm is at rest here; call it again after anything else has moved the arm."""
        self._joints = np.repeat(np.array(joints, dtype=float)[None], self._history + 2, axis=0)
        self._times = np.asarray(now + self._period * np.arange(-self._history, 2), dtype=np.float64)
        self._force = SetPoints(self._times[-2:], self._joints[-2:])
        self._now = now

    def confirm(self) -> None:
        """A person has seen that the arm may move."""
        self.armed = True

    def check(self, setpoints: SetPoints, state: ArmState, now: float, observed_at: float) -> Passed:
        """Pass set-points, or what takes their place; `observed_at` is the age of what they were planned on."""
        if self._force is None:
            self._begin(setpoints, state, now)
        alarm = self._alarm(state, now, observed_at)
        if alarm is not None:
            return self._passed(self.stop(now), alarm)
        first = self._refused(setpoints, now)
        if isinstance(first, Intervention):
            return self._passed(self._going_on(), first)
        grip, notes = self._grip(setpoints.grip)
        self._take(setpoints, first, now)
        return self._passed(replace(setpoints, grip=grip), *notes)

    def stop(self, now: float) -> SetPoints:
        """The earliest stop that stays inside all limits, fingers as they are; the one way to stop an arm.

        It leaves what is in force at once, or as soon after as its way to rest is free.
        """
        going_on = self._going_on()
        if not now >= self._now:
            return going_on
        first = int(np.searchsorted(self._times, now - _ON_GRID * self._period)) - 1
        if not self._history - 1 <= first < len(self._times) - 2:
            return going_on
        for leave in _leaving(first + 1, len(self._times) - 1):
            stop = self._stop_from(first, leave)
            if stop is not None and self._out_of_limits(stop, first, braked=True) is None:
                self._take(stop, first, now)
                return stop
        return going_on

    def _stop_from(self, first: int, leave: int) -> SetPoints | None:
        """What is in force from number `first` to `leave`, and a stop; None if that is no sooner than its own end."""
        places = self._stopper.stop(self._joints[leave - 2 : leave + 1])
        if places is None or leave + len(places) >= len(self._times) - 1:
            return None
        joints = np.concatenate([self._joints[first : leave + 1], places])
        times = self._times[first] + self._period * np.arange(len(joints))
        return SetPoints(times, joints)

    def _begin(self, setpoints: SetPoints, state: ArmState, now: float) -> None:
        """Start where the set-points do if the arm is seen there, else where it is seen."""
        there = state.joints
        if self._malformed(setpoints, now) is None and np.abs(setpoints.joints[0] - there).max() <= START_RAD:
            there, now = setpoints.joints[0], float(setpoints.times[0])
        self.start(there, now)

    def _passed(self, setpoints: SetPoints, *notes: Intervention) -> Passed:
        return Passed(setpoints, notes, self.armed and not self.shadow)

    def _going_on(self) -> SetPoints:
        """What is in force, fingers as they are."""
        if self._force is None:
            raise RuntimeError("start safety where the arm is before asking it for set-points")
        return replace(self._force, grip=None)

    def _alarm(self, state: ArmState, now: float, observed_at: float) -> Intervention | None:
        """A reason to stop whatever was asked for; written so that NaN alarms."""
        if not self.armed:
            return Intervention("not_armed", "nobody has confirmed that the arm may move")
        if state.fault is not None:
            return Intervention("fault", state.fault.name)
        age = now - float(np.minimum(observed_at, state.measured_at))
        if not -self._stale_s <= age <= self._stale_s:
            return Intervention("stale", f"planned on what was seen {1e3 * age:.0f} ms ago")
        if self.shadow:
            return None
        error = self._tracking_error(state)
        if not error <= OFF_TRACK_RAD:
            return Intervention("off_track", f"{error:.2f} rad from where it was sent")
        outside = float(self._envelope.outside_box(np.asarray(state.T_base_tool.translation)))
        if not outside <= _OUT_OF_BOX_M and not outside <= self._outside_box(now) + _OUT_OF_BOX_M:
            return Intervention("left_box", f"the tool is {1e3 * outside:.0f} mm out of its box")
        return None

    def _tracking_error(self, state: ArmState) -> float:
        then = state.measured_at - self.arm.command_delay
        if np.shape(state.joints) != (self.arm.joints,):
            return np.nan
        wanted = [np.interp(then, self._times, column) for column in self._joints.T]
        return float(np.abs(state.joints - wanted).max())

    def _refused(self, setpoints: SetPoints, now: float) -> int | Intervention:
        """Why not; or the number of the set-point in force that the first new one stands for."""
        malformed = self._malformed(setpoints, now)
        if malformed is not None:
            return malformed
        first = self._join(setpoints, now)
        if isinstance(first, Intervention):
            return first
        return self._out_of_limits(setpoints, first) or first

    def _malformed(self, setpoints: SetPoints, now: float) -> Intervention | None:
        times, joints = np.asarray(setpoints.times), np.asarray(setpoints.joints)
        if times.ndim != 1 or joints.shape != (len(times), self.arm.joints) or len(times) < 2:
            return Intervention("shape", f"times {times.shape} and joints {joints.shape} do not fit this arm")
        if times.dtype.kind not in "fiu" or joints.dtype.kind not in "fiu":
            return Intervention("shape", f"times of {times.dtype} and joints of {joints.dtype} are no numbers")
        if not (np.isfinite(times).all() and np.isfinite(joints).all() and np.isfinite(now)):
            return Intervention("not_finite", "a number is NaN or infinite")
        if now < self._now:
            return Intervention("not_now", "the clock ran backwards")
        if np.any(np.abs(np.diff(times) - self._period) > _ON_GRID) or times[-1] - times[0] > LONGEST_S:
            return Intervention("off_grid", f"set-points must come every {1e3 * self._period:g} ms, in order")
        if not -_ON_GRID <= now - times[0] <= self._period + _ON_GRID:
            return Intervention("not_now", f"begins {1e3 * (times[0] - now):.0f} ms from now")
        return None

    def _join(self, setpoints: SetPoints, now: float) -> int | Intervention:
        """The number of the set-point in force that the first new one stands for; they agree on all that has begun."""
        offset = (setpoints.times[0] - self._times[0]) / self._period
        first = round(offset)
        at_rest = first >= len(self._times) - 1
        if first < self._history or (abs(offset - first) > 1e-3 and not at_rest):
            return Intervention("off_grid", "set-points do not fall on those in force")
        begun = 1 if now - setpoints.times[0] <= _ON_GRID else 2
        there = self._joints[np.minimum(np.arange(first, first + begun), len(self._joints) - 1)]
        leap = float(np.abs(setpoints.joints[:begun] - there).max())
        return first if leap <= _JOIN else Intervention("jump", f"leaps {leap:.2g} rad from what is in force")

    def _out_of_limits(self, setpoints: SetPoints, first: int, braked: bool = False) -> Intervention | None:
        """The whole of it: three set-points before, all of it, and a hold behind."""
        before = self._joints[np.minimum(np.arange(first - 3, first), len(self._joints) - 1)]
        held = np.repeat(setpoints.joints[-1:], 3, axis=0)
        path = np.concatenate([before, setpoints.joints, held])
        fast = self._too_fast(path)
        if fast is not None:
            return fast
        stops = path[:0] if braked else self._braking_places(path)
        breach = self._envelope.breach(setpoints.joints, stops, BRAKE_SLACK)
        return None if breach is None else Intervention(*breach)

    def _too_fast(self, path: Vector) -> Intervention | None:
        arm, difference = self.arm, path
        bounds = (("velocity", arm.max_velocity), ("acceleration", arm.max_acceleration), ("jerk", arm.max_jerk))
        for name, most in bounds:
            difference = np.diff(difference, axis=0) / self._period
            share = np.abs(difference).max(axis=0) / most
            if np.any(share > 1.0 + _ROUNDING):
                joint = int(np.argmax(share))
                return Intervention(name, f"joint {joint + 1} at {share[joint]:.3g} of its limit")
        return None

    def _braking_places(self, path: Vector) -> Vector:
        """Where stops from along a stream would lead, (n, joints)."""
        stride = max(1, len(path) // BRAKE_STATES)
        outlines = [self._stopper.outline(path[i - 2 : i + 1], BRAKE_POINTS) for i in range(4, len(path) - 3, stride)]
        return np.concatenate([path[:0], *(outline for outline in outlines if outline is not None)])

    def _outside_box(self, now: float) -> float:
        """How far out the set-points in force are, m: an arm that starts outside may come in."""
        here = np.array([np.interp(now, self._times, column) for column in self._joints.T])
        return float(self._envelope.depths(here[None])[0, 1])

    def _grip(self, grip: Grip | None) -> tuple[Grip | None, tuple[Intervention, ...]]:
        if grip is None:
            return None, ()
        gripper = self.arm.gripper
        if not (np.isfinite(grip.width) and np.isfinite(grip.force)):
            return None, (Intervention("grip", "width or force is NaN or infinite"),)
        width = min(max(grip.width, 0.0), gripper.max_width)
        force = min(max(grip.force, 0.0), gripper.max_force)
        if (width, force) == (grip.width, grip.force):
            return grip, ()
        return Grip(width, force), (Intervention("grip", f"brought to {1e3 * width:.0f} mm and {force:.0f} N"),)

    def _take(self, setpoints: SetPoints, first: int, now: float) -> None:
        """This is in force now; what the arm has done stays in front of it, the hold behind its end included."""
        done = self._joints[np.clip(np.arange(first - self._history, first), 0, len(self._joints) - 1)]
        self._joints = np.concatenate([done, setpoints.joints])
        self._times = setpoints.times[0] + self._period * np.arange(-self._history, len(setpoints.times))
        self._force, self._now = setpoints, now


def _leaving(begin: int, end: int) -> Iterator[int]:
    """Numbers from `begin` to before `end`, farther and farther apart."""
    step = 0
    while begin + step < end:
        yield begin + step
        step = 1 + 2 * step
