"""The way of an episode: of a session's raw log, or of the rows of a data set that was built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import RigidTransform, Rotation, Slerp

from ...controllers.streaming.course import STEP_S
from ...controllers.streaming.tool import open_or_shut
from ...rig.arms import ARMS, ArmModel
from ...rig.arms.kinematics import forward, jacobian
from ...rig.errors import DynacollectError
from ...rig.nouns import Grip, Vector
from ..built import BuiltSet, read_built
from ..export.statement import FILE as BUILT
from ..raw.reader import RawEpisode, Row, episodes_in
from ..raw.record import FILE as RECORD
from ..raw.signals import pose_row
from .way import Way

STEPS, RCOND, OFF_M = 4, 1e-3, 1e-3
"""Of the search for joints, which begins next to them; and what it may leave, m."""
COLUMNS = ("observation.state", "action", "arm.joints", "gripper.width")


def read_way(folder: Path, number: int | None = None) -> Way:
    """Of an episode's folder, or of one episode of a session or a built set; its number may be left out if alone."""
    if (folder / RECORD).is_file():
        if number is not None:
            raise DynacollectError(f"{folder} is one episode; leave out --episode, or name the session")
        return _of_raw(RawEpisode.open(folder))
    if (folder / BUILT).is_file():
        built = read_built(folder)
        index = _chosen(folder, number, list(range(len(built.episodes))))
        return _of_built(built, index)
    if not (folder / "episodes").is_dir():
        raise DynacollectError(f"{folder} is no session, episode or built data set; name one that dynacollect has made")
    episodes = {episode.record.number: episode for episode in episodes_in(folder)}
    return _of_raw(episodes[_chosen(folder, number, list(episodes))])


def _chosen(folder: Path, number: int | None, known: list[int]) -> int:
    if not known:
        raise DynacollectError(f"{folder} has no episodes; collect some first")
    said = f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"
    if number is None and len(known) > 1:
        raise DynacollectError(f"{folder} has several episodes; name one of {said} with --episode")
    if number is not None and number not in known:
        raise DynacollectError(f"{folder} has no episode {number}; it has {said}")
    return known[0] if number is None else number


def _refuse_unsound(name: str, *values: Vector) -> None:
    if min(len(each) for each in values) < 2:
        raise DynacollectError(f"{name} has fewer than two ticks; name another one")
    if not all(np.isfinite(each).all() for each in values):
        raise DynacollectError(f"{name} has numbers that are NaN or infinite; look with: dynacollect dataset check")


def _of_raw(episode: RawEpisode) -> Way:
    record, signals = episode.record, episode.signals()
    name = f"episode {record.number} of {episode.folder.resolve().parent.parent.name}"
    measured = np.array([row["measured_at"] for row in signals.arms])
    _refuse_unsound(name, signals.joints, signals.tool, measured)
    # Ticks that came late, or not at all, are made up for: what counts is when the arm was where.
    measured, first = np.unique(measured, return_index=True)
    _refuse_unsound(name, measured)
    times = np.asarray(np.arange(measured[0], measured[-1] + 1e-6, STEP_S), np.float64)
    joints = CubicSpline(measured, signals.joints[first], bc_type="natural")(times)
    places = [np.interp(times, measured, column) for column in signals.tool[first, :3].T]
    turns = Slerp(measured, Rotation.from_quat(signals.tool[first, 3:]))(np.minimum(times, measured[-1]))
    grips = _told(signals.commands, signals.times, times)
    tool = np.column_stack([*places, turns.as_quat()])
    return Way(name, record.robot, joints, tool, grips, float(signals.gripper[0, 0]))


def _told(commands: list[Row], ticks: Vector, times: Vector) -> tuple[Grip | None, ...]:
    """The last order to the fingers before each of these times has passed."""
    given = [row for row in commands if row["grip"] is not None]
    since = [ticks[max(row["index"], 0)] for row in given]
    last = np.searchsorted(since, times + 0.5 * STEP_S) - 1
    return tuple(Grip(**given[one]["grip"]) if one >= 0 else None for one in last)


def _of_built(built: BuiltSet, index: int) -> Way:
    ledger, name = built.ledger, f"episode {index} of {built.name}"
    _refuse_other_rate(name, ledger.fps)
    arm = ARMS.get(ledger.robot)
    if arm is None:
        raise DynacollectError(f"{name} is of {ledger.robot}, which is not known; choose from: {', '.join(ARMS)}")
    columns, options = _columns(built, index), ledger.options
    state, action, measured = columns["observation.state"], columns["action"], columns["arm.joints"]
    _refuse_unsound(name, state, action, measured)
    ahead = min(options.ahead, len(state))
    # An action is what is measured so many ticks later: what comes before the first of these, nobody named.
    later = measured[np.minimum(np.arange(len(state)) + ahead, len(state) - 1)]
    goals = (
        action[:, :-1]
        if options.action == "joint"
        else _joints(name, arm, later, _poses(options.action, state, action))
    )
    joints = np.concatenate([measured[:ahead], goals])[: len(state)]
    tool = np.array([pose_row(forward(arm, one)) for one in joints])
    fingers = open_or_shut(arm.gripper)
    grips = tuple(fingers(float(value)) for value in action[:, -1])
    return Way(name, ledger.robot, joints, tool, grips, float(columns["gripper.width"].ravel()[0]))


def _poses(kind: str, state: Vector, action: Vector) -> RigidTransform:
    """That actions name."""
    goals = action[:, :6] + state if kind == "delta" else action[:, :6]
    return RigidTransform.from_components(goals[:, :3], Rotation.from_euler("xyz", goals[:, 3:]))


def _joints(name: str, arm: ArmModel, near: Vector, poses: RigidTransform) -> Vector:
    """(n, joints) for these poses, nearest to those that were measured."""
    found = near.copy()
    for row, joints in enumerate(found):
        for _ in range(STEPS):
            joints += np.linalg.pinv(jacobian(arm, joints), rcond=RCOND) @ _twist(forward(arm, joints), poses[row])
        if np.linalg.norm(_twist(forward(arm, joints), poses[row])[:3]) > OFF_M or not arm.inside_limits(joints):
            raise DynacollectError(
                f"the arm does not reach the action in row {row} of {name}; look with: dynacollect dataset check"
            )
    return found


def _twist(here: RigidTransform, there: RigidTransform) -> Vector:
    """(6,) m and rad from one to the other, in the base frame."""
    turn = (there.rotation * here.rotation.inv()).as_rotvec()
    return np.concatenate([there.translation - here.translation, turn])


def _columns(built: BuiltSet, index: int) -> dict[str, Vector]:
    path = built.rows_path(index)
    try:
        table = pq.read_table(path, columns=list(COLUMNS), filters=[("episode_index", "=", index)])
        columns: dict[str, Any] = table.to_pydict()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); build the data set again") from error
    return {name: np.array(columns[name], float) for name in COLUMNS}


def _refuse_other_rate(name: str, fps: float) -> None:
    if abs(fps * STEP_S - 1.0) > 1e-6:
        raise DynacollectError(f"{name} has {fps:g} ticks a second, and arms are driven with {1 / STEP_S:g}")
