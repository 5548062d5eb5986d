"""What the signals of an episode add to its Rerun recording: phases, plan, arm, and how uncertain the tracker was.

Every row is at its own time: the arm's when it was measured, a plan's when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ...datasets.checks.told import Row, Told
from ...datasets.raw.signals import pose_row
from ...datasets.replay import Replay
from ...rig.arms.kinematics import forward, many, many_links
from ...rig.arms.model import ArmModel
from ...rig.nouns import Vector
from .rerun import ARROW_S, FLANGE, TIMELINE, RerunLog, path_of

PATH_POINTS = 16
"""Of the way ahead, however many set-points there are."""
AXES_M = 0.06
ARM, WAY, AIM = (200, 200, 210), (255, 210, 60), (255, 120, 200)
SIGMAS = {"position_mm": (0, 1e3), "rotation_deg": (3, float(np.rad2deg(1.0))), "velocity_mm_s": (6, 1e3)}
"""Of three rows of the covariance from the first number on, in the unit of the name."""


def log_signals(log: RerunLog, replay: Replay) -> None:
    """All of them, in columns."""
    signals = replay.signals
    _layout(log, replay)
    _about(log, signals)
    _phases(log, signals)
    _faults(log, signals)
    _feedback(log, signals)
    _goals(log, signals, replay.arm)
    for key in signals.objects:
        _sigmas(log, signals, key)
    if replay.arm is not None:
        _links(log, signals, replay.arm)
        _ways(log, signals, replay.arm)


def _layout(log: RerunLog, replay: Replay) -> None:
    """The scene and the pictures above; what happened and how it went below."""
    import rerun.blueprint as views

    pictures = [views.Spatial2DView(origin=f"{path_of(camera)}/picture") for camera in replay.cameras.values()]
    series = ("arm", "gripper", "speed", "sigma", "health")
    curves = [views.TimeSeriesView(origin=name, name=name) for name in series]
    above = views.Horizontal(views.Spatial3DView(origin="world"), views.Vertical(*pictures), column_shares=[3, 1])
    said = views.Horizontal(views.TextLogView(origin="log"), views.TextDocumentView(origin="about"))
    phases = views.StateTimelineView(origin="phase")
    rows = views.Vertical(above, phases, views.Horizontal(said, views.Tabs(*curves)), row_shares=[6, 1.6, 3])
    panels = views.TimePanel(timeline=TIMELINE, state="collapsed"), views.SelectionPanel(state="collapsed")
    log.look(views.Blueprint(rows, *panels))


def _about(log: RerunLog, signals: Told) -> None:
    record, ending = signals.record, signals.record.verdict
    said = {True: "success", False: "failure", None: "unsure"}[ending.success]
    lines = [*record.instructions[:1], f"{said} ({ending.confidence:.2f}): {ending.reason}", f"robot {record.robot}"]
    log.always("about", log.rr.TextDocument("\n".join(lines)))


def _phases(log: RerunLog, signals: Told) -> None:
    """With their reasons as lines, and as states on the timeline; one begins with a tick."""
    phases, last = signals.record.phases, signals.ticks - 1
    if last < 0:
        return
    times = np.array([signals.times[min(tick, last)] for tick, _, _ in phases])
    names, lines = [name for _, name, _ in phases], [f"{name}: {why}" for _, name, why in phases]
    log.column("phase", times, log.rr.StateChange.columns(state=names))
    log.column("log", times, log.rr.TextLog.columns(text=lines, level=["INFO"] * len(lines)))


def _faults(log: RerunLog, signals: Told) -> None:
    faults = signals.record.faults
    lines = [f"{name}: {detail}" for _, name, detail in faults]
    times = np.array([time for time, _, _ in faults])
    log.column("log", times, log.rr.TextLog.columns(text=lines, level=["WARN"] * len(lines)))


def _feedback(log: RerunLog, signals: Told) -> None:
    """Tool, joints and fingers, as measured; and the width that was asked for."""
    measured, joints = signals.measured, signals.joints
    _pose(log, "world/tool", measured, signals.tool)
    _axes(log, "world/tool/axes")
    names = [f"joint {number}" for number in range(1, joints.shape[1] + 1)]
    log.always("arm/joints", log.rr.SeriesLines(names=names))
    _series(log, "arm/joints", measured, joints)
    _series(log, "gripper/width_mm", measured, 1e3 * signals.gripper[:, 0])
    _series(log, "gripper/force_N", measured, signals.gripper[:, 1])
    asked = np.isfinite(signals.asked)
    _series(log, "gripper/asked_mm", signals.times[asked], 1e3 * signals.asked[asked])


def _goals(log: RerunLog, signals: Told, arm: ArmModel | None) -> None:
    """Where the tool shall be, how fast it shall move there, and how soon."""
    rr, goals = log.rr, [(row, _goal(row, arm)) for row in signals.rows["/command"]]
    rows, poses = [row for row, goal in goals if goal], np.array([goal for _, goal in goals if goal]).reshape(-1, 7)
    times = _times_of(signals, rows)
    _pose(log, "world/plan/goal", times, poses)
    _axes(log, "world/plan/goal/axes")
    speeds = np.array([row["velocity"] or (0.0, 0.0, 0.0) for row in rows]).reshape(-1, 3)
    log.always("world/plan/velocity", rr.Arrows3D.from_fields(colors=[AIM]))
    log.column("world/plan/velocity", times, rr.Arrows3D.columns(vectors=ARROW_S * speeds, origins=poses[:, :3]))
    due = np.array([np.nan if row["reach_at"] is None else row["reach_at"] for row in rows], float)
    known = np.isfinite(due)
    _series(log, "plan/reached_in_s", times[known], (due - times)[known])


def _goal(row: Row, arm: ArmModel | None) -> list[float] | None:
    """The tool's pose, also where joints are told; None where a command leaves it as it is."""
    if row["tool"] is not None or row["joints"] is None or arm is None:
        return row["tool"]
    return pose_row(forward(arm, np.array(row["joints"])))


