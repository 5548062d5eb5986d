"""The drawing of a tag fitted to a picture: how its corners must move, how it is lit and blurred, until both are alike.

All of its edges count, and where cells are small and blur into each other, the drawing does so too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...rig.camera_model import CameraModel
from ...rig.nouns import Vector

MANY, FINER = 4, 2
"""Samples a pixel and direction, as taken from the drawing and as blurred."""
MARGIN = 0.7
"""Cells of white paper around a tag that count."""
ROUNDS = 4
FIRST_BLUR = np.array([0.4, 0.0, 0.4])
"""Variances xx, xy, yy [px^2]."""
BLURS = (0.03, 16.0)
"""Least and most."""
STRAY = 4.0
"""Sigmas by which a pixel may differ from the drawing."""
LEAST_NOISE, LEAST_CONTRAST = 0.5, 12.0
"""In steps of grey; between black and white."""
LIKE = 0.7
"""Share of pixels that must be like the drawing."""
FARTHEST_PX = 4.0
"""From where a corner was taken to be."""
LIGHT, CORNERS = 6, 8
"""Columns of contrast and light, and of the corners."""
STEP_PX = 0.05
"""By which corners are moved to see what that does."""
PAPER = 3
"""Cells of white paper around the drawing; nothing is taken from further out."""
UNMODELLED = 2.0
"""By how much the variance is larger than noise alone would make it: a printed tag and a lens are not the drawing."""

Grey = NDArray[np.uint8]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The pixels around a tag."""

    values: Vector
    """(h, w)."""
    ideal: Vector
    """(h, w, 2): where a lens without distortion would have them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Guess:
    """How the drawing lies in the picture."""

    corners: Vector
    blur: Vector
    like: Cells
    """(h w,): pixels that are like the drawing."""
    share: float = 1.0
    """Of the tag's pixels."""
    covariance: Vector | None = None
    """(8, 8) of the corners."""


def fitted(grey: Grey, corners: Vector, cells: Cells, camera: CameraModel) -> tuple[Vector, Vector] | None:
    """Corners (4, 2) as a lens without distortion would have them, and their covariance (8, 8), from rough ones.

    `None` where the picture is not like the drawing. `cells` says where the tag is black.
    """
    window = _window(grey, corners, cells, camera)
    if window is None:
        return None
    first = _ideal(camera, corners)
    guess: _Guess | None = _Guess(first, FIRST_BLUR, np.ones(window.values.size, bool))
    moves = _moves(window, first, len(cells))
    for _ in range(ROUNDS):
        guess = _better(window, guess, cells, moves) if guess else None
    if guess is None or guess.covariance is None or guess.share < LIKE:
        return None
    return (guess.corners, guess.covariance) if np.abs(guess.corners - first).max() < FARTHEST_PX else None


def _better(window: _Window, guess: _Guess, cells: Cells, moves: Vector) -> _Guess | None:
    """One round of the fit; `None` if there is nothing to see."""
    columns, inside = _columns(window, guess.corners, cells, guess.blur, moves)
    values, like = window.values.ravel(), guess.like & inside
    table = columns[like]
    if len(table) < 3 * columns.shape[1]:
        return None
    square = table.T @ table + 1e-9 * np.eye(columns.shape[1])
    found = np.linalg.solve(square, table.T @ values[like])
    contrast = float(found[0])
    if contrast < LEAST_CONTRAST:
        return None
    off = np.abs(values - columns @ found)
    noise = max(1.4826 * float(np.median(off[like])), LEAST_NOISE)
    like = off < STRAY * noise
    place = slice(LIGHT, LIGHT + CORNERS)
    step = np.clip(found[place] / contrast, -1.0, 1.0).reshape(4, 2)
    blur = _limited(guess.blur + np.clip(2.0 * found[-3:] / contrast * [1.0, 0.5, 1.0], -0.4, 1.0))
    spread = UNMODELLED * (noise / contrast) ** 2 * np.linalg.inv(square)[place, place].astype(float)
    return _Guess(guess.corners + step, blur, like, float(like[inside].mean()), spread)


def _ideal(camera: CameraModel, pixels: Vector) -> Vector:
    """Pixels (n, 2) as a lens without distortion would have them."""
    return pixels if not camera.distortion.any() else (camera.unproject(pixels) @ camera.K.T)[:, :2]


