"""Rules of values: what no robot, gripper or object can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...rig.arms import ARMS, kinematics
from ...rig.nouns import Vector
from .rule import Note
from .told import Told

UNTIMED = ("device_time",)
"""Not every camera has a clock of its own."""


@dataclass(frozen=True, slots=True)
class Range:
    """What values of a kind can be, and what they look like in the wrong unit."""

    least: float
    most: float
    unit: str
    mistaken: str


RANGES: Mapping[str, Range] = {
    "position of the tool": Range(-3.0, 3.0, "m", "millimetres"),
    "position of an object": Range(-10.0, 10.0, "m", "millimetres"),
    "velocity of an object": Range(-10.0, 10.0, "m/s", "millimetres a second"),
    "joint": Range(-2.1 * np.pi, 2.1 * np.pi, "rad", "degrees"),
    "set-point of a joint": Range(-2.1 * np.pi, 2.1 * np.pi, "rad", "degrees"),
    "joint velocity": Range(-15.0, 15.0, "rad/s", "degrees a second"),
    "width of the gripper": Range(-0.005, 0.3, "m", "millimetres"),
    "force of the gripper": Range(-200.0, 500.0, "N", "thousandths"),
    "width that was commanded": Range(-0.005, 0.3, "m", "millimetres"),
    "position that was commanded": Range(-3.0, 3.0, "m", "millimetres"),
    "health of an object": Range(0.0, 1.0, "", "per cent"),
}
"""No arm reaches further, no joint turns more than once around, no hand opens wider."""


def not_numbers(signals: Told, _: float) -> Iterator[Note]:
    for topic, rows in signals.rows.items():
        places = [(number, path) for number, row in enumerate(rows) for path in _not_finite(row)]
        if places:
            number, path = places[0]
            tick = min(rows[number]["of"], signals.ticks - 1) if topic != "/setpoints" else None
            yield Note(f"{path} in row {number} of {topic} is no number, {len(places)} times in all", tick=tick)


def _not_finite(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, float):
        if not np.isfinite(value):
            yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in UNTIMED:
                yield from _not_finite(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        if isinstance(value[0], float):
            if not np.isfinite(np.array(value, float)).all():
                yield path
        else:
            for item in value:
                yield from _not_finite(item, path)


def units(signals: Told, _: float) -> Iterator[Note]:
    for name, values in _measured(signals).items():
        allowed = RANGES[name]
        flat = values.reshape(len(values), -1) if len(values) else np.zeros((0, 1))
        outside = (flat < allowed.least) | (flat > allowed.most)
        if outside.any():
            tick = int(np.flatnonzero(outside.any(axis=1))[0])
            worst = float(flat[tick][outside[tick]][0])
            share = outside.any(axis=1).mean()
            guess = f"; are they {allowed.mistaken}?" if share > 0.5 else ""
            yield Note(
                f"the {name} is {worst:.4g} {allowed.unit}".rstrip() + f", in {share:.0%} of the rows{guess}",
                tick=min(tick, signals.ticks - 1),
            )


def _measured(signals: Told) -> dict[str, Vector]:
    commands, tracks = signals.rows["/command"], signals.objects.values()
    return {
        "position of the tool": signals.tool[:, :3],
        "position of an object": _beside(signals, [track.pose[:, :3] for track in tracks]),
        "velocity of an object": _beside(signals, [track.velocity for track in tracks]),
        "joint": signals.joints,
        "set-point of a joint": np.array([row["joints"][0] for row in signals.rows["/setpoints"]], float),
        "joint velocity": np.array([row["joint_velocity"] for row in signals.rows["/arm"]], float),
        "width of the gripper": signals.gripper[:, 0],
        "force of the gripper": signals.gripper[:, 1],
        "width that was commanded": np.array([row["grip"]["width"] for row in commands if row["grip"]], float),
        "position that was commanded": np.array([row["tool"][:3] for row in commands if row["tool"]], float),
        "health of an object": _beside(signals, [track.health[:, None] for track in tracks]),
    }


def _beside(signals: Told, parts: list[Vector]) -> Vector:
    return np.concatenate(parts, axis=1) if parts else np.zeros((signals.ticks, 0))


def quaternions(signals: Told, limit: float) -> Iterator[Note]:
    commanded = np.array([row["tool"] for row in signals.rows["/command"] if row["tool"]], float).reshape(-1, 7)
    poses = {"the tool": signals.tool, "a commanded pose": commanded}
    poses |= {key: track.pose for key, track in signals.objects.items()}
    for name, pose in poses.items():
        off = np.abs(np.linalg.norm(pose[:, 3:], axis=1) - 1.0)
        if np.nanmax(off, initial=0.0) > limit:
            tick = int(np.nanargmax(off))
            length = float(np.linalg.norm(pose[tick, 3:]))
            yield Note(f"the quaternion of {name} has length {length:.3f} at tick {tick}", tick=tick)


def joint_ranges(signals: Told, limit: float) -> Iterator[Note]:
    """Of arms whose limits are known."""
    arm = ARMS.get(signals.record.robot)
    if arm is None or signals.joints.shape[1] != arm.joints:
        return
    beyond = np.maximum(arm.lower - signals.joints, signals.joints - arm.upper)
    if np.nanmax(beyond, initial=-np.inf) > limit:
        tick, joint = np.unravel_index(int(np.nanargmax(beyond)), beyond.shape)
        yield Note(
            f"joint {joint + 1} is at {signals.joints[tick, joint]:.2f} rad, which a {arm.name} cannot reach",
            tick=int(tick),
        )


def kinematic(signals: Told, limit: float) -> Iterator[Note]:
    """Of arms whose kinematics are known."""
    arm = ARMS.get(signals.record.robot)
    if arm is None or signals.joints.shape[1] != arm.joints or not np.isfinite(signals.joints).all():
        return
    if not np.isfinite(signals.tool).all():
        return
    poses, _ = kinematics.many(arm, signals.joints)
    off = np.linalg.norm(poses[:, :3, 3] - signals.tool[:, :3], axis=1)
    if len(off) and np.median(off) > limit:
        yield Note(
            f"the joints put the tool {1e3 * np.median(off):.0f} mm from where the log has it", tick=int(off.argmax())
        )
