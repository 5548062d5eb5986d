"""The fingers open and close, and how long they take to begin is measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import curve_fit

from ...rig.errors import DynacollectError
from ...rig.nouns import Grip, SetPoints, Vector
from ...rig.rig import Rig

GRIPS = 4
"""Closed and opened so often."""
POLL_S = 0.004
SHARE, LEAST_M = 0.6, 0.01
"""So much of the way is looked at, and so long it must be."""
LONGEST_S = 4.0


def grip_delays(rig: Rig, tell: Callable[[int], None] = lambda _: None) -> list[float]:
    """Seconds from each command to the first motion."""
    gripper, found = rig.arm.model.gripper, list[float]()
    _go(rig, gripper.max_width)
    for number in range(GRIPS):
        tell(number)
        for width in (0.3 * gripper.max_width, gripper.max_width):
            found.append(_began(*_go(rig, width)))
    return found


def _go(rig: Rig, width: float) -> tuple[Vector, Vector]:
    """Times since the command, and widths, until the fingers have stood for a while."""
    clock, arm = rig.clock, rig.arm
    begin = clock.now()
    start = arm.read()
    arm.command(SetPoints(np.array([begin]), start.joints[None], Grip(width, arm.model.gripper.min_force)))
    times, widths = list[float](), list[float]()
    while clock.now() < begin + LONGEST_S:
        clock.wait_until(clock.now() + POLL_S)
        state = arm.read()
        if not times or state.measured_at - begin > times[-1]:
            times.append(state.measured_at - begin)
            widths.append(state.gripper_width)
        if abs(widths[-1] - width) < 0.05 * arm.model.gripper.max_width and abs(widths[-1] - widths[-20:][0]) < 1e-4:
            break
    return np.array(times), np.array(widths)


def _began(times: Vector, widths: Vector) -> float:
    """When fingers began that then go at one speed, after which their servo lags."""
    way = np.abs(widths - widths[0])
    far = float(way.max())
    rising = way < SHARE * far
    rising[int(np.argmin(rising)) :] = False
    if far < LEAST_M or np.count_nonzero(way[rising] > 0.02 * far) < 4:
        raise DynacollectError("the fingers do not move as told; free them, and look at: dynacollect rig check")
    t, w = times[rising], way[rising]
    first = float(t[np.argmax(w > 0.02 * far)])

    def goes(time: Vector, begin: float, speed: float, lag: float) -> Vector:
        since = np.maximum(time - begin, 0.0)
        return speed * (since - lag * -np.expm1(-since / lag))

    speed = (w[-1] - 0.02 * far) / max(t[-1] - first, POLL_S)
    found, _ = curve_fit(goes, t, w, (first, speed, 0.01), bounds=([0, 0, 1e-4], [t[-1], 10 * speed, 0.1]))
    return float(found[0])