def _window(grey: Grey, corners: Vector, cells: Cells, camera: CameraModel) -> _Window | None:
    """What holds the tag and the paper around it; `None` where that is cut off."""
    middle = corners.mean(axis=0)
    wide = middle + (1.0 + 2.0 * (MARGIN + 0.3) / len(cells)) * (corners - middle)
    (x0, y0), (x1, y1) = np.floor(wide.min(axis=0)).astype(int), np.ceil(wide.max(axis=0)).astype(int) + 1
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, grey.shape[1]), min(y1, grey.shape[0])
    if x1 - x0 < len(cells) or y1 - y0 < len(cells):
        return None
    spots = np.stack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)), axis=-1).astype(float)
    ideal = _ideal(camera, spots.reshape(-1, 2)).reshape(spots.shape)
    return _Window(grey[y0:y1, x0:x1].astype(float), ideal)


def _columns(window: _Window, corners: Vector, cells: Cells, blur: Vector, moves: Vector) -> tuple[Vector, Cells]:
    """Of a linear fit: contrast and light that change evenly, the corners, the blur; and which pixels count, (h w,)."""
    side, (high, wide) = len(cells), window.values.shape
    places = _mapped(_homography(corners, side), window.ideal)
    fine = cv2.resize(places.astype(np.float32), (MANY * wide, MANY * high), interpolation=cv2.INTER_LINEAR)
    paper = np.pad(np.where(cells, 0.0, 1.0), PAPER, constant_values=1.0).astype(np.float32)
    index = np.clip(np.floor(fine).astype(int) + PAPER, 0, len(paper) - 1)
    drawn = cv2.resize(paper[index[..., 1], index[..., 0]], (FINER * wide, FINER * high), interpolation=cv2.INTER_AREA)
    soft = np.asarray(cv2.filter2D(drawn, cv2.CV_32F, _kernel(blur), borderType=cv2.BORDER_REPLICATE), np.float32)
    across, down = _slope(soft, 1), _slope(soft, 0)
    layers = [soft, across, down, _slope(across, 1), _slope(across, 0), _slope(down, 0)]
    shown, dx, dy, *bends = (cv2.resize(one, (wide, high), interpolation=cv2.INTER_AREA).ravel() for one in layers)
    x, y = (0.05 * (window.ideal[..., axis].ravel() - corners[:, axis].mean()) for axis in (0, 1))
    moved = -(dx * moves[..., 0] + dy * moves[..., 1])
    columns = np.stack([shown, shown * x, shown * y, np.ones_like(x), x, y, *moved, *bends], axis=1).astype(float)
    inside = (places > -MARGIN) & (places < side + MARGIN)
    return columns, inside.all(axis=-1).ravel()


def _moves(window: _Window, corners: Vector, side: int) -> Vector:
    """(8, h w, 2): how far what is drawn at a pixel moves when an x or y of a corner grows by one."""
    places = _mapped(_homography(corners, side), window.ideal)
    moves = []
    for number in range(CORNERS):
        moved = corners.copy()
        moved.flat[number] += STEP_PX
        back = np.linalg.inv(_homography(moved, side)).astype(float)
        moves.append(((_mapped(back, places) - window.ideal) / STEP_PX).reshape(-1, 2))
    return np.array(moves)


def _homography(corners: Vector, side: int) -> Vector:
    """From ideal pixels to cells, counted from the first corner."""
    flat = side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    # OpenCV takes single precision here; without the middle, fractions of a pixel are kept.
    middle = corners.mean(axis=0)
    moved = cv2.getPerspectiveTransform((corners - middle).astype(np.float32), flat)
    return moved @ np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])


def _mapped(H: Vector, points: Vector) -> Vector:
    full = points @ H[:, :2].T + H[:, 2]
    return full[..., :2] / full[..., 2:]


def _slope(image: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Per pixel of the picture."""
    return np.gradient(image, 1.0 / FINER, axis=axis).astype(np.float32)


def _limited(blur: Vector) -> Vector:
    xx, xy, yy = blur
    spread, axes = np.linalg.eigh([[xx, xy], [xy, yy]])
    limited = (axes * np.clip(spread, *BLURS)) @ axes.T
    return limited[[0, 0, 1], [0, 1, 1]]


def _kernel(blur: Vector) -> NDArray[np.float32]:
    """A Gaussian of these variances at the finer scale."""
    spread = FINER**2 * blur[[[0, 1], [1, 2]]]
    half = int(np.ceil(3.0 * np.sqrt(np.diag(spread).max())))
    offsets = np.stack(np.meshgrid(np.arange(-half, half + 1.0), np.arange(-half, half + 1.0)), axis=-1)
    weight = np.exp(-0.5 * np.einsum("rci,ij,rcj->rc", offsets, np.linalg.inv(spread), offsets))
    return (weight / weight.sum()).astype(np.float32)
