"""Stands in for FoundationPose's `estimater` in tests: the same names and call signatures, and poses by plain ICP.

No code of FoundationPose is in here. What its callers must get right is held to: types, shapes and units.
"""

# ruff: noqa: ARG002 # because the signatures are those that are published
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

Vector = NDArray[np.float64]

POINTS, SCENE = 900, 220
ROUNDS_COARSE = 6
REACH_M, REACH_LAST_M = 0.02, 0.006


class ScorePredictor:
    """Made once."""


class PoseRefinePredictor:
    """Made once."""


dr = SimpleNamespace(RasterizeCudaContext=type("RasterizeCudaContext", (), {}))


class FoundationPose:
    """Poses of one object in one camera, from depth."""

    def __init__(
        self, model_pts: Any, model_normals: Any, symmetry_tfs: Any = None, mesh: Any = None,
        scorer: ScorePredictor | None = None, refiner: PoseRefinePredictor | None = None, glctx: Any = None,
        debug: int = 0, debug_dir: str = "/home/nobody/debug/",
    ) -> None:  # fmt: skip
        Path(debug_dir).mkdir(parents=True, exist_ok=True)
        assert isinstance(mesh, trimesh.Trimesh)
        assert np.shape(model_pts) == np.shape(model_normals) == mesh.vertices.shape
        assert isinstance(scorer, ScorePredictor)
        assert isinstance(refiner, PoseRefinePredictor)
        assert isinstance(glctx, dr.RasterizeCudaContext)
        self.centre = np.asarray(mesh.bounds, float).mean(axis=0)
        points, faces = trimesh.sample.sample_surface(mesh, POINTS, seed=1)[:2]
        self.points, self.normals = np.asarray(points) - self.centre, np.asarray(mesh.face_normals)[faces]
        self.tree = KDTree(self.points)
        self.pose_last: Vector | None = None

    def register(
        self, K: Any, rgb: Any, depth: Any, ob_mask: Any, ob_id: Any = None, glctx: Any = None, iteration: int = 5
    ) -> Any:
        """The best of many turns, each improved a little."""
        depth = _checked(K, rgb, depth)
        assert ob_mask.shape == depth.shape
        pose = np.eye(4)
        if ((depth >= 0.1) & (ob_mask > 0)).sum() < 4:
            return pose
        scene = _cloud(K, depth, ob_mask > 0)
        away = np.median(scene, axis=0)
        away += 0.4 * np.linalg.norm(np.ptp(self.points, axis=0)) / 2 * away / np.linalg.norm(away)
        best = min(
            (
                self._icp(scene[::3], turn, away, ROUNDS_COARSE, REACH_M)
                for turn in Rotation.create_group("I").as_matrix()
            ),
            key=lambda found: self._cost(K, depth, scene, *found),
        )
        return self._kept(*self._icp(scene, *best, 3 * iteration, REACH_LAST_M))

    def track_one(self, rgb: Any, depth: Any, K: Any, iteration: int, extra: Any = {}) -> Any:  # noqa: B006 # because it is published so
        """From the last pose."""
        depth = _checked(K, rgb, depth)
        if self.pose_last is None:
            raise RuntimeError
        turn, shift = self.pose_last[:3, :3], self.pose_last[:3, 3]
        points = _map(K, depth).reshape(-1, 3)
        points = points[np.linalg.norm(points - shift, axis=1) < 0.7 * np.linalg.norm(np.ptp(self.points, axis=0))]
        points = points[(points[:, 2] > 0.1) & ~_table(points)]
        if len(points) < 30:
            return self._kept(turn, shift)
        scene = points[:: max(1, len(points) // SCENE)]
        turn, shift = self._icp(scene, turn, shift, 8 * iteration, REACH_M)
        return self._kept(*self._icp(scene, turn, shift, 4 * iteration, REACH_LAST_M))

    def _kept(self, turn: Vector, shift: Vector) -> Any:
        self.pose_last = np.eye(4)
        self.pose_last[:3, :3], self.pose_last[:3, 3] = turn, shift
        pose = self.pose_last.copy()
        pose[:3, 3] -= turn @ self.centre
        return pose.astype(np.float32)

    def _icp(self, scene: Vector, turn: Vector, shift: Vector, rounds: int, reach: float) -> tuple[Vector, Vector]:
        """Points of the scene to the surface, along its normals."""
        for _ in range(rounds):
            local = (scene - shift) @ turn
            apart, index = self.tree.query(local)
            normals, weight = self.normals[index], 1.0 / (1.0 + (apart / reach) ** 2)
            off = ((local - self.points[index]) * normals).sum(axis=1)
            slopes = np.hstack([normals, np.cross(local, normals)]) * weight[:, None]
            step = np.linalg.solve(
                slopes.T @ slopes + 1e-4 * np.diag([1, 1, 1, 1e-3, 1e-3, 1e-3]), slopes.T @ (off * weight)
            )
            shift = shift + turn @ step[:3]
            turn = turn @ Rotation.from_rotvec(step[3:]).as_matrix()
        return turn, shift

    def _cost(self, K: Any, depth: Any, scene: Vector, turn: Vector, shift: Vector) -> float:
        """How far the scene is from the surface, and how much of the surface depth looks through."""
        apart = np.minimum(self.tree.query((scene - shift) @ turn)[0], REACH_M)
        points, normals = self.points @ turn.T + shift, self.normals @ turn.T
        front = (normals * points).sum(axis=1) < -0.2 * np.linalg.norm(points, axis=1)
        pixels = np.round((points / points[:, 2:]) @ np.asarray(K)[:2].T).astype(int)
        front &= (pixels >= 0).all(axis=1) & (pixels < depth.shape[::-1]).all(axis=1)
        rows = np.flatnonzero(front)
        through = depth[pixels[rows, 1], pixels[rows, 0]] - points[rows, 2]
        return float(apart.mean() + np.clip(through, 0.0, REACH_M).mean())


def _checked(K: Any, rgb: Any, depth: Any) -> Any:
    """Depth without its rims."""
    assert rgb.dtype == np.uint8
    assert depth.dtype == np.float32
    assert rgb.shape == (*depth.shape, 3)
    assert np.shape(K) == (3, 3)
    if not rgb.any():
        raise ValueError("a black picture\ntells nothing")
    low = minimum_filter(depth, 3)
    return np.where(depth - low < 0.03, depth, 0.0)


def _map(K: Any, depth: Any) -> Vector:
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]]
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(K).T
    return rays * depth[..., None]


def _table(points: Vector) -> Any:
    """Those in the plane that holds most of them."""
    rng, best = np.random.default_rng(0), np.zeros(len(points), bool)
    for _ in range(60 if len(points) > 10 else 0):
        three = points[rng.choice(len(points), 3, replace=False)]
        normal = np.cross(three[1] - three[0], three[2] - three[0])
        inside = np.abs((points - three[0]) @ (normal / max(np.linalg.norm(normal), 1e-12))) < 0.005
        best = inside if inside.sum() > best.sum() else best
    return best


def _cloud(K: Any, depth: Any, mask: Any) -> Vector:
    points = _map(K, depth)[mask & (depth > 0)]
    return points[:: max(1, len(points) // SCENE)]
