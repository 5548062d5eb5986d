"""How well the driver follows set-points that are planned anew 25 times a second; also a script that says so.

Run as: python tests/rig/franka/tracking.py 60 [led]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.signal import butter, sosfiltfilt

from dynacollect.controllers.motion import Motion
from dynacollect.rig.clock import Clock, HostClock, SimClock, Ticker
from dynacollect.rig.franka.arm import Franka
from dynacollect.rig.franka.config import FrankaSim
from dynacollect.rig.franka.running import RunningStandIn
from dynacollect.rig.nouns import ArmState, Command, SetPoints, Vector
from dynacollect.rig.setpoint_memory import SetPointMemory

PERIOD_S, STEP_S, NEW_GOAL = 0.04, 0.005, 13
REACH = np.array([0.45, 0.27, 0.27, 0.36, 0.45, 0.27, 0.45])
SHAKE_HZ = 10.0
"""What the joints do faster than this is no motion that they were told to make."""


@dataclass(frozen=True)
class Tracked:
    seconds: float
    errors: int
    """Ticks at which the arm had stopped."""
    complaints: int
    """Ticks at which the driver said that something is wrong."""
    stretch: float
    """Host time over the stand-in's time: how busy the host was."""
    true_lag_ms: float
    """From a set-point's time to the joints', by what the stand-in's joints truly did."""
    told_lag_ms: float
    """The same by what the driver reports."""
    rms_mrad: float
    """Off the set-points, lag taken out."""
    worst_mrad: float
    shake_rms_mrad_s: float
    """Joint speed above 10 Hz that the set-points do not have."""
    told_shake_rms_mrad_s: float
    """Joint speed above 10 Hz that the set-points have."""
    jerk_rms: float
    """Of the joints below 60 Hz, rad/s3."""
    told_jerk_rms: float
    """Of the set-points."""


def track(seconds: float, *, led: bool = False, seed: int = 0) -> Tracked:
    """Random joint goals, each before the last one is reached; `led` steps driver and stand-in in turn, unhurried."""
    with TemporaryDirectory() as folder:
        diary = str(Path(folder) / "diary.npy")
        with RunningStandIn(led=led, diary=diary) as stand_in:
            turns = _Turns(stand_in)
            clock = SimClock(turns.advance) if led else stand_in.clock
            arm = turns.arm = Franka(FrankaSim(driver="franka-sim", model="franka-fr3"), clock, stand_in.host)
            arm.connect()
            host, begin = HostClock().now(), clock.now()
            sent, states, errors, complaints = _drive(arm, clock, seconds, np.random.default_rng(seed))
            stretch = (HostClock().now() - host) / (clock.now() - begin)
            arm.close()
        rows = np.load(diary)
    return _judged(sent, states, rows, errors, complaints, stretch)


class _Turns:
    """Driver and stand-in, one period each."""

    def __init__(self, stand_in: RunningStandIn) -> None:
        self.arm: Franka | None = None
        self._stand_in, self._now = stand_in, 0.0

    def advance(self, to: float) -> None:
        while self.arm is not None and self._now + 1e-9 < to:
            self.arm.step(self._now)
            self._stand_in.go(STEP_S)
            self._now += STEP_S


def _drive(
    arm: Franka, clock: Clock, seconds: float, rng: np.random.Generator
) -> tuple[list[SetPoints], list[ArmState], int, int]:
    motion = Motion(arm.model)
    motion.start(arm.read().joints, clock.now())
    sent, states, errors, complaints, goal = [], [], 0, 0, arm.model.home
    for slot in Ticker(clock, PERIOD_S):
        if slot.index % NEW_GOAL == 0:
            goal = arm.model.home + rng.uniform(-1.0, 1.0, 7) * REACH
        if slot.index * PERIOD_S >= seconds:
            return sent, states, errors, complaints
        states.append(arm.read())
        errors += states[-1].fault is not None
        complaints += bool(arm.health().faults)
        sent.append(motion.towards(Command(joints=goal), slot.started))
        arm.command(sent[-1])
    raise RuntimeError("a ticker never ends")


def _judged(
    sent: list[SetPoints], states: list[ArmState], rows: Vector, errors: int, complaints: int, stretch: float
) -> Tracked:
    memory = SetPointMemory(1e9)
    for setpoints in sent:
        memory.add(setpoints)
    grid = np.asarray(np.arange(float(sent[5].times[0]), float(sent[-1].times[0]) - 0.2, 0.002), np.float64)
    wanted = np.array([memory.at(time) for time in grid])
    times, joints, speeds = rows[:, 0], rows[:, 1:8], rows[:, 8:15]
    true_lag = lag(grid, wanted, times, joints)
    told = np.array([state.measured_at for state in states])
    told_lag = lag(grid, wanted, told, np.array([state.joints for state in states]), smooth=False)
    off = np.abs(_at(grid + true_lag, times, joints) - wanted)
    rate = 1.0 / (grid[1] - grid[0])
    told_speed, speed = np.gradient(wanted, axis=0) * rate, _at(grid + true_lag, times, speeds)
    fast = butter(4, SHAKE_HZ, "high", fs=rate, output="sos")
    slow = butter(4, 60.0, fs=rate, output="sos")
    jerk, told_jerk = (_second(sosfiltfilt(slow, speeds, axis=0)) * rate**2 for speeds in (speed, told_speed))
    return Tracked(
        seconds=float(grid[-1] - grid[0]), errors=errors, complaints=complaints, stretch=stretch,
        true_lag_ms=1e3 * true_lag,
        told_lag_ms=1e3 * told_lag, rms_mrad=1e3 * float(np.sqrt(np.mean(off**2))), worst_mrad=1e3 * float(off.max()),
        shake_rms_mrad_s=_rms(1e3 * sosfiltfilt(fast, speed - told_speed, axis=0)),
        told_shake_rms_mrad_s=_rms(1e3 * sosfiltfilt(fast, told_speed, axis=0)),
        jerk_rms=_rms(jerk), told_jerk_rms=_rms(told_jerk),
    )  # fmt: skip


def lag(grid: Vector, wanted: Vector, times: Vector, joints: Vector, *, smooth: bool = True) -> float:
    """Seconds by which the joints come after what was wanted: where they fit best."""
    lags = np.asarray(np.arange(-0.01, 0.15, 0.001), np.float64)
    if smooth:
        misfits = [np.mean((_at(grid + shift, times, joints) - wanted) ** 2) for shift in lags]
    else:
        inside = (times > grid[0] + 0.2) & (times < grid[-1])
        misfits = [np.mean((_at(times[inside] - shift, grid, wanted) - joints[inside]) ** 2) for shift in lags]
    best = int(np.clip(np.argmin(misfits), 1, len(lags) - 2))
    before, here, after = misfits[best - 1 : best + 2]
    return float(lags[best] + 0.0005 * (before - after) / (before - 2 * here + after))


def _at(times: Vector, known: Vector, values: Vector) -> Vector:
    return np.array([np.interp(times, known, column) for column in values.T]).T


def _second(values: Vector) -> Vector:
    return np.asarray(np.gradient(np.gradient(values, axis=0), axis=0))


def _rms(values: Vector) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    tracked = track(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, led="led" in sys.argv)
    sys.stdout.writelines(f"{field.name:24} {getattr(tracked, field.name):.2f}\n" for field in fields(tracked))
