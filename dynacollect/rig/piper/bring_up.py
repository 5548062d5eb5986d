"""From an open bus to an arm that may be moved: one check after the other, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from ..arms.model import ArmModel
from ..clock import Clock
from ..errors import DynacollectError
from .coding import ALL_DRIVES, ALL_JOINTS, Coding
from .config import PiperArm, PiperSim
from .faults import leads, stopping
from .feedback import Feedback
from .frames import CAN_MODE, MOVE_J, Frame

LOOK_S, AGAIN_S, ANSWER_S = 0.01, 0.05, 1.0
"""How often it is looked, how often a question is put again, and how long an answer may take."""
ZERO_S = 0.2
"""Joints that are exactly zero for so long were never measured."""
FULL_PERCENT = 100
NEW_ZERO, OLDEST = (1, 6, 3), (1, 5, 2)
"""Firmware from which on `dh_is_offset` is 1, and the oldest that can be told the gripper's travel."""
LIMIT_OFF, BEYOND = np.deg2rad(1.0), np.deg2rad(3.0)
"""How far the drives' limits may be off, and the joints beyond them."""
FOLLOWER = "make it a follower (piper_sdk's demo V2/piper_set_slave.py, no other arm plugged in) and power it anew"

Say = Callable[[Iterable[Frame]], None]


