"""What of a PiPER's own flags is a fault, and which of them stop the arm."""

from __future__ import annotations

from ..nouns import Fault
from .feedback import Feedback
from .frames import CAN_MODE, LEADER_MODE, TEACH_MODE
from .readings import Drive, Fingers

BY_STATUS: dict[int, Fault] = {
    1: Fault("estop", "the emergency stop is on; support the arm, release it, and power it anew", needs_person=True),
    2: Fault("over_limit", "the controller finds no solution for its target"),
    3: Fault("over_limit", "the controller calls its target singular"),
    4: Fault("over_limit", "the controller says that its target is over a limit"),
    5: Fault("communication", "the controller cannot talk to a joint"),
    6: Fault("brake", "a joint's brake is not released"),
    7: Fault("collision", "the controller felt a collision and stopped"),
    8: Fault("teaching", "the arm is being led by hand", needs_person=True),
    9: Fault("joint_error", "a joint's drive reports an error"),
    10: Fault("joint_error", "the controller reports an error that it does not name"),
    11: Fault("teaching", "a teaching is being recorded", needs_person=True),
    12: Fault("teaching", "a teaching is being played", needs_person=True),
    13: Fault("teaching", "a teaching is paused", needs_person=True),
    14: Fault("overheated", "the controller is too hot and stopped the arm"),
    15: Fault("overheated", "the brake resistor is too hot and stopped the arm"),
}
"""By the status that the controller reports; 0 is well."""
LEADER = Fault("leader_mode", "the arm went to leader mode; make it a follower, and power it anew", needs_person=True)
TEACHING = Fault("teaching", "somebody pressed the arm's teaching button; press it again", needs_person=True)
STANDBY = Fault("mode_lost", "the controller left CAN control by itself")
HOT = Drive.MOTOR_HOT | Drive.DRIVE_HOT
HAND_FAILS = Fingers.ERROR | Fingers.SENSOR | Fingers.OVER_CURRENT | Fingers.LOW_VOLTAGE
SHIFTED_S = 0.2
"""Frames of a leader count for so long."""
MOST_TORN, MOST_LOST = 3, 20
"""In a second: more are a fault."""


def leads(feedback: Feedback, now: float) -> bool:
    """Whether the arm, or another one on its bus, gives commands instead of taking them."""
    in_mode = feedback.status is not None and feedback.status.control == LEADER_MODE
    return in_mode or now - feedback.shifted_at < SHIFTED_S


def stopping(feedback: Feedback, now: float) -> Fault | None:
    """The worst of what stops the arm, so that nothing may be sent until it has been recovered."""
    if leads(feedback, now):
        return LEADER
    if now - feedback.other_master_at < SHIFTED_S:
        return Fault("other_master", "somebody else on the bus commands the arm; unplug or stop it", needs_person=True)
    status = feedback.status
    told = BY_STATUS.get(status.arm) if status else None
    if told is not None and told.name == "estop":
        return told
    return _by_drives(feedback) or told or _by_mode(feedback)


def standing(feedback: Feedback, now: float, stroke_mm: int) -> list[Fault]:
    """What is wrong without stopping the arm."""
    found = []
    if (torn := feedback.torn(now)) > MOST_TORN:
        found.append(Fault("torn", f"{torn} sets of joint frames in a second did not belong together"))
    elif (lost := feedback.lost(now)) > MOST_LOST:
        found.append(Fault("frames_lost", f"{lost} sets of joint frames in a second lacked one"))
    hot = [joint + 1 for joint, drive in feedback.drives.items() if drive.flags & HOT]
    if hot:
        found.append(Fault("hot", f"the drive of joint {hot[0]} says that it is too hot"))
    if feedback.hand is not None and feedback.hand.flags & HAND_FAILS:
        found.append(Fault("gripper_error", f"its drive reports {feedback.hand.flags & HAND_FAILS!r}"))
    if feedback.stroke is not None and feedback.stroke.millimetres != stroke_mm:
        found.append(
            Fault("gripper_stroke", f"it is set up for {feedback.stroke.millimetres} mm of travel, not {stroke_mm}")
        )
    return found


def _by_drives(feedback: Feedback) -> Fault | None:
    for joint, drive in sorted(feedback.drives.items()):
        name = f"the drive of joint {joint + 1}"
        if not drive.flags & Drive.ENABLED:
            return Fault("drives_off", f"{name} is off; support the arm, then enable it", needs_person=True)
        if drive.flags & Drive.COLLISION:
            return Fault("collision", f"{name} felt a collision")
        if drive.flags & Drive.STALLED:
            return Fault("stalled", f"{name} has stalled")
        if drive.flags & Drive.ERROR:
            return Fault("joint_error", f"{name} reports an error")
    return None


def _by_mode(feedback: Feedback) -> Fault | None:
    status = feedback.status
    if status is None or status.control == CAN_MODE:
        return None
    return TEACHING if status.control == TEACH_MODE else STANDBY
