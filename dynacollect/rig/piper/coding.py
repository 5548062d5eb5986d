"""Frames to readings and orders to frames, by the maker's own parser.

Only the parser: the maker's interface is one shared object per bus whose getters hand out what a thread goes on
changing, and it stamps three joint frames with one time, logs what could not be sent and drops odd frames in silence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DynacollectError
from ..nouns import Vector
from .frames import FAST, FEEL_12, FEEL_34, FEEL_56, FEEL_GRIPPER, FIRMWARE, LIMITS, SET, SLOW, STATUS, STROKE, Frame
from .readings import Drive, Fast, Fingers, FirmwareText, Hand, Limits, Reading, Slow, Status, Stroke, TwoJoints

PIECES = 8
"""Bytes of every frame that the arm sends."""
MILLIDEGREE = np.deg2rad(1e-3)
ALL_JOINTS, ALL_DRIVES = 7, 0xFF


def missing(error: ImportError) -> DynacollectError:
    """For whoever imports one of the two packages; one that is there but broken keeps its own words."""
    if isinstance(error, ModuleNotFoundError) and error.name in ("can", "piper_sdk"):
        package = {"can": "python-can", "piper_sdk": "piper_sdk"}[error.name]
        return DynacollectError(f"{package} is not installed; run: uv pip install 'dynacollect[piper]'")
    return DynacollectError(f"the PiPER's packages cannot be used ({error}); run: uv pip install 'dynacollect[piper]'")


class Coding:
    """One thread at a time: it writes into messages of its own."""

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                from can import Message
                from piper_sdk.piper_msgs.msg_v2 import ArmMsgType, PiperMessage
                from piper_sdk.protocol.protocol_v2 import C_PiperParserV2
        except ImportError as error:
            raise missing(error) from error
        self._parser, self._types, self._frame = C_PiperParserV2(), ArmMsgType, Message
        self._heard, self._said = PiperMessage(), PiperMessage()
        self._readers: dict[int, Callable[[Any, Frame], Reading]] = {
            STATUS: _status, FEEL_12: _two(0), FEEL_34: _two(2), FEEL_56: _two(4), FEEL_GRIPPER: _hand,
            STROKE: _stroke, LIMITS: _limits, FIRMWARE: lambda _, frame: FirmwareText(frame.data),
            **{key: _fast(joint) for joint, key in enumerate(FAST)},
            **{key: _slow(joint) for joint, key in enumerate(SLOW)},
        }  # fmt: skip

    def read(self, frame: Frame) -> Reading | None:
        """None for a frame that is none of ours, or not as long as it should be."""
        reader = self._readers.get(frame.id)
        if reader is None or len(frame.data) != PIECES:
            return None
        self._parser.DecodeMessage(self._frame(arbitration_id=frame.id, data=frame.data), self._heard)
        return reader(self._heard, frame)

    def joints(self, joints: Vector) -> list[Frame]:
        """The three frames of one set-point, rad."""
        said = self._said.arm_joint_ctrl
        for index, angle in enumerate(np.rint(joints / MILLIDEGREE)):
            setattr(said, f"joint_{index + 1}", int(angle))
        types = self._types
        return [
            self._frame_of(kind)
            for kind in (types.PiperMsgJointCtrl_12, types.PiperMsgJointCtrl_34, types.PiperMsgJointCtrl_56)
        ]

    def mode(self, control: int, move: int, speed_percent: int) -> Frame:
        said = self._said.arm_motion_ctrl_2
        said.ctrl_mode, said.move_mode, said.move_spd_rate_ctrl = control, move, speed_percent
        said.mit_mode = said.residence_time = said.installation_pos = 0
        return self._frame_of(self._types.PiperMsgMotionCtrl_2)

    def gripper(self, width: float, torque: float, *, clear: bool = False) -> Frame:
        """Enabled, with its faults cleared where so asked; metres and N m."""
        said = self._said.arm_gripper_ctrl
        said.grippers_angle, said.grippers_effort = round(width * 1e6), min(max(round(torque * 1e3), 0), 5000)
        said.status_code, said.set_zero = 3 if clear else 1, 0
        return self._frame_of(self._types.PiperMsgGripperCtrl)

    def enable(self, drives: int) -> Frame:
        said = self._said.arm_motor_enable
        said.motor_num, said.enable_flag = drives, 2
        return self._frame_of(self._types.PiperMsgMotorEnableDisableConfig)

    def clear_errors(self) -> Frame:
        """Of all joints; neither zero nor acceleration is touched."""
        said = self._said.arm_joint_config
        said.joint_motor_num, said.set_motor_current_pos_as_zero = ALL_JOINTS, 0
        said.acc_param_config_is_effective_or_not, said.max_joint_acc, said.clear_joint_err = 0, 0x7FFF, SET
        return self._frame_of(self._types.PiperMsgJointConfig)

    def set_stroke(self, millimetres: int) -> Frame:
        said = self._said.arm_gripper_teaching_param_config
        said.teaching_range_per, said.max_range_config, said.teaching_friction = 100, millimetres, 1
        return self._frame_of(self._types.PiperMsgGripperTeachingPendantParamConfig)

    def ask_stroke(self) -> Frame:
        said = self._said.arm_param_enquiry_and_config
        said.param_enquiry, said.param_setting, said.data_feedback_0x48x = 4, 0, 0
        said.end_load_param_setting_effective, said.set_end_load = 0, 3
        return self._frame_of(self._types.PiperMsgParamEnquiryAndConfig)

    def ask_limits(self, joint: int) -> Frame:
        said = self._said.arm_search_motor_max_angle_spd_acc_limit
        said.motor_num, said.search_content = joint + 1, 1
        return self._frame_of(self._types.PiperMsgSearchMotorMaxAngleSpdAccLimit)

    @staticmethod
    def ask_firmware() -> Frame:
        return Frame(FIRMWARE, bytes([1, 0, 0, 0, 0, 0, 0, 0]))

    def _frame_of(self, kind: Any) -> Frame:
        frame = self._frame()
        self._said.type_ = kind
        self._parser.EncodeMessage(self._said, frame)
        return Frame(frame.arbitration_id, bytes(frame.data))


def _status(heard: Any, _: Frame) -> Status:
    said = heard.arm_status_msgs
    return Status(int(said.ctrl_mode.value), int(said.arm_status.value), int(said.err_code))


def _two(first: int) -> Callable[[Any, Frame], TwoJoints]:
    names = f"joint_{first + 1}", f"joint_{first + 2}"

    def read(heard: Any, _: Frame) -> TwoJoints:
        one, other = (getattr(heard.arm_joint_feedback, name) * MILLIDEGREE for name in names)
        return TwoJoints(first, (one, other))

    return read


def _hand(heard: Any, _: Frame) -> Hand:
    said = heard.gripper_feedback
    return Hand(1e-6 * said.grippers_angle, 1e-3 * said.grippers_effort, Fingers(said.status_code))


def _fast(joint: int) -> Callable[[Any, Frame], Fast]:
    name = f"arm_high_spd_feedback_{joint + 1}"

    def read(heard: Any, _: Frame) -> Fast:
        said = getattr(heard, name)
        return Fast(joint, 1e-3 * said.motor_speed, 1e-3 * said.cal_effort())

    return read


def _slow(joint: int) -> Callable[[Any, Frame], Slow]:
    name = f"arm_low_spd_feedback_{joint + 1}"

    def read(heard: Any, _: Frame) -> Slow:
        said = getattr(heard, name)
        return Slow(joint, 0.1 * said.vol, float(max(said.foc_temp, said.motor_temp)), Drive(said.foc_status_code))

    return read


def _stroke(heard: Any, _: Frame) -> Stroke:
    return Stroke(int(heard.arm_gripper_teaching_param_feedback.max_range_config))


def _limits(heard: Any, _: Frame) -> Limits:
    said = heard.arm_feedback_current_motor_angle_limit_max_spd
    lower, upper = (np.deg2rad(0.1 * angle) for angle in (said.min_angle_limit, said.max_angle_limit))
    return Limits(int(said.motor_num) - 1, float(lower), float(upper), 1e-3 * said.max_joint_spd)
