"""A drawing fitted to a picture around each corner: how far it is moved, how it is lit, and how the picture blurs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..rig.nouns import Vector
from .drawing import FINER, Picture

FIRST_BLUR = np.array([0.5, 0.0, 0.5])
"""Variances xx, xy, yy [px^2]."""
ROUNDS = 3
LEAST_BLUR, MOST_BLUR = 0.05, 12.0
STEP = (-0.4, 1.0)
"""By which the blur's variances may change in one round."""
STRAY = 4.0
"""Sigmas by which a pixel may differ from the drawing."""
LEAST_NOISE, LEAST_CONTRAST = 0.5, 5.0
"""Of a picture, in steps of grey; and between black and white, in sigmas of it."""
LIGHT = 6
"""Columns of contrast and light."""

Patch = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of the pixels that belong to a corner."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One corner's surroundings, fitted."""

    shift: Vector
    """(2,): from where the drawing has the corner to where the picture has it [px]."""
    share: float
    """Of the pixels that are like the drawing."""


def fits(fine: Picture, image: Picture, patches: list[Patch]) -> list[Fit]:
    """Of the drawing `fine`, `FINER` times the picture's size, around each corner."""
    blur = FIRST_BLUR
    for _ in range(ROUNDS):
        blur = _blur(fine, image, patches, blur)
    layers = _layers(fine, blur)[:3]
    tables = [(_columns(layers, patch), image[patch].astype(np.float64)) for patch in patches]
    left = [np.abs(values - columns @ _solved(columns, values)) for columns, values in tables]
    noise = max(1.4826 * float(np.median(np.concatenate(left))), LEAST_NOISE)
    return [_fit(*table, off < STRAY * noise, noise) for table, off in zip(tables, left, strict=True)]


def _fit(columns: Vector, values: Vector, like: NDArray[np.bool_], noise: float) -> Fit:
    """Of the pixels that are like the drawing."""
    found = _solved(columns[like], values[like]) if like.sum() > 2 * columns.shape[1] else np.zeros(columns.shape[1])
    if found[0] < LEAST_CONTRAST * noise:
        return Fit(np.zeros(2), 0.0)
    return Fit(-found[LIGHT:] / found[0], float(like.mean()))


def _blur(fine: Picture, image: Picture, patches: list[Patch], blur: Vector) -> Vector:
    """A better guess: blur spreads by the heat equation, so that a change of it shows in second derivatives."""
    layers = _layers(fine, blur)
    found = np.array([_solved(_columns(layers, patch), image[patch].astype(np.float64)) for patch in patches])
    seen = found[found[:, 0] > 0]
    step = np.median(2 * seen[:, -3:] / seen[:, :1], axis=0) * [1, 0.5, 1] if len(seen) else np.zeros(3)
    xx, xy, yy = blur + np.clip(step, *STEP)
    spread, axes = np.linalg.eigh([[xx, xy], [xy, yy]])
    limited = (axes * np.clip(spread, LEAST_BLUR, MOST_BLUR)) @ axes.T
    return limited[[0, 0, 1], [0, 1, 1]]


def _layers(fine: Picture, blur: Vector) -> list[Picture]:
    """The blurred drawing and its derivatives: by x, y; xx, xy, yy."""
    soft = cv2.filter2D(fine, cv2.CV_32F, _kernel(blur), borderType=cv2.BORDER_REPLICATE)
    across, down = _slope(soft, 1), _slope(soft, 0)
    high, wide = (side // FINER for side in fine.shape)
    parts = [soft, across, down, _slope(across, 1), _slope(across, 0), _slope(down, 0)]
    return [np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA), np.float32) for part in parts]


def _slope(image: NDArray[np.generic], axis: int) -> Picture:
    """Per pixel of the picture."""
    return np.asarray(np.gradient(image, 1.0 / FINER, axis=axis), np.float32)


def _kernel(blur: Vector) -> Picture:
    """A Gaussian of these variances at the finer scale."""
    spread = FINER**2 * blur[[[0, 1], [1, 2]]]
    half = int(np.ceil(3.5 * np.sqrt(np.diag(spread).max())))
    offsets = np.stack(np.meshgrid(np.arange(-half, half + 1.0), np.arange(-half, half + 1.0)), axis=-1)
    weight = np.exp(-0.5 * np.einsum("rci,ij,rcj->rc", offsets, np.linalg.inv(spread), offsets))
    return (weight / weight.sum()).astype(np.float32)


def _columns(layers: list[Picture], patch: Patch) -> Vector:
    """Contrast and light that change evenly over the patch, then the derivatives."""
    drawn, *slopes = (layer[patch].astype(np.float64) for layer in layers)
    y, x = (0.05 * (place - place.mean()) for place in patch)
    return np.stack([drawn, drawn * x, drawn * y, np.ones_like(x), x, y, *slopes], axis=1)


def _solved(columns: Vector, values: Vector) -> Vector:
    square = columns.T @ columns
    return np.linalg.solve(square + 1e-9 * np.trace(square) * np.eye(len(square)), columns.T @ values)
