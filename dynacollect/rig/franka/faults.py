"""What of a Franka's state keeps it from working."""

from __future__ import annotations

from ..nouns import Fault
from .link import Reading

USER_STOP = Fault("estop", "the user stop is pressed; release it when all are clear of the arm", needs_person=True)
GUIDED = Fault("estop", "the arm is being guided by hand; let go of its buttons", needs_person=True)
LOCKED = Fault("drives_off", "its joints are locked; unlock them in Desk", needs_person=True)
SELF_TEST = Fault("self_test_due", "its daily self-test is due; run it in Desk", needs_person=True)
LINE = "communication_constraints_violation"


def stopping(reading: Reading) -> Fault | None:
    """What stops the arm, so that nothing may be sent until it has been recovered."""
    if reading.mode == "UserStopped":
        return USER_STOP
    if reading.mode == "Guiding":
        return GUIDED
    if LINE in reading.errors:
        return Fault("communication", "set-points came too late, 20 in a row; see that the host has time for them")
    if reading.errors or reading.mode == "Reflex":
        return Fault("reflex", f"it stopped itself: {', '.join(reading.errors) or 'a reflex'}".replace("_", " "))
    return LOCKED if reading.mode == "Other" else None


def ended(why: str) -> Fault:
    """The controller has come to an end, and the state does not tell why."""
    if "self-test" in why:
        return Fault(SELF_TEST.name, why, needs_person=True)
    name = "reflex" if "reflex" in why or "aborted" in why else "communication"
    return Fault(name, why or "the arm left its controller without a word")
