"""Every failing of the arm, made in the stand-in at the level of the protocol and told by the driver.

In this order: the last test ends the stand-in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dynacollect.collector.session.fault_table import BY_NAME
from dynacollect.rig.franka.arm import Franka
from dynacollect.rig.franka.running import RunningStandIn
from dynacollect.rig.nouns import Grip, SetPoints

Wait = Callable[[Callable[[], bool]], bool]
pytestmark = pytest.mark.slow


def nod(arm: Franka, now: float, by: float = 0.05, grip: Grip | None = None) -> SetPoints:
    """A small and smooth motion of the last joint from where it is."""
    times = np.asarray(now + np.arange(201) / 200.0, np.float64)
    joints = np.repeat(arm.read().joints[None], 201, axis=0)
    joints[:, 6] += by * 0.5 * (1.0 - np.cos(np.pi * (times - now)))
    return SetPoints(times, joints, grip)


def name(arm: Franka) -> str:
    fault = arm.read().fault
    return "" if fault is None else fault.name


@pytest.mark.parametrize(
    "error", ["joint_reflex", pytest.param("communication_constraints_violation", marks=pytest.mark.long)]
)
def test_an_error_stops_the_arm_until_it_is_recovered(
    arm: Franka, stand_in: RunningStandIn, soon: Wait, error: str
) -> None:
    arm.command(nod(arm, stand_in.clock.now()))
    stand_in.say(f"fail {error}")
    assert soon(lambda: bool(name(arm)))
    assert name(arm) == ("communication" if error == "communication_constraints_violation" else "reflex")
    assert ("arm", name(arm)) in BY_NAME
    assert arm.health().faults[0].name == name(arm)
    stand_in.clock.wait_until(stand_in.clock.now() + 0.2)
    held = arm.read().joints
    arm.command(nod(arm, stand_in.clock.now()))
    stand_in.clock.wait_until(stand_in.clock.now() + 0.7)
    assert np.abs(arm.read().joints - held).max() < 0.002, "no command passes while a fault stands"
    recoveries = arm.health().recoveries
    assert arm.recover()
    assert name(arm) == ""
    assert arm.health().recoveries == recoveries + 1
    arm.command(nod(arm, stand_in.clock.now()))
    assert soon(lambda: arm.read().joints[6] - held[6] > 0.04)


def test_a_user_stop_waits_for_a_person(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    stand_in.say("fail user_stop")
    assert soon(lambda: name(arm) == "estop")
    fault = arm.read().fault
    assert fault is not None and fault.needs_person
    assert not arm.recover()
    assert name(arm) == "estop"
    stand_in.say("heal")
    assert soon(arm.recover)
    assert name(arm) == ""


def test_a_user_stop_before_connecting_is_told(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    arm.close()
    stand_in.say("fail user_stop")
    stand_in.clock.wait_until(stand_in.clock.now() + 0.1)
    arm.connect()
    assert name(arm) == "estop"
    stand_in.say("heal")
    assert soon(arm.recover)


def test_a_reflex_that_cannot_be_cleared_stays(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    stand_in.say("fail rejects")
    stand_in.say("fail joint_reflex")
    assert soon(lambda: name(arm) == "reflex")
    assert not arm.recover()
    fault = arm.read().fault
    assert fault is not None and fault.name == "reflex" and "manual error recovery" in fault.detail


def test_lost_feedback_is_stale_then_communication_and_comes_back(
    arm: Franka, stand_in: RunningStandIn, soon: Wait
) -> None:
    stand_in.say("mute 1")
    assert soon(lambda: any(fault.name == "stale" for fault in arm.health().faults))
    assert soon(lambda: name(arm) == "communication")
    arm.command(nod(arm, stand_in.clock.now()))
    arm.stop()
    stand_in.say("mute 0")
    assert soon(arm.recover)
    held = arm.read().joints
    arm.command(nod(arm, stand_in.clock.now()))
    assert soon(lambda: arm.read().joints[6] - held[6] > 0.04)


def test_stop_comes_to_rest_and_holds(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    clock = stand_in.clock
    arm.command(nod(arm, clock.now(), 0.6))
    assert soon(lambda: abs(arm.read().joint_velocity[6]) > 0.3)
    arm.stop()
    assert soon(lambda: bool(np.abs(arm.read().joint_velocity).max() < 0.01))
    held = arm.read().joints
    clock.wait_until(clock.now() + 0.3)
    assert np.abs(arm.read().joints - held).max() < 0.005
    assert not arm.health().faults


def test_the_hand_never_holds_a_tick_up_and_tells_what_it_holds(
    arm: Franka, stand_in: RunningStandIn, soon: Wait
) -> None:
    clock = stand_in.clock
    stand_in.say("wall 0.04")
    before = clock.now()
    arm.command(nod(arm, before, 0.0, Grip(0.0, 40.0)))
    assert clock.now() - before < 0.2
    assert soon(lambda: arm.read().gripper_force == 40.0)
    assert abs(arm.read().gripper_width - 0.04) < 0.003
    stand_in.say("wall 0")
    arm.command(nod(arm, clock.now(), 0.0, Grip(0.08, 40.0)))
    assert soon(lambda: arm.read().gripper_width > 0.075)
    assert arm.read().gripper_force == 0.0


def test_an_order_cuts_the_one_under_way_short(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    arm.command(nod(arm, stand_in.clock.now(), 0.0, Grip(0.0, 40.0)))
    assert soon(lambda: arm.read().gripper_width < 0.06)
    arm.command(nod(arm, stand_in.clock.now(), 0.0, Grip(0.08, 40.0)))
    assert soon(lambda: arm.read().gripper_width > 0.075)
    assert not arm.health().faults


def test_a_dead_control_unit_is_told_and_nothing_is_thrown(arm: Franka, stand_in: RunningStandIn, soon: Wait) -> None:
    stand_in.kill()
    assert soon(lambda: name(arm) == "communication")
    arm.command(nod(arm, stand_in.clock.now()))
    arm.stop()
    assert not arm.recover()
    assert "FCI" in arm.health().faults[0].detail
