"""Where the driver wants the joints: it differs from the set-points nowhere, and stops within the limits."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.arms import arm as arm_model
from dynacollect.rig.franka.reference import Reference
from dynacollect.rig.nouns import SetPoints

ARM = arm_model("franka-fr3")
STEP = 1.0 / ARM.rate_hz


def swing(begin: float, seconds: float) -> SetPoints:
    times = np.asarray(begin + STEP * np.arange(round(seconds / STEP) + 1), np.float64)
    joints = ARM.home + 0.1 * (1.0 - np.cos(2.0 * np.pi * (times - begin)))[:, None] * np.ones(7)
    return SetPoints(times, joints)


def test_motion_is_that_of_the_set_points() -> None:
    reference = Reference(ARM)
    reference.follow(swing(2.0, 1.0))
    for time in np.arange(2.05, 2.95, 0.013).tolist():
        wanted, phase = reference.at(time), 2.0 * np.pi * (time - 2.0)
        assert wanted.joints == pytest.approx(ARM.home + 0.1 * (1.0 - np.cos(phase)), abs=1e-4)
        assert wanted.velocity == pytest.approx(np.full(7, 0.2 * np.pi * np.sin(phase)), abs=0.01)
        assert wanted.acceleration == pytest.approx(np.full(7, 0.4 * np.pi**2 * np.cos(phase)), abs=0.15)


def test_what_does_not_go_on_from_the_last_begins_from_rest() -> None:
    reference = Reference(ARM)
    assert reference.follow(swing(0.0, 1.0))
    elsewhere = SetPoints(np.array([0.3, 0.5]), np.repeat(ARM.home[None] + 0.01, 2, axis=0))
    assert not reference.follow(elsewhere)
    wanted = reference.at(0.3)
    assert wanted.joints == pytest.approx(ARM.home + 0.01)
    assert np.abs(wanted.velocity).max() < 1e-9 and np.abs(wanted.acceleration).max() < 1e-9


@pytest.mark.parametrize("at", [0.1, 0.25, 0.4, 0.6, 0.8])
def test_a_stop_keeps_the_limits_and_ends_in_standstill(at: float) -> None:
    reference = Reference(ARM)
    reference.follow(swing(0.0, 1.0))
    reference.rest(at)
    path = np.array([reference.at(time).joints for time in np.arange(at - 3 * STEP, at + 1.5, STEP).tolist()])
    speed = np.diff(path, axis=0) / STEP
    assert np.all(np.abs(speed) < ARM.max_velocity)
    assert np.all(np.abs(np.diff(speed, axis=0)) / STEP < ARM.max_acceleration)
    assert np.abs(speed[-20:]).max() == 0.0
