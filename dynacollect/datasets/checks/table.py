"""The rules, as one table: what each looks at, where its limit is, and why there."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from ...rig.errors import DynacollectError
from . import (
    clock_rules,
    instruction_rules,
    lerobot_rules,
    motion_rules,
    picture_rules,
    record_rules,
    set_rules,
    value_rules,
)
from .case import Case, View
from .lerobot import Tables
from .rule import Rule
from .set_rules import Whole
from .told import Told

RECORD: tuple[Rule[Case], ...] = (
    Rule("record-unreadable", "record", "error", 0, "", "nothing says what the episode is", record_rules.unreadable),
    Rule("number-mismatch", "record", "error", 0, "", "somebody has renamed or mixed folders",
         record_rules.misnumbered),
    Rule("file-missing", "record", "error", 0, "", "an episode is whole or nothing", record_rules.missing_files),
    Rule("file-truncated", "record", "error", 0, "", "its end is lost", record_rules.truncated_files),
    Rule("file-changed", "record", "error", 0, "", "what was committed never changes", record_rules.changed_files),
    Rule("signals-unreadable", "record", "error", 0, "", "`dataset repair` brings back what can be",
         record_rules.muddled),
    Rule("provenance-missing", "record", "warning", 0, "",
         "later nobody can tell what it was recorded with", record_rules.provenance),
    Rule("too-short", "record", "warning", 22, "ticks",
         "a chunk of 20 actions with an observation 2 ticks back does not fit", record_rules.too_short),
    Rule("too-long", "record", "warning", 2.0, "s beyond the task's time limit",
         "the expert gives up at the limit, so that something else went on", record_rules.too_long),
    Rule("verdict-contradiction", "record", "error", 0.5, "confidence",
         "what is less sure than a toss of a coin is no success", record_rules.verdict),
    Rule("fault-in-success", "record", "warning", 0, "", "what the arm did about a fault is nothing to imitate",
         record_rules.faults),
    Rule("phases-order", "record", "error", 0, "", "nothing is lifted before it is grasped", record_rules.phases),
    Rule("instruction-empty", "record", "error", 0, "", "a policy that is told nothing learns nothing of language",
         record_rules.empty_instructions),
    Rule("instruction-repeated", "record", "warning", 0, "", "it would be drawn twice as often",
         record_rules.repeated_instructions),
)  # fmt: skip
SIGNALS: tuple[Rule[Told], ...] = (
    Rule("tick-count", "signals", "error", 0, "", "every tick has one row of everything", clock_rules.tick_rows),
    Rule("tick-gaps", "signals", "error", 3.0, "periods", "policies take rows to be one period apart",
         clock_rules.gaps),
    Rule("tick-rate", "signals", "error", 0.05, "share", "speeds would be learnt wrong by as much", clock_rules.rate),
    Rule("clock-jump", "signals", "error", 0.1, "s",
         "a camera that comes back from a restart may be 300 ms off; a tick is 40 ms", clock_rules.backwards),
    Rule("capture-drift", "signals", "error", 1.5, "periods",
         "a camera that runs freely is at most one period off; more is its clock", clock_rules.drift),
    Rule("latency", "signals", "error", 0.15, "s", "at 0.5 m/s an object is 75 mm on by then", clock_rules.latency),
    Rule("camera-skew", "signals", "warning", 0.022, "s", "at 0.5 m/s it is 11 mm, more than a grasp forgives",
         clock_rules.skew),
    Rule("repeated-pictures", "signals", "warning", 0.05, "share",
         "cameras do drop a picture now and then, and no more", clock_rules.repeated),
    Rule("not-a-number", "signals", "error", 0, "", "one of them spoils the statistics of the whole set",
         value_rules.not_numbers),
    Rule("units", "signals", "error", 0, "", "metres, radians and newtons, in ranges that arms have",
         value_rules.units),
    Rule("quaternion-norm", "signals", "error", 1e-3, "", "it is no rotation", value_rules.quaternions),
    Rule("joint-range", "signals", "error", 0.1, "rad", "the arm cannot be there", value_rules.joint_ranges),
    Rule("kinematics", "signals", "error", 0.01, "m",
         "signs, zeros or the tool are not those of the arm; an arm's own figures are within 2 mm",
         value_rules.kinematic),
    Rule("tool-jump", "signals", "error", 3.0, "m/s", "the quickest arm here is allowed so much",
         motion_rules.tool_jumps),
    Rule("object-jump", "signals", "warning", 3.0, "m/s",
         "four times the quickest launch: the tracker took another thing",
         motion_rules.object_jumps),
    Rule("object-velocity", "signals", "warning", 0.25, "m/s", "the expert meets objects by it",
         motion_rules.object_velocities),
    Rule("action-jerk", "signals", "warning", 1000.0, "m/s3", "the expert at full speed has 400 from tick to tick",
         motion_rules.jerk),
    Rule("setpoint-speed", "signals", "error", 1.05, "of the arm's speed", "motion never asks for more than 0.95",
         motion_rules.setpoint_speed),
    Rule("idle", "signals", "warning", 0.6, "share", "policies learn to wait; the expert stands for 0.2 at most",
         motion_rules.idle),
    Rule("limits-hit", "signals", "warning", 0.05, "share", "an arm at its limits does not do what it is told",
         motion_rules.limits_hit),
    Rule("gripper-never-closes", "signals", "error", 0, "", "nothing can have been grasped",
         motion_rules.never_closing),
    Rule("gripper-contradiction", "signals", "error", 0, "", "the fingers say something else than the verdict",
         motion_rules.grip_and_verdict),
    Rule("object-lost", "signals", "warning", 0.3, "share", "the arm was steered by guesses", motion_rules.object_lost),
    Rule("object-still", "signals", "warning", 0.02, "m/s", "this is a set of moving objects",
         motion_rules.object_still),
    Rule("phases-mismatch", "signals", "error", 0, "", "record and ticks tell different stories",
         motion_rules.phases_of_ticks),
)  # fmt: skip
VIDEO: tuple[Rule[View], ...] = (
    Rule("undecodable", "video", "error", 0, "", "a trainer fails on it, or learns from grey",
         picture_rules.undecodable),
    Rule("frame-count", "video", "error", 0, "", "rows would pair with wrong pictures", picture_rules.counts),
    Rule("frame-size", "video", "error", 0, "", "camera models hold for one size only", picture_rules.sizes),
    Rule("frame-times", "video", "error", 0.25, "ticks", "trainers find pictures by their times", picture_rules.stamps),
    Rule("black", "video", "error", picture_rules.BLACK, "luma", "nothing is to be seen; black is 16",
         picture_rules.black),
    Rule("over-exposed", "video", "warning", 0.5, "share of the picture", "white is white whatever it shows",
         picture_rules.blown),
    Rule("blurred", "video", "warning", 0.25, "of the usual sharpness",
         "a wrist over a plain part of the table comes down to 0.34",
         picture_rules.blurred),
    Rule("brightness-jump", "video", "warning", 40.0, "luma", "exposure or light is not locked", picture_rules.flicker),
    Rule("frozen", "video", "error", 3, "ticks of motion", "a camera that hangs shows the past", picture_rules.frozen),
    Rule("duplicates", "video", "warning", 0.2, "share of moving ticks", "the camera is slower than it says",
         picture_rules.duplicates),
)  # fmt: skip
SET: tuple[Rule[Whole], ...] = (
    Rule("duplicate-id", "set", "error", 0, "", "an id is that of one episode ever recorded", set_rules.same_ids),
    Rule("duplicate-content", "set", "error", 0, "", "it would count twice", set_rules.same_content),
    Rule("split-leakage", "set", "error", 0, "", "a policy would be tested on what it has learnt", set_rules.leaks),
    Rule("split-unknown", "set", "error", 0, "", "the lists are those of another set", set_rules.unknown_splits),
    Rule("wall-clock", "set", "warning", 1.0, "s", "dates cannot be trusted; clocks are set back by less when they are"
         " kept by the network", set_rules.wall_clock),
    Rule("camera-changed", "set", "error", 0, "", "trainers need one size and rate for all", set_rules.cameras),
    Rule("robot-changed", "set", "error", 0, "", "joints mean something else", set_rules.robots),
    Rule("calibration-changed", "set", "warning", 0, "", "poses before and after do not agree", set_rules.calibrations),
    Rule("outlier", "set", "warning", 8.0, "spreads from the usual", "something was different in this episode",
         set_rules.outliers),
    Rule("soft-camera", "set", "warning", 0.4, "of the usual sharpness", "its focus has moved, or it is dirty",
         set_rules.soft_cameras),
    Rule("one-view-twice", "set", "error", 0, "", "two names for one camera", set_rules.one_view_twice),
    Rule("cameras-swapped", "set", "error", 2.0, "times more alike", "a policy takes one for the other",
         set_rules.swapped),
    Rule("instruction-absent-object", "set", "error", 0, "", "the robot is told to take what is not there",
         instruction_rules.absent_objects),
)  # fmt: skip
TABLES: tuple[Rule[Tables], ...] = (
    Rule("table-unreadable", "table", "error", 0, "", "a table without its end cannot be opened at all",
         lerobot_rules.unreadable),
    Rule("file-missing", "table", "error", 0, "", "rows point to it", lerobot_rules.videos),
    Rule("row-count", "table", "error", 0, "", "trainers find rows by these counts", lerobot_rules.counts),
    Rule("row-times", "table", "error", 0.25, "rows", "trainers find pictures by them", lerobot_rules.times),
    Rule("not-a-number", "table", "error", 0, "", "one of them spoils the statistics of the whole set",
         lerobot_rules.not_numbers),
    Rule("statistics", "table", "error", 0.02, "of the range", "trainers scale with them", lerobot_rules.statistics),
    Rule("task-unknown", "table", "error", 0, "", "a policy would be told something else", lerobot_rules.tasks),
)  # fmt: skip
"""Of LeRobot data sets."""
SHARED = frozenset({
    "too-short", "instruction-empty", "instruction-repeated", "undecodable", "frame-count", "frame-size", "frame-times",
    "black", "over-exposed", "blurred", "brightness-jump", "duplicate-id", "duplicate-content", "split-leakage",
    "split-unknown", "outlier", "soft-camera", "one-view-twice", "cameras-swapped",
})  # fmt: skip
"""Rules of raw episodes that LeRobot data sets are judged by, too."""
_RAW: tuple[Rule[Any], ...] = (*RECORD, *SIGNALS, *VIDEO, *SET)
EVERY = (*_RAW, *(rule for rule in TABLES if rule.name not in {each.name for each in _RAW}))


def rules_named(names: Collection[str]) -> frozenset[str]:
    """The names of these rules, or of all where none are given."""
    every = [rule.name for rule in EVERY]
    for name in names:
        if name not in every:
            near = get_close_matches(name, every, n=1, cutoff=0.4)
            raise DynacollectError(
                f"there is no rule '{name}'; " + (f"did you mean '{near[0]}'?" if near else "--list shows all")
            )
    return frozenset(names or every)