class BringUp:
    """Of one arm; what is heard meanwhile arrives in `feedback`, by whoever steps the driver."""

    def __init__(
        self, config: PiperArm | PiperSim, model: ArmModel, clock: Clock, coding: Coding, feedback: Feedback, say: Say
    ) -> None:
        self._config, self._model, self._clock, self._coding = config, model, clock, coding
        self._feedback, self._say = feedback, say
        self._stroke_mm = round(1e3 * model.gripper.max_width)

    def greet(self) -> None:
        """The arm speaks, is a follower of a known firmware, and reports joints that can be true."""
        feedback, now = self._feedback, self._clock.now()
        if not self._until(lambda: max(feedback.heard_at, feedback.shifted_at) >= now, ANSWER_S):
            raise DynacollectError(
                "the CAN bus is silent; power the arm, check CAN-H and CAN-L, and that nothing else on the bus runs at "
                "another rate than 1 Mbit/s"
            )
        self._must_follow()
        self._must_show_joints(now)
        self._must_know_firmware()
        self._must_be_calm()
        self._must_have_its_limits()

    def hear_again(self) -> None:
        """After a fault: what is known is new."""
        now = self._clock.now()
        self._must_follow()
        self._must_show_joints(now)
        self._must_be_calm()

    def prepare(self) -> None:
        """Errors cleared, drives enabled, gripper set up; the arm holds itself where it is."""
        self._must_stand_inside()
        self._say([self._coding.clear_errors()])
        self._enable()
        self._set_stroke()

    def take_control(self) -> None:
        """The controller takes joints from the bus, and nothing keeps it from moving."""
        feedback = self._feedback
        mode = self._coding.mode(CAN_MODE, MOVE_J, FULL_PERCENT)
        if not self._until(lambda: stopping(feedback, self._clock.now()) is None, ANSWER_S, lambda: [mode]):
            fault = stopping(feedback, self._clock.now())
            raise DynacollectError(
                f"the arm cannot be moved: {fault.detail if fault else 'it changes its mode'}; free it, then recover it"
            )

    def _must_follow(self) -> None:
        # A controller that was just powered says its mode a little later than its joints.
        self._until(lambda: self._feedback.status is not None, ANSWER_S)
        if leads(self._feedback, self._clock.now()):
            raise DynacollectError(f"the arm is in leader mode and takes no commands; {FOLLOWER}")

    def _must_show_joints(self, since: float) -> None:
        feedback = self._feedback

        def shown() -> bool:
            return feedback.newest is not None and feedback.newest.at >= since

        if not self._until(shown, ANSWER_S):
            raise DynacollectError(
                "the arm sends no whole set of joints; check wiring and termination (120 ohm at both ends), and what "
                "else loads the bus"
            )
        if not self._until(lambda: feedback.newest is not None and bool(feedback.newest.joints.any()), ZERO_S):
            raise DynacollectError(
                f"the arm reports all joints as exactly zero, as in leader mode or with old firmware; {FOLLOWER}, or "
                "update its firmware"
            )

    def _must_know_firmware(self) -> None:
        feedback = self._feedback
        self._until(lambda: feedback.firmware != "", ANSWER_S, lambda: [self._coding.ask_firmware()])
        version = version_of(feedback.firmware)
        if version is None:
            raise DynacollectError("the arm does not tell its firmware; power it anew, or update the firmware")
        if version < OLDEST:
            raise DynacollectError(
                f"firmware {feedback.firmware} is older than S-V1.5-2, whose messages this needs; update it"
            )
        right = int(version >= NEW_ZERO)
        flag = self._config.dh_is_offset if isinstance(self._config, PiperArm) else 1
        if flag != right:
            raise DynacollectError(
                f"firmware {feedback.firmware} has its joint zero where dh_is_offset is {right}, and the rig says "
                f"{flag}, which is 2 degrees off; write arm.dh_is_offset: {right}, or update the firmware"
            )

    def _must_be_calm(self) -> None:
        """Nothing that only a person may end."""
        fault = stopping(self._feedback, self._clock.now())
        if fault is not None and fault.needs_person and fault.name != "drives_off":
            raise DynacollectError(f"the arm cannot be used: {fault.detail}")

    def _must_have_its_limits(self) -> None:
        """Limits that were corrupted or narrowed; an arm that does not tell them is taken as it is."""
        limits, model = self._feedback.limits, self._model
        asked = [self._coding.ask_limits(joint) for joint in range(model.joints)]
        self._until(lambda: len(limits) == model.joints, ANSWER_S, lambda: asked)
        for joint, told in sorted(limits.items()):
            if told.lower > model.lower[joint] + LIMIT_OFF or told.upper < model.upper[joint] - LIMIT_OFF:
                raise DynacollectError(
                    f"joint {joint + 1} of the arm is limited to {np.rad2deg(told.lower):.0f} to "
                    f"{np.rad2deg(told.upper):.0f} degrees; set its limits to the default "
                    "(ArmParamEnquiryAndConfig(param_setting=2) of piper_sdk) and power it anew"
                )
            if told.velocity < model.max_velocity[joint] - 1e-3:
                share = told.velocity / (model.max_velocity[joint] / self._config.speed_share)
                raise DynacollectError(
                    f"joint {joint + 1} of the arm is limited to {told.velocity:.2f} rad/s; raise that, or write "
                    f"arm.speed_share: {max(share - 0.005, 0.05):.2f}"
                )

    def _must_stand_inside(self) -> None:
        """At its stops an arm may report a little beyond its limits; farther out, taking it over would throw it."""
        newest, model = self._feedback.newest, self._model
        if newest is None:
            return
        beyond = np.maximum(model.lower - newest.joints, newest.joints - model.upper)
        joint = int(beyond.argmax())
        if beyond[joint] > BEYOND:
            raise DynacollectError(
                f"joint {joint + 1} reports {np.rad2deg(newest.joints[joint]):.0f} degrees, which is beyond its limit; "
                "support the arm, bring the joint back by hand with its power off, and check its zero"
            )

    def _enable(self) -> None:
        feedback = self._feedback
        orders = [self._coding.enable(ALL_JOINTS), self._coding.enable(ALL_DRIVES)]
        if not self._until(lambda: all(feedback.enabled), self._config.enable_s, lambda: orders):
            missing = [str(joint + 1) for joint, on in enumerate(feedback.enabled) if not on]
            raise DynacollectError(
                f"joint {', '.join(missing)} did not enable within {self._config.enable_s:g} s; support the arm, "
                "release the emergency stop, and power it anew"
            )

    def _set_stroke(self) -> None:
        feedback, wanted = self._feedback, self._stroke_mm
        ask, tell = self._coding.ask_stroke(), self._coding.set_stroke(wanted)
        feedback.stroke = None

        def frames() -> list[Frame]:
            return [ask] if feedback.stroke is None else [tell, ask]

        def set_up() -> bool:
            return feedback.stroke is not None and feedback.stroke.millimetres == wanted

        if not self._until(set_up, ANSWER_S, frames):
            said = "tells no travel" if feedback.stroke is None else f"keeps to {feedback.stroke.millimetres} mm"
            raise DynacollectError(
                f"the gripper {said} where {wanted} mm are wanted; check its cable and arm.stroke_mm, then power the "
                "arm anew"
            )

    def _until(
        self, reached: Callable[[], bool], within_s: float, frames: Callable[[], list[Frame]] | None = None
    ) -> bool:
        """Let time pass until it is so; say the frames at once and again meanwhile."""
        clock = self._clock
        end, say_at = clock.now() + within_s, clock.now()
        while not reached():
            now = clock.now()
            if now >= end:
                return False
            if frames is not None and now >= say_at:
                self._say(frames())
                say_at = now + AGAIN_S
            clock.wait_until(now + LOOK_S)
        return True


def version_of(firmware: str) -> tuple[int, int, int] | None:
    """(1, 8, 2) of `S-V1.8-2`."""
    found = re.fullmatch(r"S-V(\d+)\.(\d+)-(\d+)\D*", firmware)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
