"""The corners of a board in one picture, measured to a fraction of a pixel, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .boards import AprilGrid, Board, Charuco, dictionary
from .sharpness import edge_width

LEAST_CORNERS = 6
WIDEST_EDGE = 5.0
"""Pixels from black to white beyond which a picture is blurred."""
FLATTEST = 0.03
"""Corners spread less than this across their longest direction are taken to lie in one line."""
WINDOWS = (2, 7)
"""Least and most half side of the window, in pixels, in which a corner is measured."""

Grey = NDArray[np.uint8]
Ids = NDArray[np.int64]
Found = tuple[Ids, Vector]

ENOUGH = 0.6
"""Share of the board's markers at which the search for more ends."""
STRAY = 0.6
"""Pixels by which a corner may differ from its neighbours, or six times what is usual there."""

NO_IDS: Ids = np.empty(0, np.int64)
NO_PIXELS: Vector = np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What was seen of a board in one picture."""

    ids: Ids = field(default_factory=NO_IDS.copy)
    """(n,): rows of the board's points."""
    pixels: Vector = field(default_factory=NO_PIXELS.copy)
    """(n, 2); pixel centres have whole numbers."""
    edge_width: float = float("nan")
    """Pixels from black to white at the board's edges."""
    reason: str = ""
    """Why there is nothing; empty where there is something."""


def detect(board: Board, image: NDArray[np.generic], widest_edge: float = WIDEST_EDGE) -> Detection:
    """Find the board in a picture: grey, RGB or RGBA, of 8 or 16 bits."""
    fine = _grey(image)
    grey = np.clip(np.rint(fine), 0, 255).astype(np.uint8)
    ids, guesses, reason = _found(board, grey)
    if not reason:
        ids, guesses = _in_place(board, ids, guesses)
        reason = _too_little(board, ids)
    if reason:
        return Detection(reason=_mirrored(board, grey) or reason)
    ids, pixels = _measured(board, fine, ids, guesses)
    if reason := _too_little(board, ids):
        return Detection(reason=reason)
    width = _sharpness(board, fine, ids, pixels)
    if width > widest_edge:
        return Detection(
            edge_width=width, reason=f"blurred: edges are {width:.1f} pixels wide, {widest_edge:g} at most"
        )
    return Detection(ids, pixels, width)


