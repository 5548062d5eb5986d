"""An arm's health, told from what it was sent and what it sends back."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from .alarm import Sustained
from .arm import ArmHealth
from .arms.mjcf import SERVO_LAG
from .arms.model import ArmModel
from .gripper_monitor import GripperMonitor
from .nouns import ArmState, Fault, SetPoints, Vector
from .own_torque import OwnTorque
from .setpoint_memory import SetPointMemory

_ZERO_HOLD = 0.3
_FROZEN_HOLD = 0.3
_FROZEN_MOVE = 0.02
_TRACKING = 0.1
_TRACKING_HOLD = 0.2
_CLAMPED = 0.02
_CLAMPED_HOLD = 0.1
_AT_LIMIT = 1e-6
_TORQUE_SHARE = 1.5
_TORQUE_SAMPLES = 2
_TORQUE_TIME = 0.25
_TORN_FACTOR = 3.0
_TORN_NOISE = 0.005
_TORN_SHOWN = 1.0
_HOT = 75.0
_STALE_LEAST = 0.060


class ArmMonitor:
    """Every driver feeds its set-points and feedback in here and hands out the health that comes back.

    Faults, worst first: the arm's own; "stale" (no feedback for 3 periods and 60 ms); "all_zero" (all joints exactly 0
    for 0.3 s: leader mode or old firmware); "torn" (a joint leapt by more than 3 times what its top speed allows);
    "frozen" (bit-identical joints while the set-points moved 0.02 rad over 0.3 s); "disturbed" (a torque leapt by more
    than 150 % of rated within about 0.25 s); "clamped" (feedback on a joint limit, set-point 0.02 rad inside, 0.1 s);
    "tracking" (0.1 rad off its set-point for 0.2 s); the gripper's own, see `GripperMonitor`; "hot" (> 75 C).
    "disturbed" stands until `verified`: a knock can leave an arm centimetres off while its feedback equals its command.

    `delay_s` is from a set-point's time to the feedback that shows it.
    """

    def __init__(self, model: ArmModel, *, feedback_hz: float | None = None, delay_s: float | None = None) -> None:
        self.model = model
        self._period = 1.0 / (feedback_hz or model.rate_hz)
        self._delay = model.command_delay if delay_s is None else delay_s
        self._setpoints = SetPointMemory()
        self._gripper = GripperMonitor(model.gripper)
        self._state: ArmState | None = None
        self._times: deque[float] = deque()
        self._temperature_c = math.nan
        self._recoveries = 0
        self._first_asked: float | None = None
        self._error = math.nan
        self._unchanged_since = math.nan
        self._wanted_then: Vector | None = None
        self._frozen = False
        self._torn_at = -math.inf
        self._own_torque = OwnTorque(model)
        self._expected_torque: Vector | None = None
        """Beside what its own motion takes."""
        self._torque_share = math.nan
        self._torque_samples = 0
        self._disturbed = ""
        self._zero, self._off, self._pinned = (Sustained(hold) for hold in (_ZERO_HOLD, _TRACKING_HOLD, _CLAMPED_HOLD))
        self._standing = dict.fromkeys(("all_zero", "tracking", "clamped"), False)

    def commanded(self, setpoints: SetPoints) -> None:
        """These were sent to the arm."""
        self._setpoints.add(setpoints)
        width = self._state.gripper_width if self._state else self.model.gripper.max_width
        self._gripper.commanded(setpoints.grip, float(setpoints.times[0]), width)

    def stopped(self) -> None:
        """The arm was told to hold where it is: no set-point counts any more."""
        self._setpoints.clear()

    def recovered(self) -> None:
        """A fault was cleared by software."""
        self._recoveries += 1
        self._setpoints.clear()

    def verified(self) -> None:
        """The arm's true pose was checked from outside and agrees with its feedback."""
        self._disturbed = ""

    def saw(self, state: ArmState, temperature_c: float = math.nan) -> None:
        """Take in feedback; the same again is no news."""
        if math.isfinite(temperature_c):
            self._temperature_c = temperature_c
        last = self._state
        if last is not None and state.measured_at <= last.measured_at:
            return
        self._state = state
        self._times.append(state.measured_at)
        while self._times[0] < state.measured_at - 1.0:
            self._times.popleft()
        wanted = self._setpoints.at(state.measured_at - self._delay)
        self._check_feedback(state, last, wanted)
        self._check_following(state, wanted)
        self._check_torque(state, last)
        self._gripper.saw(state)

    def health(self, now: float) -> ArmHealth:
        state = self._state
        return ArmHealth(
            age_s=math.inf if state is None else now - state.measured_at,
            rate_hz=self._rate(),
            tracking_error=self._error,
            external_torque=self._torque_share,
            temperature_c=self._temperature_c,
            recoveries=self._recoveries,
            faults=tuple(self._faults(now)),
        )

    def _check_feedback(self, state: ArmState, last: ArmState | None, wanted: Vector | None) -> None:
        now = state.measured_at
        self._standing["all_zero"] = self._zero.update(not state.joints.any(), now)
        if last is None or not np.array_equal(state.joints, last.joints):
            self._unchanged_since, self._wanted_then = now, wanted
        self._frozen = now - self._unchanged_since >= _FROZEN_HOLD and self._told_to_move(wanted)
        if last is not None:
            possible = _TORN_FACTOR * self.model.max_velocity * max(now - last.measured_at, self._period)
            if np.any(np.abs(state.joints - last.joints) > possible + _TORN_NOISE):
                self._torn_at = now

    def _told_to_move(self, wanted: Vector | None) -> bool:
        """Since the joints last changed."""
        if self._wanted_then is None:
            self._wanted_then = wanted
        then = self._wanted_then
        return then is not None and wanted is not None and float(np.abs(wanted - then).max()) > _FROZEN_MOVE

    def _check_following(self, state: ArmState, wanted: Vector | None) -> None:
        now, pinned = state.measured_at, False
        self._error = math.nan
        if wanted is not None:
            self._error = float(np.abs(wanted - state.joints).max())
            model = self.model
            low = (np.abs(state.joints - model.lower) < _AT_LIMIT) & (wanted > model.lower + _CLAMPED)
            high = (np.abs(state.joints - model.upper) < _AT_LIMIT) & (wanted < model.upper - _CLAMPED)
            pinned = bool(np.any(low | high))
        self._standing["tracking"] = self._off.update(self._error > _TRACKING, now)
        self._standing["clamped"] = self._pinned.update(pinned, now)

    def _check_torque(self, state: ArmState, last: ArmState | None) -> None:
        """Less what its motion takes, against a slow average: what models do not know changes slowly, a knock not."""
        wanted = self._setpoints.acceleration(state.measured_at - self._delay - SERVO_LAG)
        torque = state.joint_torque - self._own_torque.of(
            state.joints, state.joint_velocity, np.zeros(self.model.joints) if wanted is None else wanted
        )
        if last is None or self._expected_torque is None or not np.all(np.isfinite(torque)):
            self._expected_torque = torque if np.all(np.isfinite(torque)) else None
            return
        share = np.abs(torque - self._expected_torque) / self.model.max_torque
        self._torque_share = float(share.max())
        self._torque_samples = self._torque_samples + 1 if self._torque_share > _TORQUE_SHARE else 0
        if self._torque_samples >= _TORQUE_SAMPLES and not self._disturbed:
            joint = int(share.argmax()) + 1
            self._disturbed = f"joint {joint} took {100.0 * self._torque_share:.0f} % of its rated torque from outside"
        weight = min(1.0, (state.measured_at - last.measured_at) / _TORQUE_TIME)
        self._expected_torque = self._expected_torque + weight * (torque - self._expected_torque)

    def _rate(self) -> float:
        times = self._times
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 else math.nan

    def _stale_s(self, now: float) -> float:
        """Age of the feedback where it is too old, else 0; an arm that never spoke ages from the first question."""
        if self._first_asked is None:
            self._first_asked = now
        age = now - (self._first_asked if self._state is None else self._state.measured_at)
        return age if age > max(3.0 * self._period, _STALE_LEAST) else 0.0

    def _faults(self, now: float) -> list[Fault]:
        stale = self._stale_s(now)
        found = {
            "stale": stale and f"no feedback for {1e3 * stale:.0f} ms",
            "all_zero": self._standing["all_zero"] and "all joints report exactly 0: leader mode or old firmware",
            "torn": now - self._torn_at < _TORN_SHOWN and "a joint leapt further than it can move",
            "frozen": self._frozen and "the same joints again and again, though told to move",
            "disturbed": self._disturbed and f"{self._disturbed}; its pose is not to be trusted until verified",
            "clamped": self._standing["clamped"] and "feedback sits on a joint limit, the set-point does not",
            "tracking": self._standing["tracking"] and f"{self._error:.2f} rad away from the set-point",
            "gripper_jammed": self._gripper.jammed and "the fingers did not move when told to",
            "gripper_opened_itself": self._gripper.opened_itself and "the fingers opened without being told to",
            "gripper_range": self._gripper.out_of_range and "the width is more than the fingers can be apart",
            "hot": self._temperature_c > _HOT and f"{self._temperature_c:.0f} C",
        }
        own = [self._state.fault] if self._state is not None and self._state.fault is not None else []
        return own + [Fault(name, detail, name == "all_zero") for name, detail in found.items() if detail]
