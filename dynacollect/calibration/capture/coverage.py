"""What has been seen so far, as shares of what is wanted, and what is missing most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.nouns import Vector
from ..handeye import turning
from ..layout import MOUNTINGS
from ..result import Calibration
from ..sightings import CalibrationData, Mounting
from .aspect import Aspect, aspects_of

CELLS = (9, 6)
"""Of the picture, across and down; a cell is covered by one corner."""
WANTED_AREA = 0.85
WANTED_TILT = np.deg2rad(60.0)
"""From leaning one way to leaning the other."""
WANTED_DISTANCE = 1.8
"""The farthest over the nearest."""
WANTED_ROLL = np.deg2rad(90.0)
WANTED_TURN = np.deg2rad(15.0)
"""RMS turn of the flange between poses, about its second and third axis."""
PLACES = (
    ("upper left", "upper middle", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "lower middle", "lower right"),
)


@dataclass(frozen=True, slots=True, eq=False)
class CameraCoverage:
    """How much of what is wanted a camera has seen; every share is 1 where that is enough."""

    camera: str
    views: int
    area: float
    """Of the picture's cells."""
    tilt_x: float
    tilt_y: float
    """How differently the board leaned about the picture's two axes."""
    distance: float
    roll: float
    cells: Vector
    """(rows, columns): corners in each cell of the picture."""
    missing: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class RobotCoverage:
    """How differently the flange was turned: the rotation axes that tell where cameras and boards sit."""

    mounting: Mounting
    poses: int
    second_axis: float
    third_axis: float
    missing: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All cameras, and the robot in both mountings."""

    cameras: Mapping[str, CameraCoverage]
    robots: Mapping[Mounting, RobotCoverage]


def coverage(data: CalibrationData, calibration: Calibration | None = None) -> Coverage:
    """Of everything kept so far; before there is a calibration, tilt and distance are told with a guessed lens."""
    aspects = aspects_of(data, calibration)
    cameras = {name: _camera(name, data, aspects[name]) for name in sorted(data.sizes)}
    robots: dict[Mounting, RobotCoverage] = {}
    for mounting in MOUNTINGS:
        seen = {sighting.frame for sighting in data.sightings if sighting.mounting == mounting}
        used = [pose.T_base_flange for pose in data.poses if pose.mounting == mounting and pose.frame in seen]
        if used:
            robots[mounting] = _robot(mounting, used)
    return Coverage(cameras, robots)


def _camera(name: str, data: CalibrationData, aspects: Sequence[Aspect]) -> CameraCoverage:
    mine = [sighting.pixels for sighting in data.sightings if sighting.camera == name]
    cells = _cells(np.concatenate([np.zeros((0, 2)), *mine]), data.sizes[name])
    area = min(float((cells > 0).mean()) / WANTED_AREA, 1.0)
    tilts = np.array([aspect.tilt for aspect in aspects]).reshape(-1, 2)
    tilt_x, tilt_y = (_share(tilts[:, axis], WANTED_TILT) for axis in (0, 1))
    distance = _share(np.log(np.array([aspect.distance for aspect in aspects])), np.log(WANTED_DISTANCE))
    roll = float(min(_arc(np.array([aspect.roll for aspect in aspects])) / WANTED_ROLL, 1.0))
    wishes = {
        _place(cells): area,
        "the board leaning back and forward": tilt_x,
        "the board leaning left and right": tilt_y,
        "the board nearer and farther": distance,
        "the board turned in the picture": roll,
    }
    missing = _missing(name, wishes if mine else {"any picture of the board": 0.0})
    return CameraCoverage(name, len(mine), area, tilt_x, tilt_y, distance, roll, cells, missing)


def _missing(name: str, wishes: Mapping[str, float]) -> str:
    wish = min(wishes, key=lambda wish: wishes[wish])
    return f"{name}: nothing is missing." if wishes[wish] >= 1 else f"{name}: {wish}."


def _cells(pixels: Vector, size: tuple[int, int]) -> Vector:
    edges = [np.linspace(-0.5, side - 0.5, count + 1) for side, count in zip(size, CELLS, strict=True)]
    return np.histogram2d(pixels[:, 1], pixels[:, 0], bins=[edges[1], edges[0]])[0]


def _place(cells: Vector) -> str:
    """The ninth of the picture with the fewest covered cells; among equals the one with fewer corners."""
    thirds = [
        (float((part > 0).mean()), float(part.sum()), place)
        for places, band in zip(PLACES, np.array_split(cells, 3, axis=0), strict=True)
        for place, part in zip(places, np.array_split(band, 3, axis=1), strict=True)
    ]
    return f"the {min(thirds)[2]} of the picture"


def _share(values: Vector, wanted: float) -> float:
    return float(min(np.ptp(values) / wanted, 1.0)) if len(values) else 0.0


def _arc(angles: Vector) -> float:
    """The shortest arc that holds all angles [rad]."""
    if len(angles) < 2:
        return 0.0
    around = np.sort(np.mod(angles, 2 * np.pi))
    return float(2 * np.pi - np.diff(np.append(around, around[0] + 2 * np.pi)).max())


def _robot(mounting: Mounting, poses: Sequence[RigidTransform]) -> RobotCoverage:
    if len(poses) < 2:
        return RobotCoverage(mounting, len(poses), 0.0, 0.0, f"{mounting} board: any turn of the gripper.")
    motions = RigidTransform.concatenate(list(poses))
    turns = turning(motions)
    second, third = (min(float(turn / WANTED_TURN), 1.0) for turn in turns[1:])
    axis = _axis(motions)
    wishes = {f"the gripper turned about {axis}": min(second, third)}
    return RobotCoverage(mounting, len(poses), second, third, _missing(f"{mounting} board", wishes))


def _axis(motions: RigidTransform) -> str:
    """The axis of the base nearest to the one about which the flange was turned least."""
    first, second = np.triu_indices(len(motions), 1)
    turns = (motions.rotation[first] * motions.rotation[second].inv()).as_rotvec()
    least = np.linalg.eigh(turns.T @ turns)[1][:, 0]
    return ("the robot's x axis", "the robot's y axis", "the vertical")[int(np.argmax(np.abs(least)))]
