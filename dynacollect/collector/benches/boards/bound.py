"""How well a set can be solved at all: the Cramer-Rao bound, by numeric differentiation of the true projection.

The unknowns are those of every camera, both boards and every frame's robot pose, of which the robot tells something.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ....calibration.sightings import Mounting
from ....rig.nouns import Vector
from .board_set import BOARD, ROBOT_NOISE, BoardSet, camera_to_board
from .camera import LENS, PLACED, PlacedCamera, moved
from .measures import deviations

Seen = Iterable[tuple[str, Mounting, int, NDArray[np.int64]]]
"""Camera, mounting, frame and corners."""
POSE = 6
STEPS = np.array([1e-2] * 4 + [1e-5] * 5 + [1e-6] * 6)
"""Of a camera's numbers; poses take the last six."""


def bound(made: BoardSet, seen: Seen, corner_sigma: float) -> dict[str, float]:
    """One sigma of every measure, at least, for corners of this sigma by direction [px]."""
    covariance = covariance_of(made, seen, corner_sigma)
    count = PLACED * len(made.cameras)
    slopes: dict[str, list[Vector]] = {}
    for row in range(count):
        step = np.zeros(count)
        step[row] = STEPS[row % PLACED]
        ahead, behind = (deviations(_moved(made, sign * step), made.cameras) for sign in (1, -1))
        for name in ahead:
            slopes.setdefault(name, []).append((ahead[name] - behind[name]) / (2 * step[row]))
    out = {}
    for name, parts in slopes.items():
        slope = np.array(parts)
        variance = np.einsum("gnk,gh,hnk->n", slope, covariance[:count, :count], slope, optimize=True)
        out[name] = float(np.sqrt(variance.mean()))
    return out


def _moved(made: BoardSet, step: Vector) -> dict[str, PlacedCamera]:
    parts = step.reshape(-1, PLACED)
    return {name: made.cameras[name].moved(part) for name, part in zip(sorted(made.cameras), parts, strict=True)}


def covariance_of(made: BoardSet, seen: Seen, corner_sigma: float) -> Vector:
    """Of cameras by name, boards by name, and frames, at least."""
    cameras, boards, frames = sorted(made.cameras), sorted(made.boards), sorted(made.frames)
    still = PLACED * len(cameras) + POSE * len(boards)
    width = still + POSE * len(frames)
    information = np.zeros((width, width))
    told = np.arange(still, width)
    information[told, told] = np.tile(1 / ROBOT_NOISE**2, len(frames))
    for name, mounting, frame, ids in seen:
        flange, board = made.frames[mounting, frame], made.boards[mounting]
        slopes = _slopes(made.cameras[name], flange, board, BOARD.points[ids]) / corner_sigma
        starts = (
            PLACED * cameras.index(name),
            PLACED * len(cameras) + POSE * boards.index(mounting),
            still + POSE * frames.index((mounting, frame)),
        )
        columns = np.concatenate([np.arange(a, a + n) for a, n in zip(starts, (PLACED, POSE, POSE), strict=True)])
        information[np.ix_(columns, columns)] += slopes @ slopes.T
    size = np.sqrt(np.diag(information))
    return np.linalg.inv(information / np.outer(size, size)) / np.outer(size, size)


def _slopes(camera: PlacedCamera, flange: RigidTransform, board: RigidTransform, points: Vector) -> Vector:
    """(27, 2 n): pixels by the camera's numbers, the board's and the frame's."""
    rows = []
    local = camera_to_board(camera, flange, board).apply(points)
    for step in np.diag(STEPS)[:LENS]:
        ahead, behind = (camera.moved(sign * step).pixels(local) for sign in (1, -1))
        rows.append((ahead - behind).ravel() / (2 * step.max()))
    both = np.concatenate([np.diag(STEPS[LENS:]), -np.diag(STEPS[LENS:])])
    motion, shaken = (pose.inv() if camera.wrist else pose for pose in (flange, moved(flange, both)))
    place = camera.place.inv()
    chains = (
        moved(camera.place, both).inv() * motion * board,
        place * motion * moved(board, both),
        place * shaken * board,
    )
    for chain in chains:
        matrices = chain.as_matrix()
        moved_points = np.einsum("sij,nj->sni", matrices[:, :3, :3], points) + matrices[:, None, :3, 3]
        ahead, behind = camera.pixels(moved_points.reshape(-1, 3)).reshape(2, POSE, -1)
        rows += list((ahead - behind) / (2 * STEPS[LENS:, None]))
    return np.array(rows)
