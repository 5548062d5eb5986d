"""Rules of motion: what the arm, the fingers and the object did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.arms import ARMS
from ...rig.nouns import Vector
from ...tracking.tracked import HEALTHY
from .record_rules import ATTEMPTED, TASK_OF, rank_of
from .rule import Note
from .told import SHUT, Told

STILL_M_S = 0.005
"""A tool that is slower stands."""
FINGERS_M = 0.005
"""Fingers that move less have not moved."""
NOTHING_M = 0.002
"""Between fingers that are closer together there is nothing."""
TURN_RAD_S = 10.0
"""Three times what an arm's Cartesian limits allow."""
NEAR_LIMIT_RAD, NEAR_WALL_M = 0.005, 0.002
"""So near, a joint is at its end, or the tool at a face of the safety box."""


def tool_jumps(signals: Told, limit: float) -> Iterator[Note]:
    speed = signals.tool_speed
    if np.nanmax(speed, initial=0.0) > limit:
        tick = int(np.nanargmax(speed))
        yield Note(
            f"the tool moves {1e3 * speed[tick] * signals.steps[tick]:.0f} mm from tick {tick} to the next", tick=tick
        )
    turn = _turns(signals.tool[:, 3:]) / signals.steps
    if np.nanmax(turn, initial=0.0) > TURN_RAD_S:
        tick = int(np.nanargmax(turn))
        yield Note(
            f"the tool turns by {turn[tick] * signals.steps[tick]:.2f} rad from tick {tick} to the next", tick=tick
        )


def object_jumps(signals: Told, limit: float) -> Iterator[Note]:
    for key, track in signals.objects.items():
        speed = np.linalg.norm(np.diff(track.pose[:, :3], axis=0), axis=1) / signals.steps
        sure = (track.health[1:] >= HEALTHY) & (track.health[:-1] >= HEALTHY)
        speed = np.where(sure, speed, 0.0)
        if np.nanmax(speed, initial=0.0) > limit:
            tick = int(np.nanargmax(speed))
            yield Note(
                f"{key} moves {1e3 * speed[tick] * signals.steps[tick]:.0f} mm from tick {tick} to the next", tick=tick
            )


def object_velocities(signals: Told, limit: float) -> Iterator[Note]:
    for key, track in signals.objects.items():
        seen = np.diff(track.pose[:, :3], axis=0) / signals.steps[:, None]
        off = np.linalg.norm(seen - track.velocity[1:], axis=1)
        known = np.isfinite(off)
        if known.any() and np.median(off[known]) > limit:
            yield Note(f"the velocity of {key} is {np.median(off[known]):.2f} m/s off what its places say")


def jerk(signals: Told, limit: float) -> Iterator[Note]:
    third = np.linalg.norm(np.diff(signals.tool[:, :3], n=3, axis=0), axis=1) / signals.period**3
    if np.nanmax(third, initial=0.0) > limit:
        tick = int(np.nanargmax(third))
        yield Note(f"the tool jerks with {third[tick]:.0f} m/s3 at tick {tick}", tick=tick)


def setpoint_speed(signals: Told, limit: float) -> Iterator[Note]:
    """Of arms whose limits are known; `limit` is the share of their speed."""
    arm = ARMS.get(signals.record.robot)
    worst, joint = 0.0, 0
    for row in signals.rows["/setpoints"] if arm else ():
        times, joints = np.array(row["times"], float), np.array(row["joints"], float)
        if arm is None or len(times) < 2 or joints.shape[1] != arm.joints:
            continue
        steps = np.diff(times)[:, None]
        share = np.abs(np.diff(joints, axis=0)) / np.where(steps > 0, steps, np.inf) / arm.max_velocity
        if share.max() > worst:
            worst, joint = float(share.max()), int(share.max(axis=0).argmax())
    if worst > limit:
        yield Note(f"set-points ask joint {joint + 1} for {worst:.1f} times its speed")


def idle(signals: Told, limit: float) -> Iterator[Note]:
    fingers = np.abs(np.diff(signals.gripper[:, 0])) > 1e-4
    standing = (signals.tool_speed < STILL_M_S) & ~fingers
    if len(standing) and standing.mean() > limit:
        yield Note(
            f"arm and fingers stand still in {standing.mean():.0%} of the ticks", tick=int(np.flatnonzero(standing)[0])
        )


def limits_hit(signals: Told, limit: float) -> Iterator[Note]:
    arm = ARMS.get(signals.record.robot)
    if arm is not None and signals.joints.shape[1] == arm.joints:
        room = np.minimum(signals.joints - arm.lower, arm.upper - signals.joints)
        yield from _at(
            room < NEAR_LIMIT_RAD, limit, [f"joint {number + 1} is at its end" for number in range(arm.joints)]
        )
    box = _box(signals.record.provenance)
    if box is not None:
        room = np.minimum(signals.tool[:, :3] - box[0], box[1] - signals.tool[:, :3])
        yield from _at(room < NEAR_WALL_M, limit, [f"the tool is at the {axis} wall of the box" for axis in "xyz"])