def _links(log: RerunLog, signals: Told, arm: ArmModel) -> None:
    """The arm as a line from its base through the origins of its links to the tool; and its flange."""
    joints, rr = signals.joints, log.rr
    tools, _ = many(arm, joints)
    flanges = tools @ arm.T_flange_tool.inv().as_matrix()
    origins = np.concatenate([many_links(arm, joints), flanges[:, None], tools[:, None]], axis=1)[..., :3, 3]
    strips = np.concatenate([np.zeros((len(joints), 1, 3)), origins], axis=1)
    log.always("world/arm", rr.LineStrips3D.from_fields(colors=[ARM], radii=[0.012]))
    log.column("world/arm", signals.measured, rr.LineStrips3D.columns(strips=strips.astype(np.float32)))
    quaternions = Rotation.from_matrix(flanges[:, :3, :3]).as_quat()
    _pose(log, FLANGE, signals.measured, np.hstack([flanges[:, :3, 3], quaternions]))


def _ways(log: RerunLog, signals: Told, arm: ArmModel) -> None:
    """The way of the tool over the set-points that were sent at a tick."""
    rows = [row for row in signals.rows["/setpoints"] if len(row["times"]) > 1]
    strips = [many(arm, _fewer(np.array(row["joints"])))[0][:, :3, 3].astype(np.float32) for row in rows]
    log.always("world/plan/way", log.rr.LineStrips3D.from_fields(colors=[WAY]))
    log.column("world/plan/way", _times_of(signals, rows), log.rr.LineStrips3D.columns(strips=strips))


def _fewer(points: Vector) -> Vector:
    """The first, the last, and some between."""
    chosen = np.unique(np.linspace(0, len(points) - 1, min(PATH_POINTS, len(points))).round().astype(int))
    return points[chosen]


def _sigmas(log: RerunLog, signals: Told, key: str) -> None:
    """Roots of the mean variance over three axes."""
    found = [(signals.times[row["of"]], row[key]["covariance"]) for row in signals.rows["/objects"] if key in row]
    triangles = np.array([covariance for _, covariance in found]).reshape(-1, 78)
    # The diagonal of a lower triangle that is written row by row.
    variances = triangles[:, np.cumsum(np.arange(1, 13)) - 1]
    times = np.array([time for time, _ in found])
    for name, (first, unit) in SIGMAS.items():
        _series(log, f"sigma/{key}/{name}", times, unit * np.sqrt(variances[:, first : first + 3].mean(axis=1)))


def _times_of(signals: Told, rows: Sequence[Row]) -> Vector:
    """Of the ticks that some rows came with."""
    return np.array([signals.times[max(row["of"], 0)] for row in rows])


def _pose(log: RerunLog, path: str, times: Vector, poses: Vector) -> None:
    """`poses` (n, 7): x, y, z, and the quaternion x, y, z, w."""
    log.column(path, times, log.rr.Transform3D.columns(translation=poses[:, :3], quaternion=poses[:, 3:]))


def _axes(log: RerunLog, path: str) -> None:
    colours = [(230, 60, 60), (60, 200, 60), (70, 110, 255)]
    log.always(path, log.rr.Arrows3D(vectors=AXES_M * np.eye(3), colors=colours))


def _series(log: RerunLog, path: str, times: Vector, values: Vector) -> None:
    """One row for each time; several values are as many lines."""
    columns: Any = log.rr.Scalars.columns(scalars=values.ravel())
    width = values.shape[1] if values.ndim == 2 else 1
    log.column(path, times, columns.partition(lengths=[width] * len(values)) if width > 1 else columns)
