"""Where cameras and boards sit, in closed form: motion_i * board = camera * seen_i for rotations first, then places.

`motion` is T_base_flange for a held board and T_flange_base for a board on the table; `seen` is T_camera_board.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.nouns import Vector

SUBSETS, SUBSET = 24, 4
UNIT_RAD, UNIT_M = np.deg2rad(1.0), 0.01
"""Errors that weigh alike as poses are compared."""
METHODS = (cv2.CALIB_HAND_EYE_PARK, cv2.CALIB_HAND_EYE_DANIILIDIS)


def board_guesses(motions: RigidTransform, seen: RigidTransform) -> Iterator[RigidTransform]:
    """Places of the board by several methods, from all views and from small draws of them."""
    yield robot_world(motions, seen)
    back = seen.inv()
    R_motions, R_back = list(motions.rotation.as_matrix()), list(back.rotation.as_matrix())
    t_motions, t_back = list(motions.translation), list(back.translation)
    for method in METHODS:
        R, t = cv2.calibrateHandEye(R_motions, t_motions, R_back, t_back, method=method)
        if np.isfinite(R).all() and np.isfinite(t).all() and np.linalg.det(np.asarray(R, float)) > 0.5:
            yield RigidTransform.from_components(t.ravel(), Rotation.from_matrix(R))
    draws = np.random.default_rng(0)
    for _ in range(SUBSETS if len(seen) > SUBSET else 0):
        some = draws.choice(len(seen), SUBSET, replace=False)
        yield robot_world(motions[some], seen[some])


def robot_world(motions: RigidTransform, seen: RigidTransform) -> RigidTransform:
    """The board's place that fits all views best, linearly (the rotations by their Kronecker product)."""
    A, B = motions.rotation.as_matrix(), seen.rotation.as_matrix()
    product = np.einsum("nij,nkl->ikjl", B, A).reshape(9, 9)
    left, _, right = np.linalg.svd(product)
    board, camera = (_rotation(column.reshape(3, 3).T) for column in (right[0], left[:, 0]))
    rows = np.concatenate([A, np.broadcast_to(-np.eye(3), A.shape)], axis=2).reshape(-1, 6)
    want = seen.translation @ camera.as_matrix().T - motions.translation
    return RigidTransform.from_components(np.linalg.lstsq(rows, want.ravel(), rcond=None)[0][:3], board)


def stretch(motions: RigidTransform, seen: RigidTransform) -> float:
    """How many times farther the robot says that the board went than it was seen to go."""
    board = robot_world(motions, seen)
    camera = (motions.rotation * board.rotation * seen.rotation.inv()).mean()
    A = motions.rotation.as_matrix()
    rows = np.concatenate([A, np.broadcast_to(-np.eye(3), A.shape), -camera.apply(seen.translation)[..., None]], axis=2)
    found = np.linalg.lstsq(rows.reshape(-1, 7), -motions.translation.ravel(), rcond=None)[0]
    return float(found[-1])


def _rotation(matrix: Vector) -> Rotation:
    left, _, right = np.linalg.svd(matrix * np.sign(np.linalg.det(matrix)))
    return Rotation.from_matrix(left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right)


def middle(poses: RigidTransform) -> RigidTransform:
    """A mean that strays from most poses as little as can be: of those near the pose that is nearest to the rest."""
    R, t = poses.rotation.as_matrix(), poses.translation
    cosine = (np.einsum("aij,bij->ab", R, R) - 1) / 2
    apart = np.arccos(np.clip(cosine, -1, 1)) / UNIT_RAD + np.linalg.norm(t[:, None] - t, axis=2) / UNIT_M
    typical = np.median(apart, axis=1)
    best = int(np.argmin(typical))
    near = apart[best] <= 2 * typical[best] + 1e-9
    return RigidTransform.from_components(t[near].mean(axis=0), poses.rotation[np.flatnonzero(near)].mean())


def turning(motions: RigidTransform) -> Vector:
    """How far the poses turn against each other about their three main axes: RMS [rad], greatest first."""
    first, second = np.triu_indices(len(motions), 1)
    turns = (motions.rotation[first] * motions.rotation[second].inv()).as_rotvec()
    return np.sqrt(np.maximum(np.linalg.eigvalsh(turns.T @ turns / max(len(turns), 1))[::-1], 0))
