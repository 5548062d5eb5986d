"""Every way in which the stand-in can fail, by name; the rows of the fault table at the level of the protocol."""

from __future__ import annotations

from dataclasses import replace

from ...cell.faults import CAMERA, GRIPPER, LIGHT, STAGE, FaultKind

CONTROLLER: tuple[FaultKind, ...] = (
    FaultKind("estop", "arm", "the emergency stop is on until a person releases it", "estop", 0.1, lasts=4.0),
    FaultKind("collision", "arm", "the controller feels a collision and stops", "collision", 0.1, lasts=0.1),
    FaultKind("stalled_joint", "arm", "joint 2 stalls and stops following", "stalled", 0.1, lasts=1.0),
    FaultKind("brake", "arm", "joint 3's brake does not open", "brake", 0.1, lasts=1.0),
    FaultKind("disabled", "arm", "joint 4's drive switches itself off", "drives_off", 0.1, lasts=1.0),
    FaultKind("mode_lost", "arm", "the controller goes back to standby", "mode_lost", 0.1, lasts=0.1),
    FaultKind("leader", "arm", "the arm goes to leader mode", "leader_mode", 0.1, lasts=2.0),
    FaultKind("overheated", "arm", "the controller is too hot and stops", "overheated", 0.1, lasts=2.0),
    FaultKind("joint_lost", "arm", "the controller cannot talk to joint 5", "communication", 0.1, lasts=0.5),
)
LINE: tuple[FaultKind, ...] = (
    FaultKind("bus_off", "arm", "nothing comes or goes, without a word", "stale", 0.2, lasts=2.0),
    FaultKind("dropped", "arm", "this share of the frames is lost", "frames_lost", 1.0, 0.2, "of frames", 2.0),
    FaultKind("torn", "arm", "every fourth time the middle joints come a period late", "torn", 1.0, lasts=2.0),
)
SENSORS: tuple[FaultKind, ...] = (
    FaultKind("all_zero", "arm", "all joints read exactly zero", "all_zero", 0.5, lasts=2.0),
    FaultKind("clamped", "arm", "joint 2 reads its upper limit", "clamped", 0.3, lasts=2.0),
    FaultKind("hot", "arm", "the drive of joint 2 overheats", "hot", 0.2, 82.0, "C", 5.0),
    FaultKind("frozen", "arm", "joints repeat one sample while the arm moves", "frozen", 1.0, lasts=2.0),
    FaultKind(
        "silent_offset",
        "arm",
        "a knock leaves the arm off, and feedback does not say so",
        "disturbed",
        0.2,
        0.04,
        "rad",
    ),
)
HAND: tuple[FaultKind, ...] = (
    FaultKind("stroke_unset", "gripper", "it forgets how far it travels", "gripper_stroke", 1.1, lasts=1.0),
    FaultKind("zero_offset", "gripper", "its zero is off by so much", "gripper_zero", 2.0, -0.012, "m", 2.0),
    FaultKind("drive_error", "gripper", "its drive reports an error", "gripper_error", 0.1, lasts=1.0),
    *(replace(kind, size=0.5 * kind.size) for kind in GRIPPER if kind.name != "offset"),
)  # fmt: skip
"""The cell's grippers fail alike; this one is quick, so that slow is slower yet."""
START: tuple[FaultKind, ...] = (
    FaultKind("old_firmware", "arm", "firmware S-V1.5-8: joint zero 2 degrees off", "", 0.0),
    FaultKind("corrupted_limits", "arm", "the drives keep to -0.1 to -0.1 degrees", "", 0.0),
)
"""Seen on connecting, which refuses them."""
PIPER_KINDS: tuple[FaultKind, ...] = (*CONTROLLER, *LINE, *SENSORS, *HAND)
ALL: tuple[FaultKind, ...] = (*CAMERA, *LIGHT, *STAGE, *PIPER_KINDS, *START)
"""What can be ordered on `piper-sim`."""
