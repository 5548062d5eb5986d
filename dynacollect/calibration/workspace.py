"""What a calibration's uncertainty does to points that its fixed cameras locate together."""

from __future__ import annotations

import numpy as np

from ..rig.nouns import Vector
from .lens import project
from .model import CAMERA, Problem, Unknowns, crosses
from .result import Workspace

SAMPLES = 6
"""Points along each edge of the box."""
INNER = (5.0, 95.0)
"""Percentiles of the held board's corners that span the box."""
STEPS = 12


def located(pixels: Vector, lenses: Vector, places: Vector, start: Vector) -> Vector:
    """Base-frame points (n, 3) whose pixels (cameras, n, 2) fit best; `places`: T_base_camera, (cameras, 4, 4)."""
    points = start.copy()
    for _ in range(STEPS):
        square, push = np.zeros((len(points), 3, 3)), np.zeros((len(points), 3))
        for seen, lens, place in zip(pixels, lenses, places, strict=True):
            found, by_local, _ = project((points - place[:3, 3]) @ place[:3, :3], lens)
            by_point = by_local @ place[:3, :3].T
            square += np.swapaxes(by_point, 1, 2) @ by_point
            push += np.einsum("nij,ni->nj", by_point, found - seen)
        points -= np.linalg.solve(square, push[..., None])[..., 0]
    return points


def workspace_error(
    problem: Problem,
    unknowns: Unknowns,
    covariance: Vector,
    sizes: Vector,
    box: tuple[Vector, Vector] | None = None,
) -> Workspace | None:
    """Predicted from the covariance, over a box that is by default where the held board was; `sizes` (cameras, 2)."""
    if "held" not in problem.boards:
        return None
    low, high = box or _held_box(problem, unknowns)
    axes = [np.linspace(a, b, SAMPLES) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
    held = [board for board, mounting in enumerate(problem.boards) if mounting == "held"]
    fixed = np.unique(problem.views[np.isin(problem.views[:, 1], held), 0])
    seen, moved = point_motions(points, unknowns.lenses[fixed], unknowns.cameras.as_matrix()[fixed], sizes[fixed])
    if not len(moved):
        return None
    columns = (CAMERA * fixed[:, None] + np.arange(CAMERA)).ravel()
    variance = np.einsum("nig,gh,nih->n", moved, covariance[np.ix_(columns, columns)], moved, optimize=True)
    return Workspace(low, high, points[seen], 1e3 * np.sqrt(variance))


def point_motions(points: Vector, lenses: Vector, places: Vector, sizes: Vector) -> tuple[np.ndarray, Vector]:
    """Which points (n, 3) two or more cameras see, and how those, located together, move with the cameras' unknowns.

    The latter is (seen, 3, CAMERA * cameras). `places`: T_base_camera, (cameras, 4, 4); `sizes`: (cameras, 2).
    """
    square, count = np.zeros((len(points), 3, 3)), np.zeros(len(points), int)
    pushes = list[Vector]()
    for lens, place, size in zip(lenses, places, sizes, strict=True):
        rotation, centre = place[:3, :3], place[:3, 3]
        local = (points - centre) @ rotation
        pixels, by_local, by_lens = project(local, lens)
        seen = (local[:, 2] > 0) & ((pixels > 0) & (pixels < size - 1)).all(axis=1)
        by_point = by_local @ rotation.T
        by_camera = np.concatenate([by_lens, by_local @ crosses(local), -by_point], axis=2)
        turned = np.swapaxes(by_point * seen[:, None, None], 1, 2)
        square += turned @ by_point
        pushes.append(turned @ by_camera)
        count += seen
    both = count >= 2
    moved = np.linalg.solve(square[both], np.concatenate(pushes, axis=2)[both])
    return both, np.asarray(moved, np.float64)


def _held_box(problem: Problem, unknowns: Unknowns) -> tuple[Vector, Vector]:
    held = [view for view in problem.views if problem.boards[view[1]] == "held"]
    poses = [unknowns.frames[int(frame)] * unknowns.boards[int(board)] for _, board, frame in held]
    corners = np.concatenate([pose.apply(problem.points) for pose in poses])
    low, high = np.percentile(corners, INNER, axis=0)
    return low, high