def _grey(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Brightness from 0 to 255, with the fine steps of 16 bits kept."""
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)) or not image.size:
        raise DynacollectError(f"A picture of shape {image.shape} is none; give (height, width) or (height, width, 3).")
    if image.dtype not in (np.uint8, np.uint16):
        raise DynacollectError(f"A picture of {image.dtype} cannot be read; give 8 or 16 bits without sign.")
    values = image.astype(np.float32)
    if image.ndim == 3:
        values = (
            values[..., 0] if image.shape[2] == 1 else values[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
        )
    if image.dtype == np.uint16:
        values *= 255.0 / max(float(np.percentile(values, 99.5)), 1.0)
    return np.ascontiguousarray(values, dtype=np.float32)


def _parameters(board: Board) -> cv2.aruco.DetectorParameters:
    """Windows from small to large for near and far boards; small markers count; borders as drawn."""
    settings = cv2.aruco.DetectorParameters()
    settings.adaptiveThreshWinSizeMin, settings.adaptiveThreshWinSizeMax, settings.adaptiveThreshWinSizeStep = 3, 43, 8
    settings.minMarkerPerimeterRate = 0.02
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    settings.cornerRefinementWinSize = 4
    settings.markerBorderBits = board.border_bits if isinstance(board, AprilGrid) else 1
    return settings


def _markers(board: Board, grey: Grey) -> tuple[list[NDArray[np.float32]], Ids, int]:
    """Corners (4, 2) and number of each marker that is the board's and seen once, and how many were seen twice."""
    detector = cv2.aruco.ArucoDetector(dictionary(board.dictionary), _parameters(board))
    first = board.first_id if isinstance(board, AprilGrid) else 0
    best: tuple[list[NDArray[np.float32]], Ids, int] = [], NO_IDS, 0
    for scale, picture in _variants(grey):
        corners, numbers, _ = detector.detectMarkers(picture)
        seen = np.asarray(numbers if len(corners) else (), np.int64).ravel() - first
        known = (seen >= 0) & (seen < board.markers)
        once = known & np.array([np.count_nonzero(seen == number) == 1 for number in seen], bool)
        kept = [_unscaled(quad, scale) for quad, use in zip(corners, once, strict=True) if use]
        if len(kept) > len(best[0]) or not len(best[1]):
            best = kept, seen[once], int(np.count_nonzero(known & ~once))
        if len(kept) >= ENOUGH * board.markers:
            break
    return best


def _variants(grey: Grey) -> Iterator[tuple[int, Grey]]:
    """The picture as it is, and with its markers at twice the size; each with its scale."""
    yield 1, grey
    large = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    yield 2, np.asarray(cv2.GaussianBlur(large, (0, 0), 1.0), np.uint8)


def _unscaled(quad: NDArray[np.generic], scale: int) -> NDArray[np.float32]:
    """Corners (4, 2) back in pixels of the picture; a pixel's middle is its whole number at both scales."""
    return ((np.asarray(quad, np.float32).reshape(4, 2) + 0.5) / scale - 0.5).astype(np.float32)


def _found(board: Board, grey: Grey) -> tuple[Ids, Vector, str]:
    """Corners to within a few pixels, or why there are none."""
    quads, numbers, twice = _markers(board, grey)
    if not quads:
        why = "its markers are seen twice; show one board at a time" if twice else "no marker of the board is seen"
        return NO_IDS, NO_PIXELS, why
    if isinstance(board, AprilGrid):
        ids = (4 * numbers[:, None] + np.arange(4)).ravel()
        return ids, np.concatenate(quads).astype(np.float64), ""
    ids, pixels = _chessboard_corners(board, grey, quads, numbers)
    if len(quads) >= 3 and not len(ids):
        why = f"{len(quads)} markers are seen but not where board.json has them; check its squares and 'legacy'"
        return NO_IDS, NO_PIXELS, why
    return ids, pixels, ""


def _chessboard_corners(board: Charuco, grey: Grey, quads: list[NDArray[np.float32]], numbers: Ids) -> Found:
    size = (board.squares_x, board.squares_y)
    drawn = cv2.aruco.CharucoBoard(size, board.square_m, board.marker_m, dictionary(board.dictionary))
    drawn.setLegacyPattern(board.legacy)
    settings = cv2.aruco.CharucoParameters()
    settings.minMarkers = 1
    finder = cv2.aruco.CharucoDetector(drawn, settings, _parameters(board))
    seen = [quad[None] for quad in quads]
    corners, ids, _, _ = finder.detectBoard(grey, markerCorners=seen, markerIds=numbers.astype(np.int32)[:, None])
    if ids is None or corners is None:
        return NO_IDS, NO_PIXELS
    return np.asarray(ids, np.int64).ravel(), np.asarray(corners, np.float64).reshape(-1, 2)


def _too_little(board: Board, ids: Ids) -> str:
    """Why these corners do not do; empty when they do."""
    if len(ids) < LEAST_CORNERS:
        return f"{len(ids)} corners are seen, {LEAST_CORNERS} at least"
    spread = np.linalg.svd(board.points[ids, :2] - board.points[ids, :2].mean(0), compute_uv=False)
    return "all corners lie in one line" if spread[1] < FLATTEST * spread[0] else ""


def _map(board: Board, ids: Ids, pixels: Vector) -> NDArray[np.float64] | None:
    """The homography from the board's x and y to pixels, from the corners that agree."""
    if len(ids) < LEAST_CORNERS:
        return None
    reach = 0.5 * float(np.median(_lengths(board, ids, pixels)))
    found, _ = cv2.findHomography(board.points[ids, :2], pixels, cv2.RANSAC, max(reach, 3.0))
    return None if found is None else np.asarray(found, np.float64)


def _pairs(board: Board, ids: Ids) -> NDArray[np.int64]:
    """(k, 2): rows of `ids` at the ends of one side."""
    row = np.full(len(board.points), -1)
    row[ids] = np.arange(len(ids))
    pairs = row[board.sides]
    return pairs[(pairs >= 0).all(axis=1)]


def _lengths(board: Board, ids: Ids, pixels: Vector) -> Vector:
    """Pixels of the sides that are seen; one pixel where none is."""
    pairs = _pairs(board, ids)
    return np.hypot(*(pixels[pairs[:, 1]] - pixels[pairs[:, 0]]).T) if len(pairs) else np.ones(1)


def _in_place(board: Board, ids: Ids, pixels: Vector) -> Found:
    """Without corners that are half a side or more from where the others have them, or in a mirror."""
    found = _map(board, ids, pixels)
    if found is None:
        return NO_IDS, NO_PIXELS
    if np.linalg.det(found) * found[2, 2] <= 0:
        return NO_IDS, NO_PIXELS
    expected = cv2.perspectiveTransform(board.points[ids, None, :2], found)[:, 0]
    near = np.hypot(*(expected - pixels).T) < max(0.5 * float(np.median(_lengths(board, ids, pixels))), 3.0)
    return ids[near], pixels[near]


def _clear(board: Board, ids: Ids, pixels: Vector) -> Vector:
    """(n,): pixels around each corner in which nothing else is drawn, in the tightest direction."""
    found = _map(board, ids, pixels)
    if found is None:
        return np.full(len(ids), float(WINDOWS[0]))
    step = 1e-3 * board.clear_m
    flat = board.points[ids, :2]
    here, right, down = (
        np.asarray(cv2.perspectiveTransform((flat + move)[:, None], found), dtype=np.float64)[:, 0]
        for move in ([0, 0], [step, 0], [0, step])
    )
    jacobians = np.stack([right - here, down - here], axis=2) / step
    least: Vector = np.asarray(np.linalg.svd(jacobians, compute_uv=False)[:, 1], dtype=np.float64)
    return least * board.clear_m


def _measured(board: Board, fine: NDArray[np.float32], ids: Ids, guesses: Vector) -> Found:
    """Each corner in the largest window that holds it alone; without those that ran away or touch the rim."""
    halves = np.clip(np.floor(_clear(board, ids, guesses)), *WINDOWS).astype(int)
    pixels = guesses.copy()
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-3)
    for half in np.unique(halves).tolist():
        rows = halves == half
        start = np.ascontiguousarray(guesses[rows, None], dtype=np.float32)
        pixels[rows] = cv2.cornerSubPix(fine, start, (half, half), (-1, -1), stop)[:, 0]
    moved = np.hypot(*(pixels - guesses).T)
    height, width = fine.shape
    rim = np.minimum(pixels, np.array([width - 1, height - 1]) - pixels).min(axis=1)
    good = (moved < halves) & (rim > halves)
    return _without_strays(board, ids[good], pixels[good])


