"""The solver's tables: from what was seen, where the robot was, and what happened meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .arm_way import ArmWay, Run, runs
from .copies import copies
from .model import Problem
from .result import ViewReport
from .settle import LEAST_CORNERS
from .sightings import CalibrationData, Mounting, RobotPose, Sighting

NEAR_S, FAR_S = 0.3, 1.5
"""Poses nearer in time than the first are of one motion; between the two, the data must say."""
SLOWEST = 0.004
"""RMS speed [m/s] under which the arm counts as standing while pictures are taken."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened while the pictures were taken."""

    scale: bool = False
    """The board's true size is to be found."""
    slips: frozenset[tuple[Mounting, int]] = frozenset()
    """A board moved on its parent just before this frame."""
    gap_s: float = NEAR_S
    """Poses so near in time are of one motion."""
    bumps: Mapping[str, int] = field(default_factory=dict)
    """A camera moved just before this frame; what it saw earlier tells nothing of where it is."""


def check_roles(data: CalibrationData) -> None:
    """Every camera sees one board, and the robot's poses are there."""
    if not data.sightings:
        raise DynacollectError("No picture shows the board: take pictures with the board in view.")
    known = {(pose.mounting, pose.frame) for pose in data.poses}
    for camera in sorted({sighting.camera for sighting in data.sightings}):
        mine = [sighting for sighting in data.sightings if sighting.camera == camera]
        if len({sighting.mounting for sighting in mine}) > 1:
            raise DynacollectError(
                f"{camera} has pictures of both the held board and the board on the table: a fixed camera looks at the"
                " held one and a wrist camera at the one on the table; move the others away."
            )
        if not any((sighting.mounting, sighting.frame) in known for sighting in mine):
            raise DynacollectError(
                f"No robot pose belongs to any picture of {camera}: note the robot's pose under each picture's frame"
                " number."
            )
        if camera not in data.sizes:
            raise DynacollectError(f"The picture size of {camera} is missing: give its width and height.")


def tables(data: CalibrationData, story: Story, *, split: bool = False) -> tuple[Problem, tuple[ViewReport, ...]]:
    """The solver's tables, and the views that cannot serve.

    With `split` a camera that was bumped is two cameras, the first one for what it saw before.
    """
    good, unused = _sorted_out(data, {} if split else story.bumps)
    if not good:
        raise DynacollectError("No picture has six corners of the board and a robot pose: take more pictures.")
    missing = sorted({sighting.camera for sighting in data.sightings} - {view.camera for view in good})
    if missing:
        raise DynacollectError(f"{missing[0]} has no picture with six corners of the board: take more pictures.")
    cameras = sorted({_camera_part(view, story, split) for view in good})
    boards = sorted({_board_part(view, story) for view in good})
    frames: tuple[tuple[Mounting, int], ...] = tuple(sorted({(view.mounting, view.frame) for view in good}))
    views = [
        (
            cameras.index(_camera_part(view, story, split)),
            boards.index(_board_part(view, story)),
            frames.index((view.mounting, view.frame)),
        )
        for view in good
    ]
    poses = {(pose.mounting, pose.frame): pose for pose in data.poses}
    measured = RigidTransform.concatenate([poses[frame].T_base_flange for frame in frames])
    problem = Problem(
        tuple(name for name, _ in cameras),
        tuple(mounting for mounting, _ in boards),
        np.asarray(data.points, float),
        measured,
        frames,
        np.array(views),
        np.repeat(np.arange(len(good)), [len(view.ids) for view in good]),
        np.concatenate([view.ids for view in good]).astype(int),
        np.concatenate([view.pixels for view in good]).astype(float),
        story.scale,
        _way(good, data.poses, story.gap_s),
    )
    return problem, tuple(unused)


def _sorted_out(data: CalibrationData, bumps: Mapping[str, int]) -> tuple[list[Sighting], list[ViewReport]]:
    known = {(pose.mounting, pose.frame) for pose in data.poses}
    good, unused, copied = list[Sighting](), list[ViewReport](), copies(data.sightings)
    for sighting in sorted(data.sightings, key=lambda sighting: (sighting.camera, sighting.frame)):
        lacks = _lack(data, sighting)
        if (sighting.mounting, sighting.frame) not in known:
            lacks = "no robot pose has its frame number"
        elif id(sighting) in copied:
            lacks = f"it is the same picture as frame {copied[id(sighting)]}"
        elif sighting.frame < bumps.get(sighting.camera, 0):
            lacks = f"{sighting.camera} was moved after it"
        if lacks is None:
            good.append(sighting)
        else:
            counts = len(sighting.ids), 0, 0.0
            unused.append(ViewReport(sighting.camera, sighting.mounting, sighting.frame, *counts, lacks))
    return good, unused


def _lack(data: CalibrationData, sighting: Sighting) -> str | None:
    if len(sighting.ids) < LEAST_CORNERS:
        return "it shows too few corners"
    if not np.isfinite(sighting.pixels).all() or len(np.unique(sighting.ids)) < len(sighting.ids):
        return "it has a corner twice, or one that is no number"
    if sighting.ids.min() < 0 or sighting.ids.max() >= len(data.points):
        return "it has corners that the board lacks"
    return None


def _camera_part(view: Sighting, story: Story, split: bool) -> tuple[str, bool]:
    return view.camera, split and view.frame >= story.bumps.get(view.camera, 0)


def _board_part(view: Sighting, story: Story) -> tuple[Mounting, int]:
    return view.mounting, sum(mounting == view.mounting and frame <= view.frame for mounting, frame in story.slips)


def _way(good: list[Sighting], poses: Sequence[RobotPose], gap_s: float) -> ArmWay | None:
    """How the arm moved, where pictures have times and it did move; a pose without a time has its pictures'.

    Poses without a picture tell of the way, too.
    """
    taken = np.array([np.nan if view.captured_at is None else view.captured_at for view in good])
    parts = list[tuple[np.ndarray, Vector, Vector, Run]]()
    fastest = 0.0
    for mounting in sorted({view.mounting for view in good}):
        mine = [pose for pose in poses if pose.mounting == mounting]
        row = {pose.frame: number for number, pose in enumerate(mine)}
        frame = np.array([row.get(view.frame, -1) if view.mounting == mounting else -1 for view in good])
        told = np.array([_told(pose, taken[frame == number]) for number, pose in enumerate(mine)])
        places = RigidTransform.concatenate([pose.T_base_flange for pose in mine])
        for part, run in runs(told, places, gap_s):
            views = np.flatnonzero(np.isin(frame, part) & np.isfinite(taken))
            parts.append((views, told[frame[views]], taken[views], run))
            fastest = max(fastest, run.speed() if len(views) else 0.0)
    return ArmWay(len(good), tuple(parts)) if fastest > SLOWEST else None


def _told(pose: RobotPose, taken: Vector) -> float:
    if pose.measured_at is not None:
        return pose.measured_at
    known = taken[np.isfinite(taken)]
    return float(np.median(known)) if len(known) else np.nan
