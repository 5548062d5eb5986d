"""The joint adjustment's unknowns, and how they predict pixels.

In both mountings a board point reaches a camera by `camera^-1 * motion * board * point`. With a held board the motion
is T_base_flange and the camera stands in the base; with a board on the table the motion is T_flange_base and the camera
sits on the flange. A small change of a pose turns it about its own axes and shifts it along its parent's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.nouns import Vector
from .lens import project
from .sightings import Mounting

CAMERA = 15
"""Unknowns of one camera: nine of the lens, three of rotation, three of translation."""
POSE = 6
LOCAL = CAMERA + POSE + 1 + POSE
"""Unknowns that one corner depends on: its camera, its board, the board's scale, its frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is given: corners sorted by view, and measured robot poses by frame."""

    cameras: tuple[str, ...]
    boards: tuple[Mounting, ...]
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

    @property
    def width(self) -> int:
        """Unknowns that all frames share."""
        return CAMERA * len(self.cameras) + POSE * len(self.boards) + int(self.free_scale)

    def columns(self, view: int) -> np.ndarray:
        """Where the camera, the board and the scale of a view stand among the shared unknowns."""
        camera, board, _ = self.views[view]
        start = CAMERA * len(self.cameras) + POSE * board
        columns = [np.arange(CAMERA * camera, CAMERA * (camera + 1)), np.arange(start, start + POSE)]
        return np.concatenate([*columns, [self.width - 1]] if self.free_scale else columns)


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

    def moved(self, problem: Problem, shared: Vector, frames: Vector) -> Unknowns:
        """The guess after a step (shared unknowns; (frames, 6) rotations and translations)."""
        count = CAMERA * len(problem.cameras)
        cameras = shared[:count].reshape(-1, CAMERA)
        boards = shared[count : count + POSE * len(problem.boards)].reshape(-1, POSE)
        return Unknowns(
            self.lenses + cameras[:, :9],
            _moved(self.cameras, cameras[:, 9:]),
            _moved(self.boards, boards),
            _moved(self.frames, frames),
            self.scale + (float(shared[-1]) if problem.free_scale else 0.0),
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
    points = _chain(problem, unknowns)[-1]
    return project(points, unknowns.lenses[problem.views[problem.view, 0]])[0] - problem.pixels


def _chain(problem: Problem, unknowns: Unknowns) -> tuple[Vector, ...]:
    """The corners in their own frame, on the board's parent, past the motion, and in the camera; (n, 3) each."""
    camera, board, frame = problem.views[problem.view].T
    corner = problem.points[problem.ids] * unknowns.scale
    table = np.array(problem.boards)[board] == "table"
    boards, frames, cameras = (part.as_matrix() for part in (unknowns.boards, unknowns.frames, unknowns.cameras))
    parent = _apply(boards[board], corner)
    past = np.where(table[:, None], _undo(frames[frame], parent), _apply(frames[frame], parent))
    return corner, parent, past, _undo(cameras[camera], past)


def _apply(matrices: Vector, points: Vector) -> Vector:
    return np.einsum("nij,nj->ni", matrices[:, :3, :3], points) + matrices[:, :3, 3]


def _undo(matrices: Vector, points: Vector) -> Vector:
    return np.einsum("nji,nj->ni", matrices[:, :3, :3], points - matrices[:, :3, 3])


def linearised(problem: Problem, unknowns: Unknowns) -> tuple[Vector, Vector]:
    """Residuals (n, 2) and their derivatives (n, 2, LOCAL) by camera, board, scale and frame."""
    camera, board, frame = problem.views[problem.view].T
    corner, parent, past, local = _chain(problem, unknowns)
    pixels, by_local, by_lens = project(local, unknowns.lenses[camera])
    table = (np.array(problem.boards)[board] == "table")[:, None, None]
    R_camera, R_board, R_frame = (
        part.rotation.as_matrix()[index]
        for part, index in ((unknowns.cameras, camera), (unknowns.boards, board), (unknowns.frames, frame))
    )
    by_past = by_local @ np.swapaxes(R_camera, 1, 2)
    by_parent = by_past @ np.where(table, np.swapaxes(R_frame, 1, 2), R_frame)
    by_corner = by_parent @ R_board
    out = np.empty((len(pixels), 2, LOCAL))
    out[:, :, :9] = by_lens
    out[:, :, 9:12] = by_local @ crosses(local)
    out[:, :, 12:15] = -by_past
    out[:, :, 15:18] = -by_corner @ crosses(corner)
    out[:, :, 18:21] = by_parent
    out[:, :, 21] = np.einsum("nij,nj->ni", by_corner, problem.points[problem.ids])
    out[:, :, 22:25] = np.where(table, by_past @ crosses(past), -by_past @ R_frame @ crosses(parent))
    out[:, :, 25:28] = np.where(table, -by_parent, by_past)
    return pixels - problem.pixels, out