def _without_strays(board: Board, ids: Ids, pixels: Vector) -> Found:
    """Without corners that lie off a homography in another way than their neighbours do: a lens bends smoothly."""
    found = _map(board, ids, pixels)
    if found is None:
        return ids, pixels
    flat = board.points[ids, :2]
    off = pixels - cv2.perspectiveTransform(flat[:, None], found)[:, 0]
    apart = np.hypot(*(flat[:, None] - flat[None]).T)
    near = np.argsort(apart, axis=1)[:, 1:7]
    unlike = np.hypot(*(off - np.median(off[near], axis=1)).T)
    kept = unlike < max(STRAY, 6.0 * float(np.median(unlike)))
    return ids[kept], pixels[kept]


def _sharpness(board: Board, fine: NDArray[np.float32], ids: Ids, pixels: Vector) -> float:
    pairs = _pairs(board, ids)
    return edge_width(fine, pixels[pairs[:, 0]], pixels[pairs[:, 1]]) if len(pairs) else float("nan")


def _mirrored(board: Board, grey: Grey) -> str:
    """Whether the board is found in the mirror."""
    ids, pixels, reason = _found(board, np.ascontiguousarray(grey[:, ::-1]))
    ids, _ = (NO_IDS, NO_PIXELS) if reason else _in_place(board, ids, pixels)
    return "" if _too_little(board, ids) else "the picture is mirrored; save it as the camera sees"
