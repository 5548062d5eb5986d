"""All delays of a rig, with how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ...calibration.lag import Lag, lag_of_follower, lag_of_pictures
from ...rig.nouns import Vector
from ...rig.rig import Rig
from .grips import grip_delays
from .swing import Stream, Swing

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CameraTiming:
    """One camera against the arm's own times."""

    lag: Lag | None
    """What its capture times are late by, as the rig has them now; None where it does not see the arm move."""
    delay_s: float
    """From mid-exposure to arrival: the least of it, for `delay_s` in rig.yaml."""
    delay_spread_s: float
    """By which the slower half arrives later."""
    drift_ppm: float
    """By which its clock runs fast."""
    drift_std_ppm: float


@dataclass(frozen=True, slots=True)
class GripperTiming:
    """From a command to the first motion."""

    delay_s: float
    std: float
    n: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Of a rig."""

    cameras: Mapping[str, CameraTiming]
    command: Lag | None
    """From a set-point's time to the feedback that shows it."""
    gripper: GripperTiming


def measure(rig: Rig, tell: Tell = lambda _: None) -> Timing:
    """On a connected rig: the table is cleared, the arm swings slowly about its base, the hand opens and closes."""
    rig.stage.present()
    swing = Swing(rig, lambda number: tell(f"swing {number + 1}"))
    swing.run()
    delays = grip_delays(rig, lambda number: tell(f"grip {number + 1}"))
    times = np.array(swing.times)
    command = lag_of_follower(times, np.array(swing.angles), swing.wanted)
    gripper = GripperTiming(float(np.median(delays)), float(np.std(delays, ddof=1)), len(delays))
    return Timing({name: _camera(swing.streams[name], swing) for name in rig.cameras}, command, gripper)


def _camera(stream: Stream, swing: Swing) -> CameraTiming:
    captured, arrived, device = map(np.array, (stream.captured_at, stream.arrived_at, stream.device_time))
    # A frame says something of the arm only while the arm was written down.
    inside = (captured > swing.times[0] + 0.3) & (captured < swing.times[-1] - 0.3)
    pictures = [picture for picture, use in zip(stream.pictures, inside, strict=True) if use]
    lag = lag_of_pictures(captured[inside], pictures, swing.way) if pictures else None
    ages = arrived - captured + (lag.seconds if lag else 0.0)
    drift, drift_std = _slope(device, arrived)
    least, middle = (float(np.quantile(ages, share)) for share in (0.05, 0.5)) if len(ages) else (np.nan, np.nan)
    return CameraTiming(lag, least, middle - least, -1e6 * drift, 1e6 * drift_std)


def _slope(device: Vector, arrived: Vector) -> tuple[float, float]:
    """Of the arrivals over the device's times, beside 1, and its standard deviation."""
    if len(device) < 3:
        return np.nan, np.nan
    x, y = device - device.mean(), (arrived - device) - (arrived - device).mean()
    slope = float(x @ y / (x @ x))
    return slope, float(np.sqrt(np.sum((y - slope * x) ** 2) / (len(x) - 2) / (x @ x)))
