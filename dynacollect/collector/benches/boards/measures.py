"""What is compared with the truth: lenses, places, and points that the fixed cameras locate."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ....rig.nouns import Vector
from .board_set import WORKSPACE
from .camera import PlacedCamera

Cameras = Mapping[str, PlacedCamera]
SAMPLES = 7
"""Points along each edge of the workspace."""
WORKSPACE_MM = "workspace mm"


def deviations(found: Cameras, true: Cameras) -> dict[str, Vector]:
    """By measure, one row per thing measured; a measure's error is the root of the mean square length of its rows."""
    out: dict[str, Vector] = {}
    for name, camera in true.items():
        off = found[name].lens - camera.lens
        out[f"{name} focal %"] = 100 * (off[:2] / camera.lens[:2])[:, None]
        out[f"{name} centre px"] = off[None, 2:4]
    for name, camera in true.items():
        label = f"{name} hand-eye" if camera.wrist else f"{name} to base"
        out |= _pose(label, found[name].place, camera.place)
    fixed = [name for name, camera in true.items() if not camera.wrist]
    apart = [cameras[fixed[0]].place.inv() * cameras[fixed[1]].place for cameras in (found, true)]
    out |= _pose(f"{fixed[0]} to {fixed[1]}", *apart)
    points = seen_points(true, fixed)
    located = _located([found[name] for name in fixed], [_seen(true[name], points) for name in fixed])
    return out | {WORKSPACE_MM: 1e3 * (located - points)}


def error(rows: Vector) -> float:
    """One number for a measure."""
    return float(np.sqrt((rows**2).sum(axis=1).mean()))


def _pose(label: str, found: RigidTransform, true: RigidTransform) -> dict[str, Vector]:
    turned = (true.rotation.inv() * found.rotation).as_rotvec(degrees=True)
    return {f"{label} deg": turned[None], f"{label} mm": 1e3 * (found.translation - true.translation)[None]}


def _seen(camera: PlacedCamera, points: Vector) -> Vector:
    return camera.pixels(camera.place.inv().apply(points))


def seen_points(cameras: Cameras, names: list[str]) -> Vector:
    """A grid over the workspace; what every one of these cameras has in its picture."""
    axes = [np.linspace(low, high, SAMPLES) for low, high in zip(*WORKSPACE, strict=True)]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
    inside = np.ones(len(points), bool)
    for name in names:
        pixels = _seen(cameras[name], points)
        inside &= ((pixels > 0) & (pixels < np.array(cameras[name].size) - 1)).all(axis=1)
    return points[inside]


def _located(cameras: list[PlacedCamera], pixels: list[Vector]) -> Vector:
    """Where the rays of these pixels pass nearest to each other, by angle: a far camera's ray counts less."""
    rays, starts, weights = [], [], np.ones((len(cameras), len(pixels[0])))
    for camera, seen in zip(cameras, pixels, strict=True):
        flat = cv2.undistortPointsIter(seen[:, None], camera.K, camera.lens[4:], np.eye(3), np.eye(3), (3, 40, 1e-12))
        ray = camera.place.rotation.apply(np.column_stack([np.asarray(flat, np.float64)[:, 0], np.ones(len(seen))]))
        rays.append(ray / np.linalg.norm(ray, axis=1, keepdims=True))
        starts.append(camera.place.translation)
    across = [np.eye(3) - ray[:, :, None] * ray[:, None, :] for ray in rays]
    points: Vector = np.zeros((len(pixels[0]), 3))
    for _ in range(2):
        terms = [weight[:, None, None] * part for weight, part in zip(weights, across, strict=True)]
        pushed = sum((part @ start for part, start in zip(terms, starts, strict=True)), np.zeros_like(points))
        points = np.asarray(
            np.linalg.solve(sum(terms, np.zeros((len(points), 3, 3))), pushed[..., None])[..., 0], np.float64
        )
        weights = np.array([1 / ((points - start) ** 2).sum(axis=1) for start in starts])
    return points
