"""A calibration scene with known truth, drawn with a projection of its own: neither OpenCV nor the solver's."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.sightings import CalibrationData, Mounting, RobotPose, Sighting
from dynacollect.rig.nouns import Vector

SIZE = (480, 360)
SQUARE = 0.056
TABLE = np.array([0.5, 0.0, 0.05])
POINTS = np.array([[x * SQUARE, y * SQUARE, 0.0] for y in range(1, 5) for x in range(1, 7)])
ABOVE = TABLE + np.array([0, 0, 0.1])
CENTRE = POINTS.mean(axis=0)


def pose(position: Vector, rotation: Rotation) -> RigidTransform:
    return RigidTransform.from_components(position, rotation)


def looking(position: Vector, target: Vector) -> RigidTransform:
    """A camera at `position`, x right and y down, with `target` ahead."""
    ahead = (target - position) / np.linalg.norm(target - position)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    return pose(position, Rotation.from_matrix(np.column_stack([right, np.cross(ahead, right), ahead])))


@dataclass(frozen=True)
class TrueCamera:
    """Pinhole and Brown-Conrady, written out."""

    lens: tuple[float, ...]
    place: RigidTransform
    wrist: bool = False

    def pixels(self, local: Vector) -> Vector:
        """Of points in the camera's frame."""
        fx, fy, cx, cy, k1, k2, p1, p2, k3 = self.lens
        out = []
        for X, Y, Z in local:
            x, y = X / Z, Y / Z
            r2 = x**2 + y**2
            d = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
            u = x * d + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
            v = y * d + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
            out.append([fx * u + cx, fy * v + cy])
        return np.array(out)


def true_cameras() -> dict[str, TrueCamera]:
    return {
        "front": TrueCamera(
            (402.0, 403.1, 243.2, 176.4, -0.21, 0.06, 0.0006, -0.0004, -0.004),
            looking(np.array([1.35, 0.05, 0.55]), ABOVE),
        ),
        "side": TrueCamera(
            (415.5, 414.9, 236.0, 183.5, -0.17, 0.04, -0.0005, 0.0007, 0.002),
            looking(np.array([0.52, 0.9, 0.5]), ABOVE),
        ),
        "wrist": TrueCamera(
            (388.0, 388.7, 241.0, 178.0, -0.25, 0.08, 0.0002, 0.0003, -0.01),
            pose(np.array([0.06, 0.01, 0.05]), Rotation.from_euler("xyz", [-12, 8, 91], degrees=True)),
            wrist=True,
        ),
    }


@dataclass(frozen=True)
class Scene:
    """What is true, and the data made from it."""

    cameras: dict[str, TrueCamera]
    T_flange_board: RigidTransform
    T_base_board: RigidTransform
    data: CalibrationData
    spoilt: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    """Camera and frame of the corrupted views."""


@dataclass(frozen=True)
class Move:
    """Something is moved just before a frame, by this much in its own axes."""

    what: str
    frame: int
    by: RigidTransform


def _undone(move: Move | None, what: str, frame: int) -> RigidTransform:
    before = move is not None and move.what == what and frame < move.frame
    return move.by.inv() if move is not None and before else RigidTransform.identity()


