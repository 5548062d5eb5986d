"""Draws the picture of a view, ray by ray: lens, blur, motion, vignetting, what stands before the board, and noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ....rig.nouns import Vector
from .board_set import BOARD, View
from .camera import PlacedCamera
from .sheet import PER_METRE, sheet_of

Picture = NDArray[np.float32]
MANY, FINER = 4, 2
"""Samples a pixel and direction, as taken and as blurred."""
WHITE_M = 0.014
PAD = 4
INSTANTS = 7
BLACK, WHITE, COVER = 22.0, 205.0, 70.0
READ_NOISE, SHOT_NOISE = 1.0, 0.02
"""Standard deviation in the dark, and growth of the variance with brightness."""
FALL_OFF = 0.35
"""Of brightness, from the middle to half a diagonal."""


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """A camera with the ray of every pixel worked out, some beyond the rim too."""

    camera: PlacedCamera
    rays: Vector
    """(height + 2 PAD, width + 2 PAD, 2)."""

    @classmethod
    def of(cls, camera: PlacedCamera) -> Eye:
        wide, high = camera.size
        columns, rows = np.meshgrid(np.arange(-PAD, wide + PAD, 1.0), np.arange(-PAD, high + PAD, 1.0))
        rays = camera.directions(np.stack([columns.ravel(), rows.ravel()], axis=1))
        return cls(camera, rays.reshape(*columns.shape, 2))


@cache
def _sheets() -> list[NDArray[np.uint8]]:
    """Brightness and presence, each half as fine as the one before."""
    flat = sheet_of(BOARD, WHITE_M)
    sheets = [np.stack([flat, np.full_like(flat, 255)], axis=2)]
    for _ in range(3):
        high, wide = sheets[-1].shape[:2]
        sheets.append(cv2.resize(sheets[-1], (wide // 2, high // 2), interpolation=cv2.INTER_AREA).astype(np.uint8))
    return sheets


def picture(eye: Eye, view: View, seed: int) -> NDArray[np.uint8]:
    """As the sensor hands it over."""
    rng = np.random.default_rng([seed, 2, view.frame, len(view.camera)])
    scene = _surroundings(rng, eye.camera.size)
    window, board, presence = _board(eye, view)
    seen = scene[window]
    seen[:] = seen * (1 - presence) + BLACK * presence + (WHITE - BLACK) * board
    _draw_cover(scene, view, rng)
    shaded = scene[PAD:-PAD, PAD:-PAD] * _vignette(eye.camera.size)
    noisy = shaded + np.sqrt(READ_NOISE**2 + SHOT_NOISE * shaded) * rng.standard_normal(shaded.shape, np.float32)
    image = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    if view.torn is not None:
        row, shift = view.torn
        image[row:] = np.roll(image[row:], shift, axis=1)
    return image


def _board(eye: Eye, view: View) -> tuple[tuple[slice, slice], Picture, Picture]:
    """Where in the padded picture the board is, and there its brightness and presence, blurred."""
    window, high, wide = _window(eye, view)
    rays = eye.rays[window]
    moves = np.linspace(-0.5, 0.5, INSTANTS) if view.swing.any() else [0.0]
    seen = np.array([_sampled(rays, view, move * view.swing) for move in moves])
    total = seen.mean(axis=0) / np.float32(255)
    soft = cv2.GaussianBlur(total, (0, 0), FINER * view.blur_px)
    small = cv2.resize(soft, (wide, high), interpolation=cv2.INTER_AREA)
    return window, small[..., 0], small[..., 1]


def _sampled(rays: Vector, view: View, shift: Vector) -> Picture:
    """The sheet as seen by the finer rays, `FINER` times the picture's size."""
    pose = view.T_camera_board.as_matrix()
    normal, origin = pose[:3, 2], pose[:3, 3] + shift
    full = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=2)
    hits = full * ((normal @ origin) / (full @ normal))[..., None] - origin
    places = hits @ pose[:3, :2]
    level = _level(places)
    sheet, per_metre = _sheets()[level], PER_METRE / 2**level
    texels = ((places + WHITE_M) * per_metre - 0.5).astype(np.float32)
    high, wide = rays.shape[:2]
    fine = cv2.resize(texels, (MANY * wide, MANY * high), interpolation=cv2.INTER_LINEAR)
    seen = cv2.remap(sheet, fine, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cv2.resize(seen, (FINER * wide, FINER * high), interpolation=cv2.INTER_AREA).astype(np.float32)


def _level(places: Vector) -> int:
    """The sheet whose pixels are as large as the steps between samples, in the direction in which these are longest."""
    middle = tuple(size // 2 for size in places.shape[:2])
    row, column = places[middle[0] + 1, middle[1]], places[middle[0], middle[1] + 1]
    slopes = np.stack([row, column]) - places[middle]
    step = float(np.linalg.svd(slopes, compute_uv=False)[0]) / MANY
    return int(np.clip(np.ceil(np.log2(max(step * PER_METRE, 1e-9))), 0, len(_sheets()) - 1))


def _window(eye: Eye, view: View) -> tuple[tuple[slice, slice], int, int]:
    wide, high = BOARD.size_m
    rim = np.linspace(0, 1, 9)
    edge = np.concatenate([np.stack([rim, 0 * rim + side], axis=1) for side in (0, 1)])
    edge = np.concatenate([edge, edge[:, ::-1]]) * (np.array([wide, high]) + 2 * WHITE_M) - WHITE_M
    pixels = eye.camera.pixels(view.T_camera_board.apply(np.column_stack([edge, np.zeros(len(edge))])))
    reach = (
        4 * view.blur_px
        + 3
        + 0.5 * np.linalg.norm(view.swing) * eye.camera.lens[0] / view.T_camera_board.translation[2]
    )
    low = np.clip(np.floor(pixels.min(axis=0) - reach) + PAD, 0, np.array(eye.camera.size) + 2 * PAD - 8).astype(int)
    top = np.clip(np.ceil(pixels.max(axis=0) + reach) + PAD, low + 8, np.array(eye.camera.size) + 2 * PAD).astype(int)
    return (slice(low[1], top[1]), slice(low[0], top[0])), int(top[1] - low[1]), int(top[0] - low[0])


def _surroundings(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Soft patches of light and dark."""
    patches = rng.uniform(50, 150, (7, 9)).astype(np.float32)
    return cv2.resize(patches, (size[0] + 2 * PAD, size[1] + 2 * PAD), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _draw_cover(scene: Picture, view: View, rng: np.random.Generator) -> None:
    """A round thing with a soft rim."""
    column, row, radius = view.cover
    if radius:
        rows, columns = np.ogrid[: scene.shape[0], : scene.shape[1]]
        apart = np.hypot(rows - row - PAD, columns - column - PAD).astype(np.float32)
        share = np.clip((radius + 1 - apart) / 2, 0, 1)
        scene[:] = scene * (1 - share) + rng.uniform(0.5, 1.5) * COVER * share


@cache
def _vignette(size: tuple[int, int]) -> Picture:
    wide, high = size
    rows, columns = np.mgrid[:high, :wide].astype(np.float32)
    square = ((rows - high / 2) ** 2 + (columns - wide / 2) ** 2) / (0.25 * (wide**2 + high**2))
    return 1 - FALL_OFF * square
