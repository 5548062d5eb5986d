"""What a camera has been shown: where in its picture, how tilted, how far away, and how the gripper was turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from ..result import Calibration, SolvedCamera
from .markup import Markup, joined
from .svg import Axis, axes, dots, histogram, line, svg, text

WIDTH, HEIGHT = 268, 220
FLAT: Vector = np.arange(0, 91, 10, dtype=np.float64)
SPREAD = 8
"""Bins of tilt [deg], and how many of distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Of the views that counted."""

    pixels: Vector
    """(n, 2): corners."""
    tilt_deg: Vector
    """(v,): between the line of sight and the board's normal."""
    distance_m: Vector
    """(v,): to the board's middle."""
    turns_deg: Vector
    """(f, 3): the gripper's turns away from their mean, along `turn_axes`."""
    turn_axes: Vector
    """(3, 3): rows are the axes in the flange's frame, most turned about first."""


def coverage(calibration: Calibration, camera: SolvedCamera, points: Vector) -> Coverage:
    """`points` (m, 3) are the board's."""
    corners = calibration.corners
    counted = np.zeros(len(corners.view), bool)
    tilts, distances, turns = list[float](), list[float](), list[Rotation]()
    for number, view in enumerate(calibration.views):
        mine = np.flatnonzero((corners.view == number) & corners.used)
        if view.camera != camera.name or len(mine) < 4:
            continue
        R, place = _board(camera, points[corners.ids[mine].astype(int)], corners.pixels[mine])
        middle = R @ points.mean(axis=0) + place
        counted[mine] = True
        distances.append(float(np.linalg.norm(middle)))
        tilts.append(float(np.rad2deg(np.arccos(np.clip(abs(R[:, 2] @ middle) / distances[-1], 0, 1)))))
        if (pose := calibration.robot_poses.get((view.mounting, view.frame))) is not None:
            turns.append(pose.rotation)
    around, about = _turns(turns)
    return Coverage(corners.pixels[counted], np.array(tilts), np.array(distances), around, about)


def _board(camera: SolvedCamera, points: Vector, pixels: Vector) -> tuple[Vector, Vector]:
    """Rotation and place of the board before the camera, from its corners alone."""
    rays = camera.model().unproject(pixels)[:, None, :2]
    _, turn, place = cv2.solvePnP(points, rays, np.eye(3), np.zeros(5), flags=cv2.SOLVEPNP_IPPE)
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(place, np.float64).ravel()


def _turns(rotations: list[Rotation]) -> tuple[Vector, Vector]:
    if not rotations:
        return np.zeros((0, 3)), np.eye(3)
    every = Rotation.concatenate(rotations)
    away = np.rad2deg((every.mean().inv() * every).as_rotvec())
    _, _, about = np.linalg.svd(away, full_matrices=True)
    return away @ about.T, about


def picture_area(seen: Coverage, size: tuple[int, int]) -> Markup:
    """Where in the picture corners were."""
    wide = WIDTH - 50
    tall = wide * size[1] / size[0]
    x, y = Axis(0, size[0], 40, 40 + wide), Axis(0, size[1], 20, 20 + tall)
    frame = [line(40, at, 40 + wide, at, "rim") for at in (20, 20 + tall)]
    frame += [line(at, 20, at, 20 + tall, "rim") for at in (40, 40 + wide)]
    grid = axes(x, y, "picture x [px]", "corners in the picture, y [px]", most_x=4, most_y=4)
    return svg(WIDTH, tall + 56, "Where corners were in the picture", grid, frame, dots(x, y, seen.pixels, "dots seen"))


def tilts(seen: Coverage) -> Markup:
    """How much the board was tilted."""
    return histogram(seen.tilt_deg, WIDTH, HEIGHT, "tilt of the board", "deg", FLAT)


def distances(seen: Coverage) -> Markup:
    """How far away the board was."""
    low, high = (seen.distance_m.min(), seen.distance_m.max()) if len(seen.distance_m) else (0.0, 1.0)
    room = max(0.02 * high, 0.005)
    bins: Vector = np.linspace(max(low - room, 0), high + room, SPREAD + 1, dtype=np.float64)
    return histogram(seen.distance_m, WIDTH, HEIGHT, "distance", "m", bins)


def gripper_turns(seen: Coverage) -> Markup:
    """One line of ticks for each of the three axes that the gripper turned about; an empty one is a missing motion."""
    reach = max(10.0, float(np.abs(seen.turns_deg).max(initial=0)) * 1.05)
    x = Axis(-reach, reach, 20, WIDTH - 12)
    parts: list[Markup] = []
    for row, (about, turned) in enumerate(zip(seen.turn_axes, seen.turns_deg.T, strict=True)):
        y = 40 + 52 * row
        name = ", ".join(f"{part:.2f}" for part in about)
        spread = f"{turned.min():.0f} to {turned.max():.0f}°" if len(turned) else "no turn"
        parts.append(text(20, y - 8, f"about ({name}): {spread}", "start"))
        parts += [line(20, y + 10, WIDTH - 12, y + 10, "grid")]
        parts += [line(x.at(turn), y, x.at(turn), y + 20, "tick") for turn in turned]
    parts += [text(x.at(tick), 188, f"{tick:g}") for tick in x.ticks(5)]
    parts += [text(WIDTH / 2, 204, "turn of the gripper from its mean [deg]")]
    return svg(WIDTH, HEIGHT, "Axes about which the gripper turned", text(20, 14, "turns, by axis", "start"), parts)


def figures(calibration: Calibration, camera: SolvedCamera, points: Vector) -> Markup:
    """All four of one camera."""
    seen = coverage(calibration, camera, points)
    return joined(picture_area(seen, camera.size), tilts(seen), distances(seen), gripper_turns(seen))