def _at(near: np.ndarray, limit: float, words: Sequence[str]) -> Iterator[Note]:
    for share, column, what in zip(near.mean(axis=0), near.T, words, strict=True):
        if share > limit:
            yield Note(f"{what} in {share:.0%} of the ticks", tick=int(np.flatnonzero(column)[0]))


def _box(provenance: object) -> Vector | None:
    """(2, 3) corners of the safety box, where the resolved configuration is there."""
    for key in ("config", "safety", "box"):
        provenance = provenance.get(key) if isinstance(provenance, dict) else None
    if not isinstance(provenance, dict):
        return None
    corners = np.array([provenance.get("lower"), provenance.get("upper")], float)
    return corners if corners.shape == (2, 3) else None


def never_closing(signals: Told, _: float) -> Iterator[Note]:
    record = signals.record
    reached = max((rank_of(name) for _, name, _ in record.phases), default=0)
    if record.task not in TASK_OF or not (record.verdict.success or ATTEMPTED <= reached < rank_of("done")):
        return
    if signals.closing == signals.ticks:
        yield Note("the fingers are never told to close")
    elif record.verdict.success and np.ptp(signals.gripper[:, 0]) < FINGERS_M:
        yield Note(
            f"the fingers are told to close and stay {1e3 * signals.gripper[-1, 0]:.0f} mm apart", tick=signals.closing
        )


def grip_and_verdict(signals: Told, _: float) -> Iterator[Note]:
    """A pick ends with something between the fingers, a place with nothing held."""
    record, last = signals.record, signals.ticks - 1
    if not record.verdict.success or record.task not in TASK_OF or signals.closing == signals.ticks:
        return
    width, asked = float(signals.gripper[-1, 0]), float(signals.asked[-1])
    if not TASK_OF[record.task].places and width < NOTHING_M:
        yield Note(f"the verdict is success, and the fingers end {1e3 * width:.1f} mm apart, around nothing", tick=last)
    if not TASK_OF[record.task].places and asked > SHUT and width > asked - FINGERS_M:
        yield Note("the verdict is success, and the fingers end open", tick=last)
    if TASK_OF[record.task].places and asked <= SHUT:
        yield Note("the verdict is success, and the fingers end closed, around what was to be placed", tick=last)


def object_lost(signals: Told, limit: float) -> Iterator[Note]:
    """Up to the grasp: then the hand hides it, and nothing is steered by it any more."""
    targets = [thing.key for thing in signals.record.things if thing.role == "target"]
    if not targets:
        yield Note("nothing there is a target")
        return
    if not any(key in signals.objects for key in targets):
        yield Note("the target is never seen")
        return
    track = signals.target
    if track is None:
        return
    lost = ~(track.health[: max(signals.closing, 1)] >= HEALTHY)
    if lost.mean() > limit:
        yield Note(
            f"the target is lost or uncertain in {lost.mean():.0%} of the ticks up to the grasp",
            tick=int(lost.argmax()),
        )


def object_still(signals: Told, limit: float) -> Iterator[Note]:
    """Nothing to say where the provenance has a `speed` of 0: there it was meant to stand."""
    asked, track = signals.record.provenance.get("speed"), signals.target
    if track is None or (isinstance(asked, int | float) and asked < limit):
        return
    before = track.speed[: max(signals.closing, 1)][track.health[: max(signals.closing, 1)] >= HEALTHY]
    if len(before) and np.nanmax(before) < limit:
        yield Note(f"the target is never faster than {1e3 * np.nanmax(before):.0f} mm/s before the grasp", tick=0)


def phases_of_ticks(signals: Told, _: float) -> Iterator[Note]:
    """A tick stands in the phase that the record has begun last, or in one that begins with it."""
    begun = [(tick, name) for tick, name, _ in signals.record.phases]
    for tick, phase in enumerate(signals.phases):
        past = [name for begin, name in begun if begin <= tick]
        allowed = {name for begin, name in begun if begin in (tick, tick + 1)} | set(past[-1:]) | set(past[-2:-1])
        if begun and phase not in allowed:
            yield Note(
                f"tick {tick} says {phase or 'nothing'}, the record {past[-1] if past else 'nothing'}", tick=tick
            )
            return


def _turns(quaternions: Vector) -> Vector:
    """(n - 1,) rad from each to the next; NaN where one is none."""
    sound = np.isfinite(quaternions).all(axis=1) & (np.linalg.norm(quaternions, axis=1) > 1e-6)
    rotations = Rotation.from_quat(np.where(sound[:, None], quaternions, [0.0, 0.0, 0.0, 1.0]))
    turns = (rotations[:-1].inv() * rotations[1:]).magnitude() if len(quaternions) > 1 else np.zeros(0)
    return np.where(sound[1:] & sound[:-1], turns, np.nan)
