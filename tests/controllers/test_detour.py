"""The way out of refusals: only when standing, only for a moment, and never without the grip."""

from __future__ import annotations

import numpy as np

from dynacollect.controllers.detour import BARRED, DETOUR_S, PATIENCE, Detour
from dynacollect.controllers.safety import Intervention
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.nouns import ArmState, Command, Grip

ARM = ARMS["franka-panda"]
REFUSED = (Intervention("box", "out of it"),)
WANTED = Command(kinematics.forward(ARM, ARM.home), velocity=np.ones(3), grip=Grip(0.0, 30.0), reach_at=2.0)


def arm(speed: float) -> ArmState:
    rates = np.full(ARM.joints, speed)
    return ArmState(ARM.home, rates, rates, kinematics.forward(ARM, ARM.home), 0.05, 0.0, 0.0, 0.0)


def refused(times: int, speed: float = 0.0) -> Detour:
    detour = Detour(ARM.home)
    for _ in range(times):
        detour.saw(REFUSED, arm(speed), 1.0)
    return detour


def test_refused_again_and_again_it_goes_home_for_a_moment() -> None:
    detour = refused(PATIENCE)
    command = detour.instead_of(WANTED, 1.0 + 0.9 * DETOUR_S)
    assert command.joints is not None
    np.testing.assert_array_equal(command.joints, ARM.home)
    assert command.T_base_tool is None and command.velocity is None and command.reach_at is None
    assert command.grip == WANTED.grip
    assert detour.instead_of(WANTED, 1.0 + DETOUR_S) is WANTED


def test_fewer_refusals_change_nothing() -> None:
    assert refused(PATIENCE - 1).instead_of(WANTED, 1.0) is WANTED


def test_a_moving_arm_does_not_turn_back() -> None:
    assert refused(5 * PATIENCE, speed=0.5).instead_of(WANTED, 1.0) is WANTED


def test_only_refusals_in_a_row_count() -> None:
    detour = refused(PATIENCE - 1)
    detour.saw((), arm(0.0), 1.0)
    detour.saw(REFUSED, arm(0.0), 1.0)
    assert detour.instead_of(WANTED, 1.0) is WANTED


def test_only_where_the_way_is_barred() -> None:
    detour = Detour(ARM.home)
    for reason in ("stale", "off_track", "jump", "grip"):
        assert reason not in BARRED
        for _ in range(PATIENCE):
            detour.saw((Intervention(reason, ""),), arm(0.0), 1.0)
    assert detour.instead_of(WANTED, 1.0) is WANTED
