"""Corners measured once more, with a calibration at hand.

Every board is drawn as its camera should see it, and each corner's surroundings in the picture are fitted by the
drawing's, moved, blurred and lit as the picture is. Markers tell too, and so do corners that were missed at first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ..rig.camera_model import UNDISTORT_STEPS
from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .boards import Board
from .copies import copies
from .drawing import Drawing, Picture, places_of
from .patch_fit import Patch, fits
from .result import Calibration, SolvedCamera
from .sightings import CalibrationData, Mounting, Sighting
from .solve import solve

Pictures = Callable[[Mounting, str, int], NDArray[np.generic]]
"""The grey picture of a mounting, a camera and a frame."""
Key = tuple[str, Mounting, int]

ROUNDS = 5
NEAR = 0.05
"""Pixels (RMS) by which corners may be elsewhere than drawn before they are drawn anew."""
FARTHEST = 1.5
LIKELY, SURE = 0.8, 0.95
"""Share of a corner's pixels that must be like the drawing, for the board's pose and for the corner to count."""
AGREEING = 2.0
"""Pixels by which corners may differ from the pose that they tell together."""
LEAST_CORNERS, LEAST_PIXELS = 6, 24
RIM = 3.0
MARGIN = 5


class Found(NamedTuple):
    """Corners of one picture."""

    ids: Vector
    pixels: Vector


def remeasured(board: Board, pictures: Pictures, data: CalibrationData, calibration: Calibration) -> CalibrationData:
    """The same data with better corners, for another solve; a picture in which too few look as drawn stays as it is."""
    drawing, known = Drawing.of(board), _known(calibration)
    rays = {name: _rays(camera) for name, camera in calibration.cameras.items()}
    flanges = {(pose.mounting, pose.frame): pose.T_base_flange for pose in data.poses}
    copied = copies(data.sightings)
    again = dict[Key, Sighting]()
    for sighting in sorted(data.sightings, key=lambda one: one.frame):
        name, mounting, frame = sighting.camera, sighting.mounting, sighting.frame
        if id(sighting) in copied:
            original = again[name, mounting, copied[id(sighting)]]
            again[name, mounting, frame] = replace(sighting, ids=original.ids, pixels=original.pixels)
            continue
        image = np.asarray(pictures(mounting, name, frame), np.float32)
        look = _Look(drawing, calibration.cameras[name], rays[name], image)
        seen = known.get((name, mounting, frame), Found(sighting.ids, sighting.pixels))
        found = look.settled(look.pose(seen))
        if found is None and (mounting, frame) in flanges:
            found = look.settled(_told_pose(calibration, sighting, flanges[mounting, frame]))
        better = sighting if found is None else replace(sighting, ids=found.ids, pixels=found.pixels)
        again[name, mounting, frame] = better
    return replace(data, sightings=tuple(again.values()))


def solve_guided(board: Board, pictures: Pictures, data: CalibrationData, *, scale: bool = False) -> Calibration:
    """Solved twice, the second time from corners measured again; the first where that comes to nothing."""
    first = solve(data, scale=scale)
    try:
        return solve(remeasured(board.scaled(first.board_scale), pictures, data, first), scale=scale)
    except DynacollectError:
        return first


def _known(calibration: Calibration) -> dict[Key, Found]:
    """Where the calibration has the corners of every view that counted."""
    corners, out = calibration.corners, dict[Key, Found]()
    for row, view in enumerate(calibration.views):
        if view.rejected is None:
            mine = corners.view == row
            out[view.camera, view.mounting, view.frame] = Found(
                corners.ids[mine], corners.pixels[mine] + corners.errors[mine]
            )
    return out


def _rays(camera: SolvedCamera) -> Vector:
    """(height, width, 2): x / z and y / z of every pixel."""
    wide, high = camera.size
    columns, rows = np.meshgrid(np.arange(float(wide)), np.arange(float(high)))
    return camera.model().unproject(np.stack([columns.ravel(), rows.ravel()], axis=1))[:, :2].reshape(high, wide, 2)


def _told_pose(calibration: Calibration, sighting: Sighting, flange: RigidTransform) -> Vector | None:
    """T_camera_board as the robot tells it."""
    if sighting.mounting not in calibration.boards:
        return None
    motion = flange if sighting.mounting == "held" else flange.inv()
    place = calibration.cameras[sighting.camera].pose
    return (place.inv() * motion * calibration.boards[sighting.mounting].pose).as_matrix()


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A picture and the camera that took it."""

    drawing: Drawing
    camera: SolvedCamera
    rays: Vector
    image: Picture

    def pose(self, seen: Found) -> Vector | None:
        """T_camera_board (4, 4), from corners that agree with each other."""
        points, pixels, lens = (
            self.drawing.points[seen.ids.astype(int)],
            seen.pixels,
            (self.camera.K, self.camera.distortion),
        )
        flat = cv2.undistortPointsIter(pixels[:, None], *lens, np.eye(3), self.camera.K, UNDISTORT_STEPS)
        _, agree = cv2.findHomography(points[:, :2], flat, cv2.RANSAC, AGREEING)
        rows = np.flatnonzero(agree) if agree is not None else np.empty(0, int)
        if len(rows) < LEAST_CORNERS:
            return None
        _, turn, shift = cv2.solvePnP(points[rows], pixels[rows], *lens)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(turn)[0], np.ravel(shift)
        return pose

    def settled(self, pose: Vector | None) -> Found | None:
        """The corners, from a rough pose: drawn anew until they are where they are drawn."""
        for _ in range(ROUNDS):
            if pose is None or (measured := self._measured(pose)) is None:
                return None
            rows, pixels, moved, share = measured
            if np.sqrt((moved**2).sum(axis=1).mean()) < NEAR:
                sure = share > SURE
                return Found(rows[sure], pixels[sure]) if sure.sum() >= LEAST_CORNERS else None
            pose = self.pose(Found(rows, pixels))
        return None

    def _measured(self, pose: Vector) -> tuple[Vector, Vector, Vector, Vector] | None:
        """Ids, pixels, shifts [px] and shares alike, of corners that look much as drawn; None where they are few."""
        centres = self._projected(pose, self.drawing.points)
        rim = np.minimum(centres, np.array(self.camera.size) - 1 - centres).min(axis=1)
        inside = np.flatnonzero(rim > RIM)
        if len(inside) < LEAST_CORNERS or pose[2, 3] <= 0:
            return None
        window = self._window(pose, self.drawing.points[inside])
        places = places_of(self.rays[window], pose)
        across, down = np.ascontiguousarray(np.moveaxis(places, 2, 0), dtype=np.float32)
        patches = [self._patch(across, down, point) for point in self.drawing.points[inside]]
        large = [row for row, patch in enumerate(patches) if len(patch[0]) >= LEAST_PIXELS]
        if len(large) < LEAST_CORNERS:
            return None
        found = fits(self.drawing.seen(places), self.image[window], [patches[row] for row in large])
        shift, share = np.array([fit.shift for fit in found]), np.array([fit.share for fit in found])
        good = (share > LIKELY) & (np.hypot(*shift.T) < FARTHEST)
        rows: Vector = inside[large][good].astype(np.float64)
        return (
            (rows, centres[inside[large][good]] + shift[good], shift[good], share[good])
            if good.sum() >= LEAST_CORNERS
            else None
        )

    def _projected(self, pose: Vector, points: Vector) -> Vector:
        turn = cv2.Rodrigues(pose[:3, :3])[0]
        pixels, _ = cv2.projectPoints(points, turn, pose[:3, 3], self.camera.K, self.camera.distortion)
        return np.asarray(pixels, np.float64)[:, 0]

    def _window(self, pose: Vector, points: Vector) -> tuple[slice, slice]:
        """The part of the picture with the corners' surroundings, and some more."""
        reach = self.drawing.reach
        around = [points + np.array([x, y, 0.0]) for x in (-reach, reach) for y in (-reach, reach)]
        pixels = self._projected(pose, np.concatenate(around))
        low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - MARGIN, 0)
        high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + MARGIN + 1, self.camera.size)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def _patch(self, across: Picture, down: Picture, point: Vector) -> Patch:
        reach = np.float32(self.drawing.reach)
        near = np.abs(across - np.float32(point[0])) < reach
        near &= np.abs(down - np.float32(point[1])) < reach
        rows, columns = np.nonzero(near)
        return rows, columns
