"""The joint adjustment's unknowns, and how they predict pixels.

In both mountings a board point reaches a camera by `camera^-1 * motion * board * point`. With a held board the motion
is T_base_flange and the camera stands in the base; with a board on the table the motion is T_flange_base and the camera
sits on the flange. Where the arm moved, the way that it made from the frame's pose to the picture comes in between. A
small change of a pose turns it about its own axes and shifts it along its parent's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.nouns import Vector
from .arm_way import ArmWay
from .lens import project
from .sightings import Mounting

CAMERA = 15
"""Unknowns of one camera: nine of the lens, three of rotation, three of translation."""
POSE = 6
SCALE, CLOCK = CAMERA + POSE, CAMERA + POSE + 1
LOCAL = CAMERA + POSE + 2 + POSE
"""Unknowns that one corner depends on: its camera, its board, the board's scale, its camera's clock, its frame."""
CLOCK_STEP_S = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is given: corners sorted by view, and measured robot poses by frame."""

    cameras: tuple[str, ...]
    boards: tuple[Mounting, ...]
    """A board that slipped comes once more for what was seen after that."""
    points: Vector
    measured: RigidTransform
    """T_base_flange of every frame."""
    frame_names: tuple[tuple[Mounting, int], ...]
    views: np.ndarray
    """(v, 3) whole numbers: camera, board and frame of every view."""
    view: np.ndarray
    """(n,): the view of every corner, rising."""
    ids: np.ndarray
    pixels: Vector
    free_scale: bool = False
    way: ArmWay | None = None
    """How the arm moved while the pictures were taken; the cameras' clocks are then unknown."""

    @property
    def still_width(self) -> int:
        """Unknowns of cameras and boards."""
        return CAMERA * len(self.cameras) + POSE * len(self.boards)

    @property
    def width(self) -> int:
        """Unknowns that all frames share: cameras, boards, the scale, the cameras' clocks."""
        return self.still_width + int(self.free_scale) + len(self.cameras) * (self.way is not None)

    def columns(self, view: int) -> np.ndarray:
        """Where the camera, the board, the scale and the clock of a view stand among the shared unknowns."""
        camera, board, _ = self.views[view]
        start = CAMERA * len(self.cameras) + POSE * board
        columns = [*range(CAMERA * camera, CAMERA * (camera + 1)), *range(start, start + POSE)]
        columns += [self.still_width] if self.free_scale else []
        return np.array(columns + ([self.width - len(self.cameras) + camera] if self.way else []))

    @property
    def local(self) -> np.ndarray:
        """Which of a corner's derivatives belong to those columns."""
        return np.array([*range(SCALE), *[SCALE] * self.free_scale, *[CLOCK] * (self.way is not None)])


@dataclass(frozen=True, slots=True, eq=False)
class Unknowns:
    """One guess at everything."""

    lenses: Vector
    """(cameras, 9)."""
    cameras: RigidTransform
    """T_base_camera of fixed cameras, T_flange_camera of wrist cameras."""
    boards: RigidTransform
    """T_flange_board of the held board, T_base_board of the one on the table."""
    frames: RigidTransform
    """T_base_flange of every frame."""
    scale: float = 1.0
    clocks: Vector = field(default_factory=lambda: np.zeros(0))
    """(cameras,): what added to a camera's times gives the robot's [s]; empty where nothing moved."""

    def moved(self, problem: Problem, shared: Vector, frames: Vector) -> Unknowns:
        """The guess after a step (shared unknowns; (frames, 6) rotations and translations)."""
        count = CAMERA * len(problem.cameras)
        cameras = shared[:count].reshape(-1, CAMERA)
        boards = shared[count : problem.still_width].reshape(-1, POSE)
        return Unknowns(
            self.lenses + cameras[:, :9],
            _moved(self.cameras, cameras[:, 9:]),
            _moved(self.boards, boards),
            _moved(self.frames, frames),
            self.scale + (float(shared[problem.still_width]) if problem.free_scale else 0.0),
            self.clocks + (shared[-len(problem.cameras) :] if problem.way else 0.0),
        )


def _moved(poses: RigidTransform, steps: Vector) -> RigidTransform:
    rotations = poses.rotation * Rotation.from_rotvec(steps[:, :3])
    return RigidTransform.from_components(poses.translation + steps[:, 3:], rotations)


def frame_errors(problem: Problem, unknowns: Unknowns) -> Vector:
    """(frames, 6): rotation [rad] and translation [m] of each frame's robot pose away from the measured one."""
    turned = (problem.measured.rotation.inv() * unknowns.frames.rotation).as_rotvec()
    return np.column_stack([turned, unknowns.frames.translation - problem.measured.translation])