def scene(
    seed: int = 0,
    *,
    frames: int = 30,
    pixel: float = 0.04,
    robot: float = 1.0,
    spoil: float = 0.0,
    tilt: float = 1.0,
    slip: Move | None = None,
    bump: Move | None = None,
) -> Scene:
    """`robot` scales 0.2 mm and 0.05 deg by axis; `tilt` 0 leaves turns about the flange's z axis only.

    `slip` names a mounting and `bump` a camera; the truth that is handed back is the one after it.
    """
    rng = np.random.default_rng(seed)
    cameras = true_cameras()
    T_flange_board = pose(np.array([0.01, -0.02, 0.08]), Rotation.from_euler("xyz", [3, -2, 15], degrees=True)) * pose(
        -CENTRE, Rotation.identity()
    )
    T_base_board = pose(TABLE, Rotation.from_euler("xyz", [181, 1, 40], degrees=True)) * pose(
        -CENTRE, Rotation.identity()
    )
    sightings, poses, spoilt = list[Sighting](), list[RobotPose](), set[tuple[str, int]]()
    for mounting in ("held", "table"):
        for frame in range(frames):
            true = _held_pose(rng, frame, tilt) if mounting == "held" else _table_pose(rng, cameras["wrist"], tilt)
            noise = robot * rng.normal(size=6) * np.repeat([np.deg2rad(0.05), 0.0002], 3)
            noisy = pose(true.translation + noise[3:], true.rotation * Rotation.from_rotvec(noise[:3]))
            poses.append(RobotPose(mounting, frame, noisy))
            for name, camera in cameras.items():
                if camera.wrist != (mounting == "table"):
                    continue
                motion, board = (true.inv(), T_base_board) if camera.wrist else (true, T_flange_board)
                board = board * _undone(slip, mounting, frame)
                place = camera.place * _undone(bump, name, frame)
                local = (place.inv() * motion * board).apply(POINTS)
                if (sighting := _seen(rng, name, camera, mounting, frame, local, pixel)) is None:
                    continue
                if rng.random() < spoil:
                    spoilt.add((name, frame))
                    sighting = _spoilt(rng, sighting)
                sightings.append(sighting)
    sizes = dict.fromkeys(cameras, SIZE)
    data = CalibrationData(POINTS, tuple(sightings), tuple(poses), sizes)
    return Scene(cameras, T_flange_board, T_base_board, data, frozenset(spoilt))


def _held_pose(rng: np.random.Generator, frame: int, tilt: float) -> RigidTransform:
    """The board's face (its -z) between the two cameras, or towards one of them."""
    heading = [45, 33, 57][frame % 3] + rng.uniform(-8, 8)
    facing = Rotation.from_euler("z", heading, degrees=True) * Rotation.from_euler("y", -105, degrees=True)
    tilts = Rotation.from_rotvec(tilt * rng.uniform(-0.45, 0.45, 3))
    about = Rotation.from_euler("z", rng.uniform(-30, 30), degrees=True)
    if tilt == 0:
        facing = Rotation.from_euler("z", 45, degrees=True) * Rotation.from_euler("y", -105, degrees=True)
    position = ABOVE + rng.uniform(-1, 1, 3) * [0.2, 0.2, 0.14]
    return pose(position, tilts * facing * Rotation.from_euler("x", 180, degrees=True) * about)


def _table_pose(rng: np.random.Generator, camera: TrueCamera, tilt: float) -> RigidTransform:
    """The wrist camera over the board, looking near its middle."""
    away = np.array([0, 0, 0.45]) + rng.uniform(-1, 1, 3) * [0.25 * tilt, 0.25 * tilt, 0.12]
    view = looking(TABLE + away + [1e-3, 0, 0], TABLE + rng.uniform(-1, 1, 3) * [0.06, 0.06, 0])
    if tilt == 0:
        view = pose(TABLE + away, Rotation.from_euler("x", 180, degrees=True))
    return view * pose(np.zeros(3), Rotation.from_euler("z", rng.uniform(-50, 50), degrees=True)) * camera.place.inv()


def _seen(
    rng: np.random.Generator,
    name: str,
    camera: TrueCamera,
    mounting: Mounting,
    frame: int,
    local: Vector,
    pixel: float,
) -> Sighting | None:
    normal = np.cross(local[1] - local[0], local[6] - local[0])
    slant = abs(normal @ local.mean(axis=0)) / np.linalg.norm(normal) / np.linalg.norm(local.mean(axis=0))
    pixels = camera.pixels(local)
    inside = ((pixels > 3) & (pixels < np.array(SIZE) - 4)).all(axis=1) & (local[:, 2] > 0.1)
    if rng.random() < 0.15:
        inside &= np.arange(24) % 6 >= rng.integers(1, 4)
    if slant < np.cos(np.deg2rad(72)) or inside.sum() < 6:
        return None
    ids = np.flatnonzero(inside)
    noisy = pixels[ids] + pixel * rng.normal(size=(len(ids), 2))
    return Sighting(name, mounting, frame, ids.astype(np.float64), noisy)


def _spoilt(rng: np.random.Generator, sighting: Sighting) -> Sighting:
    """Corners shuffled, or the whole grid taken one square further."""
    pixels = sighting.pixels
    pixels = rng.permutation(pixels) if rng.random() < 0.5 else np.roll(pixels, 1, axis=0)
    return Sighting(sighting.camera, sighting.mounting, sighting.frame, sighting.ids, pixels)
