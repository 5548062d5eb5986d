"""The rows of one episode, a column at a time; a column also says what LeRobot calls its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector
from ..raw.reader import Row, Signals
from .facts import SHUT, Facts
from .options import Options
from .poses import NAMES, difference, six

VERDICTS = {True: 1, False: 0, None: -1}
NO_PHASE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature over all rows of an episode."""

    name: str
    values: NDArray[Any]
    """(n,) or (n, k)."""
    names: tuple[str, ...] | None = None
    """Of the k numbers."""

    @property
    def feature(self) -> dict[str, Any]:
        """As LeRobot declares it."""
        shape = list(self.values.shape[1:]) or [1]
        return {
            "dtype": str(self.values.dtype),
            "shape": shape,
            "names": None if self.names is None else list(self.names),
        }


def columns(facts: Facts, options: Options, phases: Sequence[str], first: int) -> list[Column]:
    """All but LeRobot's own indices, from a tick on."""
    signals, kept = facts.signals, slice(first, None)
    state = six(signals.tool, options.angles)
    known = _target_rows(signals, facts.target.key if facts.target else None)
    place = {name: index for index, name in enumerate(phases)}
    begin = signals.times[first]
    verdict = VERDICTS[facts.record.verdict.success]
    found = [
        Column("observation.state", _real(state), NAMES),
        _action(facts, state, options),
        Column("observation.environment_state", _environment(known, options), (*NAMES, "vx", "vy", "vz")),
        Column("arm.joints", _real(signals.joints), joint_names(signals.joints.shape[1])),
        Column("gripper.width", _real(signals.gripper[:, 0])),
        Column("gripper.force", _real(signals.gripper[:, 1])),
        Column("target.turning", _real(np.array([row["angular_velocity"] for row in known])), ("wx", "wy", "wz")),
        Column("target.health", _real(np.array([row["health"] for row in known]))),
        Column("tick_time", _real(signals.times - begin)),
        Column("phase", np.array([place.get(row["phase"], NO_PHASE) for row in signals.ticks])),
        Column("verdict", np.full(len(signals.ticks), verdict)),
    ]
    for camera in options.cameras:
        found += _pictures(signals, camera, begin)
    return [Column(column.name, column.values[kept], column.names) for column in found]


def joint_names(count: int) -> tuple[str, ...]:
    """Base to tip."""
    return tuple(f"joint_{number}" for number in range(1, count + 1))


def idle_ticks(signals: Signals, still: float = 0.002, turned: float = 0.01, before: int = 5) -> int:
    """Ticks before the tool leaves its first pose by so many m or rad, or the fingers move, less a few."""
    tool = signals.tool
    gone = np.linalg.norm(tool[:, :3] - tool[0, :3], axis=1) > still
    half = np.clip(np.abs(tool[:, 3:] @ tool[0, 3:]), 0.0, 1.0)
    gone |= 2.0 * np.arccos(half) > turned
    gone |= np.abs(signals.gripper[:, 0] - signals.gripper[0, 0]) > still
    return max(int(np.argmax(gone)) - before, 0) if gone.any() else 0


def _action(facts: Facts, state: Vector, options: Options) -> Column:
    """What is measured some ticks later, or at the end, and what the fingers are told now."""
    later = np.minimum(np.arange(len(state)) + options.ahead, len(state) - 1)
    grip = np.where(facts.widths <= SHUT, -1.0, 1.0)[:, None]
    if options.action == "joint":
        joints = facts.signals.joints
        return Column("action", _real(np.hstack([joints[later], grip])), (*joint_names(joints.shape[1]), "gripper"))
    goal = difference(state[later], state) if options.action == "delta" else state[later]
    return Column("action", _real(np.hstack([goal, grip])), (*NAMES, "gripper"))


def _environment(known: Sequence[Row], options: Options) -> NDArray[np.float32]:
    poses = np.array([row["pose"] for row in known])
    return _real(np.hstack([six(poses, options.angles), np.array([row["velocity"] for row in known])]))


_NOTHING: Row = {"pose": [0, 0, 0, 0, 0, 0, 1], "velocity": [0, 0, 0], "angular_velocity": [0, 0, 0], "health": 0.0}


def _target_rows(signals: Signals, key: str | None) -> list[Row]:
    """The target at each tick; while it is not tracked, where it was last (or first) with health 0."""
    rows = [objects.get(key) if key else None for objects in signals.objects]
    last = next((row for row in rows if row is not None), _NOTHING)
    filled = []
    for row in rows:
        filled.append({**last, "health": 0.0} if row is None else row)
        last = row or last
    return filled


def _pictures(signals: Signals, camera: str, begin: float) -> list[Column]:
    """When the picture of each row was taken, and whether it is the one of the row before."""
    taken = signals.captured(camera)
    missing = np.isnan(taken)
    latest = np.maximum.accumulate(np.where(missing, 0, np.arange(len(taken))))
    # A picture that is shown again was taken when it was; before the first there is a black one.
    shown = np.where(np.isnan(taken[latest]), begin, taken[latest])
    return [Column(f"capture_time.{camera}", _real(shown - begin)), Column(f"repeated.{camera}", missing)]


def _real(values: Vector) -> NDArray[np.float32]:
    return values.astype(np.float32)
