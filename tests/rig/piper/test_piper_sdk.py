"""The maker's own interface talks to the stand-in over a bus in this process, and believes that it is an arm."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import can
import numpy as np
import pytest
from piper_sdk import C_PiperInterface_V2

from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.clock import HostClock
from dynacollect.rig.piper.stand_in.serving import serving
from dynacollect.rig.piper.stand_in.stand_in import StandIn

_channels = count()
PATIENCE_S = 20.0


def until(reached: Callable[[], bool], say: Callable[[], object] = lambda: None) -> bool:
    clock = HostClock()
    end = clock.now() + PATIENCE_S
    while not reached() and clock.now() < end:
        say()
        clock.wait_until(clock.now() + 0.02)
    return reached()


@pytest.fixture(scope="module")
def talking() -> Iterator[tuple[C_PiperInterface_V2, StandIn]]:
    channel = f"sdk-{next(_channels)}"
    with can.Bus(interface="virtual", channel=channel) as bus, serving(bus, thing_m=0.02) as stand_in:
        arm = C_PiperInterface_V2(channel, judge_flag=False, can_auto_init=False)
        arm.CreateCanBus(channel, "virtual", 1_000_000, False)
        arm.ConnectPort()
        yield arm, stand_in
        arm.DisconnectPort()


def joints_of(arm: C_PiperInterface_V2) -> np.ndarray:
    told = arm.GetArmJointMsgs().joint_state
    return np.deg2rad([1e-3 * getattr(told, f"joint_{index}") for index in range(1, 7)])


def answers(arm: C_PiperInterface_V2, motor: Any) -> tuple[Any, Any]:
    """A joint's limits, and its top acceleration."""
    arm.SearchMotorMaxAngleSpdAccLimit(motor, 1)
    arm.SearchMotorMaxAngleSpdAccLimit(motor, 2)
    assert until(lambda: arm.GetCurrentMotorAngleLimitMaxVel().current_motor_angle_limit_max_vel.motor_num == motor)
    assert until(lambda: arm.GetCurrentMotorMaxAccLimit().current_motor_max_acc_limit.joint_motor_num == motor)
    limit = arm.GetCurrentMotorAngleLimitMaxVel().current_motor_angle_limit_max_vel
    return limit, arm.GetCurrentMotorMaxAccLimit().current_motor_max_acc_limit


def test_what_it_asks_on_connecting_is_answered(talking: tuple[C_PiperInterface_V2, StandIn]) -> None:
    arm, _ = talking
    assert until(lambda: arm.GetPiperFirmwareVersion() == "S-V1.8-2")
    # One joint at a time: its table of all joints ends up with the last answer in every row.
    for joint in range(6):
        limit, top = answers(arm, joint + 1)
        degrees = np.array([limit.min_angle_limit, limit.max_angle_limit]) / 10
        np.testing.assert_allclose(degrees, np.rad2deg([PIPER.lower[joint], PIPER.upper[joint]]))
        assert (limit.max_joint_spd, top.max_joint_acc) == (3000, 5000)
    assert until(lambda: arm.isOk() and arm.GetCanFps() > 0)


def test_it_reads_where_the_arm_is(talking: tuple[C_PiperInterface_V2, StandIn]) -> None:
    arm, stand_in = talking
    assert until(lambda: bool(np.abs(joints_of(arm) - stand_in.body.joints()[0]).max() < 1e-4))
    # The maker's forward kinematics of those joints is the pose that the stand-in reports, within its own rounding.
    arm.EnableFkCal()
    pose = arm.GetArmEndPoseMsgs().end_pose
    told = 1e-3 * np.array([pose.X_axis, pose.Y_axis, pose.Z_axis])
    assert until(lambda: any(arm.GetFK("feedback")[-1]))
    flange = np.array(arm.GetFK("feedback")[-1][:3])
    assert np.linalg.norm(told - flange) == pytest.approx(1e3 * PIPER.T_flange_tool.translation[2], abs=0.5)


def test_it_enables_moves_and_grips(talking: tuple[C_PiperInterface_V2, StandIn]) -> None:
    arm, stand_in = talking
    assert until(lambda: all(arm.GetArmEnableStatus()), lambda: arm.EnablePiper())
    arm.GripperTeachingPendantParamConfig(100, 70)
    goal = PIPER.home + np.array([0.2, 0.1, 0.1, 0.1, -0.1, 0.1])

    def say() -> None:
        arm.MotionCtrl_2(0x01, 0x01, 100, 0x00)
        arm.JointCtrl(*(int(angle) for angle in np.rint(np.rad2deg(goal) * 1e3)))
        arm.GripperCtrl(0, 1000, 0x01, 0)

    def there() -> bool:
        closed = arm.GetArmGripperMsgs().gripper_state.grippers_angle < 21_000
        return closed and bool(np.abs(joints_of(arm) - goal).max() < 1e-3)

    assert until(there, say)
    assert int(arm.GetArmStatus().arm_status.ctrl_mode) == 1 and int(arm.GetArmStatus().arm_status.arm_status) == 0
    hand = arm.GetArmGripperMsgs().gripper_state
    assert until(lambda: arm.GetArmGripperMsgs().gripper_state.grippers_effort == 1000, say)
    assert hand.grippers_angle == pytest.approx(20_000, abs=10)
    assert stand_in.firmware.stroke_mm == 70


def test_a_reset_lets_it_fall_and_enabling_must_then_be_said_twice(
    talking: tuple[C_PiperInterface_V2, StandIn],
) -> None:
    arm, stand_in = talking
    assert until(lambda: all(arm.GetArmEnableStatus()), lambda: arm.EnablePiper())
    arm.ResetPiper()
    assert until(lambda: stand_in.firmware.dropped_it and not any(stand_in.firmware.enabled))
    arm.EnableArm(7)
    assert until(lambda: stand_in.firmware.enables_due == 1)
    assert not any(stand_in.firmware.enabled)
    arm.EnableArm(7)
    assert until(lambda: all(stand_in.firmware.enabled))
