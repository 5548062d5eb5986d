"""Where an object is, how large, and which way it travels, from its masks alone: the pose back end without a mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.camera_model import CameraModel
from ..rig.nouns import Mask, Masks, PoseEstimate, Vector

EDGE_PX = 0.3
"""How far the middle of a mask is off at the least."""
LOPSIDED = 0.06
"""How far the middle of a mask is off the object's projected centre, as a share of the mask's length."""
CUT_OFF = 0.3
"""The same where the mask reaches the rim of the picture."""
DOUBTFUL = 2.0
"""Sigmas by which rays pass each other, from which on it may be two things."""
UNKNOWN_RAD = np.pi / 2
"""How much is known of a turn of which nothing is known."""
YAW_RAD = 0.3
TRAVELS = 0.05
"""m/s, from which on the way of travel says how the object is turned."""
LEAST_EXTENT_M = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """An object as an upright box."""

    pose: PoseEstimate
    """Its middle, x along the way of travel; turned as the base frame while it rests."""
    extent: Vector
    """(3,) of the box, in that frame, m: of round things as they are, of boxes up to half too much."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one mask says."""

    lens: Vector
    way: Vector
    """Unit direction of the ray."""
    sigma: float
    """rad, across the ray."""
    right: Vector
    """Horizontal, across the ray."""
    width: float
    """rad, across, and `height` along the picture's other way."""
    height: float
    score: float


def locate(
    masks: Masks,
    name: str,
    cameras: Mapping[str, CameraModel],
    *,
    times: Mapping[str, float] | None = None,
    velocity: Vector | None = None,
    height: tuple[float, float] | None = None,
) -> Blob | None:
    """The object of that name, from the views that have a mask of it; `None` where they do not say where it is.

    `times` are the captures of the cameras: what they saw of an object with a known `velocity` is brought to the time
    of the masks. One view is enough where the `height` of the middle over the base is known, with its sigma [m].
    """
    seen = {camera: views[name] for camera, views in masks.views.items() if name in views and views[name].pixels.any()}
    sights = [sight_of(mask, cameras[camera]) for camera, mask in seen.items()]
    lags = [times[camera] - masks.captured_at if times else 0.0 for camera in seen]
    return meet(name, sights, masks.captured_at, lags=lags, velocity=velocity, height=height)


def meet(
    name: str,
    sights: Sequence[Sight],
    time: float,
    *,
    lags: Sequence[float] = (),
    velocity: Vector | None = None,
    height: tuple[float, float] | None = None,
) -> Blob | None:
    """As `locate`, from sights made before; `lags` is by how much each was taken after `time`."""
    if len(sights) < 2 and not (sights and height):
        return None
    moves = np.zeros(3) if velocity is None else velocity
    shifts = [moves * lag for lag in lags] or [np.zeros(3)] * len(sights)
    place, covariance, misfit = _nearest(sights, shifts, height)
    depths = np.array([sight.way @ (place - sight.lens) for sight in sights])
    if (depths <= 0).any():
        return None
    yaw = float(np.arctan2(moves[1], moves[0])) if np.hypot(*moves[:2]) > TRAVELS else None
    turn = Rotation.from_euler("z", yaw or 0.0)
    spread = np.zeros((6, 6))
    spread[:3, :3] = covariance
    spread[3:, 3:] = np.diag([UNKNOWN_RAD**2, UNKNOWN_RAD**2, UNKNOWN_RAD**2 if yaw is None else YAW_RAD**2])
    health = min(sight.score for sight in sights) * float(np.exp(-0.5 * (misfit / DOUBTFUL) ** 2))
    pose = PoseEstimate(name, RigidTransform.from_components(place, turn), spread, time, health)
    return Blob(pose, _extent(sights, depths, turn))


def sight_of(mask: Mask, camera: CameraModel) -> Sight:
    """The ray through the middle of a mask, and how large the mask is."""
    rows, columns = np.nonzero(mask.pixels)
    size, focal = float(max(np.ptp(rows), np.ptp(columns)) + 1), float(np.sqrt(camera.K[0, 0] * camera.K[1, 1]))
    h, w = mask.pixels.shape
    cut = bool(rows.min() == 0 or columns.min() == 0 or rows.max() == h - 1 or columns.max() == w - 1)
    sigma = float(np.hypot(EDGE_PX, (CUT_OFF if cut else LOPSIDED) * size)) / focal
    lens, ways = camera.rays(np.array([[columns.mean(), rows.mean()]]))
    right = np.cross(ways[0], [0.0, 0.0, 1.0])
    right /= max(float(np.linalg.norm(right)), 1e-9)
    # Across the ray, along the horizon and at right angles to it, whichever way the camera is rolled.
    up = np.cross(right, ways[0])
    local = camera.T_base_camera().rotation.inv().apply([right, up])[:, :2]
    offsets = np.column_stack([columns, rows]) @ (local / focal).T
    width, height = np.ptp(offsets, axis=0) + 1.0 / focal
    return Sight(lens, ways[0], sigma, right, float(width), float(height), mask.score)


def _nearest(
    sights: Sequence[Sight], shifts: list[Vector], height: tuple[float, float] | None
) -> tuple[Vector, Vector, float]:
    """Where the rays come nearest to each other, its covariance, and the misfit in sigmas."""
    place, information = np.zeros(3), np.eye(3)
    depths = [1.0] * len(sights)
    # The sigmas in m need the depths.
    for _ in range(3):
        information, sums = np.zeros((3, 3)), np.zeros(3)
        for sight, shift, depth in zip(sights, shifts, depths, strict=True):
            across = (np.eye(3) - np.outer(sight.way, sight.way)) / (sight.sigma * depth) ** 2
            information += across
            sums += across @ (sight.lens - shift)
        if height is not None:
            information[2, 2] += 1.0 / height[1] ** 2
            sums[2] += height[0] / height[1] ** 2
        place = np.linalg.solve(information, sums)
        depths = [max(0.05, float(sight.way @ (place - sight.lens))) for sight in sights]
    off = [
        np.linalg.norm(np.cross(sight.way, place + shift - sight.lens)) / (sight.sigma * depth)
        for sight, shift, depth in zip(sights, shifts, depths, strict=True)
    ]
    return (
        np.asarray(place, float),
        np.asarray(np.linalg.inv(information), float),
        float(np.sqrt(np.mean(np.square(off)))),
    )


def _extent(sights: Sequence[Sight], depths: Vector, turn: Rotation) -> Vector:
    """The upright ellipsoid that looks as wide and as high as the masks; its squared axes add up linearly."""
    to_box = turn.inv()
    widths = np.array([depth * sight.width for depth, sight in zip(depths, sights, strict=True)])
    rows = np.array([to_box.apply(sight.right)[:2] ** 2 for sight in sights])
    # A weak pull towards a circle where all look from one side.
    pull = 0.3 * np.array([1.0, -1.0])
    squares = np.linalg.lstsq(np.vstack([rows, pull]), np.append(widths**2, 0.0), rcond=None)[0]
    squares = np.clip(squares, LEAST_EXTENT_M**2, float(widths.max()) ** 2)
    tops = []
    for depth, sight in zip(depths, sights, strict=True):
        slope = float(np.clip(sight.way[2], -0.95, 0.95))
        level = to_box.apply([sight.way[0], sight.way[1], 0.0])[:2]
        deep = float(level**2 @ squares) / max(float(level @ level), 1e-9)
        tops.append(((depth * sight.height) ** 2 - deep * slope**2) / (1 - slope**2))
    return np.sqrt([*squares, max(LEAST_EXTENT_M**2, float(np.mean(tops)))])
