"""A first guess at one camera's lens, and at where it saw the board, from its pictures alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .lens import pinhole

LEAST_CORNERS, LEAST_VIEWS, MOST_VIEWS = 6, 4, 16
THINNEST_PX, THINNEST_SHARE = 3.0, 0.08
"""RMS of the corners across their main line, in the picture; and on the board as a share of that along it."""
BENT_PX, WORSE = 2.0, 3.0
"""A flat board's corners stay so near to a plane's picture, or within so many times the median view."""
FOCAL_CHANGE = 0.3
FIRST = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K3
STIFF = FIRST | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_K2


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture's corners, on the board and in pixels."""

    corners: Vector
    pixels: Vector


@dataclass(frozen=True, slots=True, eq=False)
class LensGuess:
    """A lens, and the poses of the board before it."""

    lens: Vector
    """fx, fy, cx, cy, k1, k2, p1, p2, k3."""
    usable: np.ndarray
    """Which views served, by their place in the list."""
    seen: RigidTransform
    """T_camera_board of those."""


def guessed_lens(camera: str, views: list[View], size: tuple[int, int]) -> LensGuess:
    """From the views that show enough of the board; says so where too few do."""
    usable = [index for index, view in enumerate(views) if _wide(view)]
    bent = {index: _bent(views[index]) for index in usable}
    limit = max(BENT_PX, WORSE * float(np.median(list(bent.values()))) if bent else 0)
    usable = [index for index in usable if bent[index] < limit]
    if len(usable) < LEAST_VIEWS:
        raise DynacollectError(
            f"{camera} has {len(usable)} pictures that show enough of the board and needs at least {LEAST_VIEWS},"
            " better 20: take more."
        )
    picked = [usable[int(place)] for place in np.linspace(0, len(usable) - 1, min(len(usable), MOST_VIEWS))]
    try:
        lens = _fitted([views[index] for index in picked], size)
    except cv2.error as error:
        raise DynacollectError(
            f"No lens fits the pictures of {camera}: check that its picture size is {size[0]} x {size[1]} and that the"
            " board is the one described."
        ) from error
    seen = [placed(views[index], lens) for index in usable]
    good = [place for place, pose in enumerate(seen) if pose is not None]
    poses = [pose for pose in seen if pose is not None]
    if len(poses) < LEAST_VIEWS:
        raise DynacollectError(
            f"Where {camera} saw the board can be told in {len(poses)} pictures only, not {LEAST_VIEWS}: take more"
            " with the whole board in view."
        )
    return LensGuess(lens, np.array(usable)[good], RigidTransform.concatenate(poses))


def _wide(view: View) -> bool:
    if len(view.pixels) < LEAST_CORNERS:
        return False
    root = np.sqrt(len(view.pixels))
    _, thin = np.linalg.svd(view.pixels - view.pixels.mean(axis=0), compute_uv=False) / root
    long, short = np.linalg.svd(view.corners[:, :2] - view.corners[:, :2].mean(axis=0), compute_uv=False)
    return bool(thin > THINNEST_PX and short > THINNEST_SHARE * long)


def _bent(view: View) -> float:
    """RMS of the corners away from a plane's picture [px]."""
    H, _ = cv2.findHomography(view.corners[:, :2], view.pixels, 0)
    if H is None:
        return np.inf
    there = np.column_stack([view.corners[:, :2], np.ones(len(view.corners))]) @ H.T
    return float(np.sqrt(((there[:, :2] / there[:, 2:] - view.pixels) ** 2).sum(axis=1).mean()))


def _fitted(views: list[View], size: tuple[int, int]) -> Vector:
    """Stiff first, views that fit badly left out, then freer; the freer one only where the focal length agrees."""
    width, height = size
    K, dist = np.array([[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1.0]]), np.zeros(5)
    for flags in (STIFF, STIFF, FIRST):
        objects = [view.corners.astype(np.float32) for view in views]
        images = [view.pixels.astype(np.float32) for view in views]
        _, K_new, dist_new, _, _, _, _, errors = cv2.calibrateCameraExtended(
            objects, images, size, K.copy(), dist.copy(), flags=flags
        )
        inside = 0 < K_new[0, 2] < width and 0 < K_new[1, 2] < height
        if flags == STIFF or (inside and abs(K_new[0, 0] / K[0, 0] - 1) < FOCAL_CHANGE):
            K, dist = K_new, dist_new.ravel()[:5]
        off = np.asarray(errors, float).ravel()
        fits = off < max(WORSE * float(np.median(off)), 0.5)
        views = [view for view, fit in zip(views, fits, strict=True) if fit]
    return np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2], *dist])


def placed(view: View, lens: Vector) -> RigidTransform | None:
    """The board before the camera, if the corners and the lens allow it."""
    if len(view.pixels) < LEAST_CORNERS or not np.isfinite(lens).all():
        return None
    found, turn, shift = cv2.solvePnP(view.corners, view.pixels, pinhole(lens), lens[4:])
    if not found or shift[2, 0] <= 0 or not np.isfinite(turn).all():
        return None
    return RigidTransform.from_components(shift.ravel(), Rotation.from_rotvec(turn.ravel()))
