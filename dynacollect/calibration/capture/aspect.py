"""How a camera sees a board: its place in the picture, its distance, its tilt and how it is turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.nouns import Vector
from ..lens import pinhole
from ..result import Calibration
from ..sightings import CalibrationData, Sighting


@dataclass(frozen=True, slots=True, eq=False)
class Aspect:
    """One sighting as numbers that a person could tell by eye."""

    T_camera_board: RigidTransform
    middle: Vector
    """(2,): the middle of the corners that were seen, in shares of the picture's width and height from its upper
    left."""
    distance: float
    """To the middle of the board, along the optical axis [m]."""
    tilt: Vector
    """(2,): how far the board leans back about the picture's x and y axes [rad]; zero where it faces the camera."""
    roll: float
    """How the board is turned in the picture [rad]."""


def guessed_lens(size: tuple[int, int]) -> Vector:
    """Nine lens numbers of a usual camera of that picture size (53 deg across), before anything is calibrated."""
    width, height = size
    return np.array([width, width, (width - 1) / 2, (height - 1) / 2, *[0.0] * 5], float)


def lens_of(camera: str, size: tuple[int, int], calibration: Calibration | None) -> Vector:
    """Nine lens numbers: those solved for, or a guess."""
    solved = None if calibration is None else calibration.cameras.get(camera)
    if solved is None:
        return guessed_lens(size)
    return np.array([*solved.K[[0, 1, 0, 1], [0, 1, 2, 2]], *solved.distortion])


def aspect_of(points: Vector, sighting: Sighting, size: tuple[int, int], lens: Vector) -> Aspect | None:
    """Told from the corners and the lens; None where the corners are of no flat board before the camera."""
    here = points[sighting.ids.astype(int)]
    found, turns, shifts, errors = cv2.solvePnPGeneric(
        here, sighting.pixels, pinhole(lens), lens[4:], flags=cv2.SOLVEPNP_IPPE
    )
    if not found:
        return None
    best = int(np.argmin(np.ravel(errors)))
    R = Rotation.from_rotvec(np.ravel(turns[best]))
    pose = RigidTransform.from_components(np.ravel(shifts[best]), R)
    distance = float(pose.apply(points.mean(axis=0))[2])
    across, _, ahead = R.as_matrix().T
    if not np.isfinite(distance) or distance <= 0:
        return None
    tilt = np.array([np.arctan2(ahead[1], ahead[2]), np.arctan2(ahead[0], ahead[2])])
    middle = sighting.pixels.mean(axis=0) / np.array(size, float)
    return Aspect(pose, middle, distance, tilt, float(np.arctan2(across[1], across[0])))


def aspects_of(data: CalibrationData, calibration: Calibration | None) -> Mapping[str, tuple[Aspect, ...]]:
    """By camera, of all that was seen."""
    lenses = {name: lens_of(name, size, calibration) for name, size in data.sizes.items()}
    out: dict[str, list[Aspect]] = {name: [] for name in data.sizes}
    for sighting in data.sightings:
        name = sighting.camera
        aspect = aspect_of(data.points, sighting, data.sizes[name], lenses[name])
        if aspect is not None:
            out[name].append(aspect)
    return {name: tuple(found) for name, found in out.items()}
