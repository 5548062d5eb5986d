"""Two codings of the protocol that share nothing, the maker's parser and the stand-in's own, say the same bits."""

import struct

import can
import numpy as np
import pytest
from piper_sdk.piper_msgs.msg_v2 import PiperMessage
from piper_sdk.protocol.protocol_v2 import C_PiperParserV2
from scipy.spatial.transform import Rotation

from dynacollect.rig.piper import frames as can_id
from dynacollect.rig.piper.coding import Coding
from dynacollect.rig.piper.frames import Frame
from dynacollect.rig.piper.readings import Drive, Fast, Fingers, Hand, Limits, Slow, Status, Stroke, TwoJoints
from dynacollect.rig.piper.stand_in import coding as firmware

MANY = 300


@pytest.fixture(scope="module")
def ours() -> Coding:
    return Coding()


def maker(frame: Frame) -> PiperMessage:
    message = PiperMessage()
    assert C_PiperParserV2().DecodeMessage(can.Message(arbitration_id=frame.id, data=frame.data), message)
    return message


def test_joints_arrive_as_they_were_sent_both_ways(ours: Coding) -> None:
    rng = np.random.default_rng(0)
    for _ in range(MANY):
        raw = rng.integers(-180_000, 180_000, 6)
        angles = np.deg2rad(raw * 1e-3)
        heard = [ours.read(frame) for frame in firmware.joints(angles)]
        assert all(isinstance(part, TwoJoints) for part in heard)
        np.testing.assert_allclose([angle for part in heard for angle in part.angles], angles, atol=1e-9)  # type: ignore[union-attr]
        sent = ours.joints(angles)
        assert [frame.id for frame in sent] == list(can_id.MOTION)
        assert b"".join(frame.data for frame in sent) == struct.pack(">6i", *raw)
        np.testing.assert_allclose([firmware.two_angles(frame.data) for frame in sent], angles.reshape(3, 2), atol=1e-9)


def test_the_rest_of_the_feedback(ours: Coding) -> None:
    rng = np.random.default_rng(1)
    for _ in range(MANY):
        control, arm, errors = int(rng.integers(8)), int(rng.integers(16)), int(rng.integers(2**14))
        assert ours.read(firmware.status(control, arm, 1, arrived=True, errors=errors)) == Status(control, arm, errors)
        width, torque, flags = rng.uniform(-0.02, 0.1), rng.uniform(-5, 5), int(rng.integers(256))
        hand = ours.read(firmware.hand(width, torque, flags))
        assert isinstance(hand, Hand) and hand.flags == Fingers(flags)
        assert (hand.width, hand.torque) == (pytest.approx(width, abs=6e-7), pytest.approx(torque, abs=6e-4))
        joint, speed, load = int(rng.integers(6)), rng.uniform(-6, 6), rng.uniform(-30, 30)
        fast = ours.read(firmware.fast(joint, speed, load, 0.3))
        assert isinstance(fast, Fast) and fast.joint == joint
        assert (fast.velocity, fast.torque) == (pytest.approx(speed, abs=6e-4), pytest.approx(load, abs=7e-4))
        slow = ours.read(firmware.slow(joint, 24.3, -12.0, 61.0, flags))
        assert isinstance(slow, Slow) and slow.volts == pytest.approx(24.3)
        assert (slow.joint, slow.temperature_c, slow.flags) == (joint, 61.0, Drive(flags))
        lower, upper = sorted(rng.uniform(-3, 3, 2))
        limits = ours.read(firmware.limits(joint, lower, upper, 3.0))
        assert isinstance(limits, Limits) and limits.joint == joint and limits.velocity == pytest.approx(3.0)
        assert (limits.lower, limits.upper) == (pytest.approx(lower, abs=1e-3), pytest.approx(upper, abs=1e-3))
    assert ours.read(firmware.stroke(70)) == Stroke(70)


def test_what_only_the_maker_reads(ours: Coding) -> None:
    turn = Rotation.from_euler("xyz", [0.4, -1.1, 2.5])
    pose = PiperMessage()
    for frame in firmware.end_pose(np.array([0.1, -0.2, 0.3]), turn.as_matrix()):
        C_PiperParserV2().DecodeMessage(can.Message(arbitration_id=frame.id, data=frame.data), pose)
        assert ours.read(frame) is None
    told = pose.arm_end_pose
    assert (told.X_axis, told.Y_axis, told.Z_axis) == (100_000, -200_000, 300_000)
    said = np.deg2rad(1e-3 * np.array([told.RX_axis, told.RY_axis, told.RZ_axis]))
    np.testing.assert_allclose(said, [0.4, -1.1, 2.5], atol=1e-5)
    top = maker(firmware.top_acceleration(4, 5.0)).arm_feedback_current_motor_max_acc_limit
    assert (top.joint_motor_num, top.max_joint_acc) == (5, 5000)
    levels = maker(firmware.collision_levels([1, 2, 3, 4, 5, 6])).arm_crash_protection_rating_feedback
    assert (levels.joint_1_protection_level, levels.joint_6_protection_level) == (1, 6)
    assert maker(firmware.answer(0x471)).arm_feedback_resp_set_instruction.instruction_index == 0x71


def test_orders_have_the_bits_of_the_makers_tables(ours: Coding) -> None:
    expected = {
        ours.mode(1, 1, 80): (0x151, "01 01 50 00 00 00 00 00"),
        ours.enable(7): (0x471, "07 02 00 00 00 00 00 00"),
        ours.clear_errors(): (0x475, "07 00 00 7F FF AE 00 00"),
        ours.set_stroke(70): (0x47D, "64 46 01 00 00 00 00 00"),
        ours.ask_stroke(): (0x477, "04 00 00 00 03 00 00 00"),
        ours.ask_limits(5): (0x472, "06 01 00 00 00 00 00 00"),
        ours.ask_firmware(): (0x4AF, "01 00 00 00 00 00 00 00"),
        ours.gripper(0.045, 1.5): (0x159, "00 00 AF C8 05 DC 01 00"),
        ours.gripper(-0.001, 9.0, clear=True): (0x159, "FF FF FC 18 13 88 03 00"),
    }
    for frame, (key, data) in expected.items():
        assert (frame.id, frame.data) == (key, bytes.fromhex(data))
    assert firmware.grip(ours.gripper(0.045, 1.5).data) == (pytest.approx(0.045), pytest.approx(1.5), 1, 0)


def test_frames_that_are_cut_or_unknown_are_none(ours: Coding) -> None:
    whole = firmware.joints(np.ones(6))[0]
    for length in range(8):
        assert ours.read(Frame(whole.id, whole.data[:length])) is None
    known = {*can_id.FEEDBACK, *can_id.FAST, *can_id.SLOW, can_id.STROKE, can_id.LIMITS, can_id.FIRMWARE}
    unread = {can_id.POSE_1, can_id.POSE_2, can_id.POSE_3}
    for key in range(0x800):
        assert (ours.read(Frame(key, bytes(8))) is None) == (key not in known - unread)


def test_a_value_that_the_maker_does_not_know_is_told_as_such(ours: Coding) -> None:
    assert ours.read(firmware.status(0x55, 0x77, 1, arrived=True)) == Status(255, 255)
