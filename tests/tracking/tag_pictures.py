"""Tags drawn exactly: every picture element is the mean of rays that meet the printed squares, lens included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from dynacollect.calibration.boards import marker_cells
from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import Frame, FrameSet, Image, Vector
from dynacollect.tracking.tags.description import Tag, TagFile

SAMPLES = 6
"""Rays along each side of a picture element."""
GREY, WHITE, BLACK = 120.0, 225.0, 25.0
QUIET = 1.4
"""White paper around a tag, as a share of its side, both sides together."""


def camera(name: str, place: Sequence[float], focal: float = 460.0, distortion: Sequence[float] = ()) -> CameraModel:
    K = np.array([[focal, 0, 239.2], [0, focal + 3.0, 180.4], [0, 0, 1.0]])
    lens = np.array([*distortion, *np.zeros(5 - len(distortion))])
    return CameraModel(name, 480, 360, K, lens, look_at(np.array(place), np.array([0.45, 0.0, 0.05])))


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A window of a picture with the rays of all its samples."""

    corner: tuple[int, int]
    shape: tuple[int, int]
    rays: Vector
    """(samples, 3) in the camera's frame, of z = 1."""


def _patch(view: CameraModel, pixels: Vector) -> Patch | None:
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 3, [view.width, view.height])
    if (high <= low).any():
        return None
    steps = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    columns = (np.arange(low[0], high[0])[:, None] + steps).ravel()
    rows = (np.arange(low[1], high[1])[:, None] + steps).ravel()
    spots = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    if view.distortion.any():
        rays = view.unproject(spots)
    else:
        rays = np.column_stack([spots, np.ones(len(spots))]) @ np.linalg.inv(view.K).T
    return Patch((int(low[0]), int(low[1])), (int(high[1] - low[1]), int(high[0] - low[0])), rays)


@cache
def _cells(dictionary: str, number: int) -> np.ndarray:
    return marker_cells(dictionary, number, 1)


def draw(
    view: CameraModel, file: TagFile, poses: Mapping[str, RigidTransform], noise: float = 2.0, seed: int = 0,
    blur: float = 0.6,
) -> Image:  # fmt: skip
    """Tags on grey; those that face away are not to be seen, and nothing hides another."""
    picture = np.full((view.height, view.width), GREY)
    for name, tags in file.objects.items():
        for tag in tags:
            if name in poses:
                _print(picture, view, file.dictionary, tag, poses[name])
    soft = cv2.GaussianBlur(picture, (0, 0), blur)
    rng = np.random.default_rng(seed)
    grey = np.clip(np.round(soft + rng.normal(0, noise, soft.shape)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _print(picture: Vector, view: CameraModel, dictionary: str, tag: Tag, pose: RigidTransform) -> None:
    T = view.T_base_camera().inv() * pose
    if tag.T_object_tag is not None:
        T = T * tag.T_object_tag.transform
    turn, place = T.rotation.as_matrix(), np.asarray(T.translation)
    if turn[:, 2] @ place >= 0:
        return
    half = 0.5 * QUIET * tag.size_m
    rim = T.apply(np.array([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]]))
    patch = _patch(view, view.project(view.T_base_camera().apply(rim)))
    if patch is None:
        return
    depth = (turn[:, 2] @ place) / (patch.rays @ turn[:, 2])
    local = (depth[:, None] * patch.rays - place) @ turn[:, :2]
    inside = (np.abs(local) < half).all(axis=1) & (depth > 0)
    cells = _cells(dictionary, tag.id)
    column = np.floor((local[:, 0] / tag.size_m + 0.5) * len(cells)).astype(int)
    row = np.floor((0.5 - local[:, 1] / tag.size_m) * len(cells)).astype(int)
    within = (column >= 0) & (row >= 0) & (column < len(cells)) & (row < len(cells))
    black = within & cells[np.clip(row, 0, len(cells) - 1), np.clip(column, 0, len(cells) - 1)]
    values = np.where(black, BLACK, WHITE)
    high, wide = patch.shape
    shape = (high, SAMPLES, wide, SAMPLES)
    share = inside.reshape(shape).mean(axis=(1, 3))
    mean = np.where(inside, values, 0.0).reshape(shape).mean(axis=(1, 3))
    x, y = patch.corner
    window = picture[y : y + high, x : x + wide]
    window *= 1.0 - share
    window += mean


def frame_set(
    views: Mapping[str, CameraModel], file: TagFile, poses: Mapping[str, Mapping[str, RigidTransform]],
    times: Mapping[str, float], seed: int = 0, noise: float = 2.0,
) -> FrameSet:  # fmt: skip
    """`poses`: of each object, by camera; so that each sees it at its own time."""
    frames = {}
    for number, (name, view) in enumerate(views.items()):
        image = draw(view, file, poses[name], noise, seed * 17 + number)
        frames[name] = Frame(image, name, seed, times[name], times[name], times[name])
    return FrameSet(frames)