def crosses(vectors: Vector) -> Vector:
    """The matrices (n, 3, 3) that take the cross product with each vector from the left."""
    out = np.zeros((len(vectors), 3, 3))
    out[:, 0, 1], out[:, 0, 2], out[:, 1, 2] = -vectors[:, 2], vectors[:, 1], -vectors[:, 0]
    return out - np.swapaxes(out, 1, 2)


def residuals(problem: Problem, unknowns: Unknowns) -> Vector:
    """(n, 2): predicted less measured pixels."""
    points = _chain(problem, unknowns).local
    return project(points, unknowns.lenses[problem.views[problem.view, 0]])[0] - problem.pixels


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """Every corner (n, 3) on its way into the camera."""

    corner: Vector
    """In its own frame."""
    parent: Vector
    """On the board's parent: the flange, or the base."""
    inner: Vector
    """Past the first of the two motions: the arm's way (held) or the frame's pose (table)."""
    past: Vector
    """Past both."""
    local: Vector
    """In the camera."""
    R_way: Vector


def _chain(problem: Problem, unknowns: Unknowns) -> _Chain:
    camera, board, frame = problem.views[problem.view].T
    corner = problem.points[problem.ids] * unknowns.scale
    table = (np.array(problem.boards)[board] == "table")[:, None]
    boards, frames, cameras = (part.as_matrix() for part in (unknowns.boards, unknowns.frames, unknowns.cameras))
    way = _way(problem, unknowns)[problem.view]
    parent = _apply(boards[board], corner)
    inner = np.where(table, _undo(frames[frame], parent), _apply(way, parent))
    past = np.where(table, _undo(way, inner), _apply(frames[frame], inner))
    return _Chain(corner, parent, inner, past, _undo(cameras[camera], past), way[:, :3, :3])


def _way(problem: Problem, unknowns: Unknowns) -> Vector:
    """(v, 4, 4): from the flange as its picture was taken to the flange in its frame's pose."""
    if problem.way is None:
        return np.broadcast_to(np.eye(4), (len(problem.views), 4, 4))
    return problem.way.ways(unknowns.clocks[problem.views[:, 0]])


def _apply(matrices: Vector, points: Vector) -> Vector:
    return np.einsum("nij,nj->ni", matrices[:, :3, :3], points) + matrices[:, :3, 3]


def _undo(matrices: Vector, points: Vector) -> Vector:
    return np.einsum("nji,nj->ni", matrices[:, :3, :3], points - matrices[:, :3, 3])


def linearised(problem: Problem, unknowns: Unknowns) -> tuple[Vector, Vector]:
    """Residuals (n, 2) and their derivatives (n, 2, LOCAL) by camera, board, scale, clock and frame."""
    camera, board, frame = problem.views[problem.view].T
    chain = _chain(problem, unknowns)
    pixels, by_local, by_lens = project(chain.local, unknowns.lenses[camera])
    table = (np.array(problem.boards)[board] == "table")[:, None, None]
    R_camera, R_board, R_frame = (
        part.rotation.as_matrix()[index]
        for part, index in ((unknowns.cameras, camera), (unknowns.boards, board), (unknowns.frames, frame))
    )
    by_past = by_local @ np.swapaxes(R_camera, 1, 2)
    by_inner = by_past @ np.where(table, np.swapaxes(chain.R_way, 1, 2), R_frame)
    by_parent = by_inner @ np.where(table, np.swapaxes(R_frame, 1, 2), chain.R_way)
    by_corner = by_parent @ R_board
    out = np.empty((len(pixels), 2, LOCAL))
    out[:, :, :9] = by_lens
    out[:, :, 9:12] = by_local @ crosses(chain.local)
    out[:, :, 12:15] = -by_past
    out[:, :, 15:18] = -by_corner @ crosses(chain.corner)
    out[:, :, 18:21] = by_parent
    out[:, :, SCALE] = np.einsum("nij,nj->ni", by_corner, problem.points[problem.ids])
    out[:, :, CLOCK] = np.einsum("nij,nj->ni", by_local, _by_clock(problem, unknowns))
    turned = np.where(table, by_inner, -by_inner) @ crosses(chain.inner)
    out[:, :, -POSE:-3] = turned
    out[:, :, -3:] = np.where(table, -by_parent, by_past)
    return pixels - problem.pixels, out


def _by_clock(problem: Problem, unknowns: Unknowns) -> Vector:
    """(n, 3): how fast corners pass in the camera as its clock is put forward."""
    if problem.way is None:
        return np.zeros((len(problem.view), 3))
    after, before = (
        _chain(problem, replace(unknowns, clocks=unknowns.clocks + step)).local
        for step in (CLOCK_STEP_S, -CLOCK_STEP_S)
    )
    return (after - before) / (2 * CLOCK_STEP_S)
