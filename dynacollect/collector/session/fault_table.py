"""What is done against every fault: one table, which the supervisor reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Device = Literal["camera", "arm", "gripper", "object", "session"]
Deed = Literal["wait", "restart", "recover", "exercise", "look anew", "look at the arm", "set anew", "none"]
"""wait: let time pass. restart: restart the stream. recover: the arm's own reset, then home. exercise: open and close
the hand. look anew: clear the table, take the empty scene as it is now for the right one. set anew: set the table
again. look at the arm: bring it home and compare its picture with that of the session's start. none: only a person
can help."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault."""

    name: str
    device: Device
    meaning: str
    deed: Deed
    tries: int
    pause_s: float
    """After the first try; each later one waits twice as long, but no longer than a minute."""
    remedy: str
    """For the person who is called when the tries are used up."""
    ends: bool = True
    """The attempt is ended at once, else when it is over anyway."""
    view: bool = False
    """Told from what a camera sees of the room, which the arm may cover: judged once the arm is home, and an episode
    that saw it is kept only if it is gone then."""


LONGEST_S = 60.0


def pause_of(rule: Rule, number: int) -> float:
    """Seconds to wait after this try, from 0."""
    return min(rule.pause_s * 2**number, LONGEST_S)


CABLE = "check cable, hub and power of the camera"
VIEW = "put the camera back or calibrate it again: dynacollect calibrate verify --correct"
ARM = "look at the arm, free its way, then clear the fault"
ALL: tuple[Rule, ...] = (
    Rule("freeze", "camera", "no new picture", "restart", 4, 1.0, CABLE),
    Rule("gap", "camera", "too many pictures dropped", "wait", 5, 1.0, CABLE),
    Rule("repeat", "camera", "too many pictures repeated", "wait", 5, 1.0, CABLE),
    Rule("late", "camera", "pictures arrive late", "wait", 5, 1.0, "look for what else uses the bus or the processor"),
    Rule("restart_jump", "camera", "its clock leapt", "wait", 4, 1.0, CABLE),
    Rule("clock_drift", "camera", "its clock runs away", "restart", 3, 8.0, "replace the camera"),
    Rule("bumped", "camera", "the background has moved", "wait", 2, 1.0, VIEW, ends=False, view=True),
    Rule("blur", "camera", "out of focus or dirty", "wait", 2, 1.0, "clean and focus the lens, then calibrate it",
         ends=False, view=True),
    Rule("tint", "camera", "the white balance wandered", "look anew", 2, 2.0, "lock the white balance",
         ends=False, view=True),
    Rule("light", "camera", "the light has changed", "look anew", 2, 2.0, "bring the light back to what it was",
         ends=False, view=True),
    Rule("flicker", "camera", "the light pulses", "wait", 5, 2.0, "use lamps that do not flicker"),
    Rule("hot", "camera", "too warm", "wait", 8, 10.0, "cool the camera", ends=False),
    Rule("reflex", "arm", "a joint reflex stopped it", "recover", 3, 1.0, ARM),
    Rule("communication", "arm", "its line was lost", "recover", 3, 1.0, "check the arm's cable and the host's load"),
    Rule("estop", "arm", "the emergency stop is pressed", "none", 0, 1.0, "release it when all are clear of the arm"),
    Rule("drives_off", "arm", "the drives have no power", "none", 0, 1.0, "support the arm, then power it"),
    Rule("self_test_due", "arm", "its daily self-test is due", "none", 0, 1.0, "run it in the arm's web page"),
    Rule("stale", "arm", "no feedback", "recover", 4, 1.0, "check the arm's cable, then its power"),
    Rule("all_zero", "arm", "all joints read zero", "wait", 3, 1.0, "set it to follower mode; update its firmware"),
    Rule("torn", "arm", "a joint leapt", "wait", 4, 1.0, "check the arm's line"),
    Rule("frozen", "arm", "the same feedback again and again", "recover", 4, 1.0, ARM),
    Rule("disturbed", "arm", "knocked: it may stand elsewhere than it says", "look at the arm", 1, 0.2,
         "bring the arm to its zero pose and compare; power it anew if it is off", ends=False),
    Rule("clamped", "arm", "a joint reads its limit", "recover", 4, 1.0, ARM),
    Rule("tracking", "arm", "it does not follow", "recover", 4, 1.0, ARM),
    Rule("collision", "arm", "it met something and stopped", "recover", 3, 1.0, ARM),
    Rule("stalled", "arm", "a joint cannot move", "recover", 3, 1.0, ARM),
    Rule("brake", "arm", "a brake is not released", "recover", 3, 1.0, ARM),
    Rule("joint_error", "arm", "a joint reports an error", "recover", 3, 1.0, ARM),
    Rule("over_limit", "arm", "it was sent beyond a limit", "recover", 3, 1.0, ARM),
    Rule("mode_lost", "arm", "it went back to standby", "recover", 3, 1.0, "look who else commands the arm"),
    Rule("bus_off", "arm", "its CAN bus is off", "recover", 3, 1.0, "check the bus, its ends and its bit rate"),
    Rule("not_recovered", "arm", "it does not come back", "recover", 3, 1.0, ARM),
    Rule("overheated", "arm", "a motor or driver is overheated", "wait", 5, 10.0, "let the arm cool down"),
    Rule("frames_lost", "arm", "frames of its feedback are lost", "wait", 4, 1.0, "check the CAN bus and its load"),
    Rule("leader_mode", "arm", "it is set as a leader", "none", 0, 1.0, "make it a follower and power it anew"),
    Rule("other_master", "arm", "somebody else commands it", "none", 0, 1.0, "stop whatever else is on its bus"),
    Rule("teaching", "arm", "it is being taught by hand", "none", 0, 1.0, "end the teaching with the arm's button"),
    Rule("driver", "arm", "the driver's own thread ended", "none", 0, 1.0, "start again; report what the log says"),
    Rule("hot", "arm", "too warm", "wait", 8, 5.0, "let the arm cool down", ends=False),
    Rule("gripper_jammed", "gripper", "the fingers do not move", "exercise", 4, 1.0, "free the fingers"),
    Rule("gripper_opened_itself", "gripper", "the fingers opened unasked", "exercise", 3, 1.0, "look at the gripper"),
    Rule("gripper_range", "gripper", "the width is out of range", "exercise", 2, 1.0, "set up the gripper's stroke"),
    Rule("gripper_stroke", "gripper", "its stroke is not set", "recover", 3, 1.0, "set up the gripper's stroke"),
    Rule("gripper_error", "gripper", "it reports an error", "recover", 3, 1.0, "look at the gripper"),
    Rule("gripper_zero", "gripper", "its zero is off", "none", 0, 1.0, "set its zero, see docs/piper.md"),
    Rule("missing", "object", "not found on the table", "set anew", 2, 0.5, "put it on the table, in view"),
    Rule("stuck", "object", "did not start to move", "set anew", 2, 0.5, "free the launcher"),
    Rule("no room", "object", "could not be set out", "set anew", 2, 0.5, "make room on the table"),
    Rule("all quarantined", "object", "no object is left to go on with", "none", 0, 1.0,
         "bring the objects back, or name others in --objects"),
    Rule("disk low", "session", "no room for the next episode", "wait", 3, 20.0, "make room on the disk"),
    Rule("encoder behind", "session", "an episode could not be kept", "wait", 1, 2.0, "look for what slows the disk",
         ends=False),
    Rule("clock jump", "session", "the host's wall clock was set", "wait", 1, 0.1, "set it while nothing runs",
         ends=False),
    Rule("home", "arm", "it does not get home", "none", 0, 1.0, ARM),
    Rule("surprise", "session", "an attempt could not be carried out", "none", 0, 2.0, "do what the reason says",
         ends=False),
    Rule("killed", "session", "the last run was ended from outside", "wait", 1, 0.1, "", ends=False),
)  # fmt: skip
BY_NAME = {(rule.device, rule.name): rule for rule in ALL}


def rule_of(device: Device, name: str) -> Rule:
    """The rule; a fault that no rule names, as of a driver yet to come, is a person's."""
    found = BY_NAME.get((device, name))
    return found or Rule(name, device, "not known", "recover" if device == "arm" else "wait", 3, 1.0, "look at it")
