"""A rig with known truth that takes a picture of its board from any flange pose; drawn by the independent projector."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.sightings import CalibrationData, Mounting, RobotPose, Sighting
from dynacollect.rig.nouns import Vector

from .projector import CENTRE, POINTS, SIZE, TABLE, TrueCamera, looking, pose, true_cameras

BOX = np.array([0.3, -0.2, 0.0]), np.array([0.7, 0.2, 0.25])
T_FLANGE_BOARD = pose(np.array([0.01, -0.02, 0.08]), Rotation.from_euler("xyz", [183, -2, 15], degrees=True)) * pose(
    -CENTRE, Rotation.identity()
)
T_BASE_BOARD = pose(TABLE, Rotation.from_euler("xyz", [181, 1, 40], degrees=True)) * pose(-CENTRE, Rotation.identity())


@dataclass
class Rig:
    """Its robot is off by 0.2 mm and 0.05 deg by axis, its corners by 0.04 px."""

    rng: np.random.Generator
    cameras: dict[str, TrueCamera] = field(default_factory=true_cameras)
    sightings: list[Sighting] = field(default_factory=list)
    poses: list[RobotPose] = field(default_factory=list)

    def take(self, mounting: Mounting, asked: RigidTransform) -> tuple[str, ...]:
        """Drive there, and keep what the cameras see; their names."""
        off = self.rng.normal(size=6) * np.repeat([np.deg2rad(0.05), 0.0002], 3)
        true = pose(asked.translation + off[3:], asked.rotation * Rotation.from_rotvec(off[:3]))
        frame = sum(told.mounting == mounting for told in self.poses)
        seen = []
        for name, camera in self.cameras.items():
            if camera.wrist != (mounting == "table"):
                continue
            motion, board = (true.inv(), T_BASE_BOARD) if camera.wrist else (true, T_FLANGE_BOARD)
            shown = self._shown(camera, camera.place.inv() * motion * board)
            if shown is not None:
                ids, pixels = shown
                seen.append(Sighting(name, mounting, frame, ids.astype(float), pixels))
        self.sightings += seen
        if seen:
            self.poses.append(RobotPose(mounting, frame, asked))
        return tuple(sighting.camera for sighting in seen)

    def _shown(self, camera: TrueCamera, T_camera_board: RigidTransform) -> tuple[np.ndarray, Vector] | None:
        local, normal = T_camera_board.apply(POINTS), T_camera_board.rotation.as_matrix()[:, 2]
        middle = local.mean(axis=0)
        pixels = camera.pixels(local)
        inside = ((pixels > 5) & (pixels < np.array(SIZE) - 6)).all(axis=1) & (local[:, 2] > 0.1)
        if normal @ middle / np.linalg.norm(middle) < np.cos(np.deg2rad(68)) or inside.sum() < 7:
            return None
        ids = np.flatnonzero(inside)
        return ids, pixels[ids] + 0.04 * self.rng.normal(size=(len(ids), 2))

    @property
    def data(self) -> CalibrationData:
        names = sorted({sighting.camera for sighting in self.sightings})
        return CalibrationData(POINTS, tuple(self.sightings), tuple(self.poses), dict.fromkeys(names, SIZE))

    def views(self) -> int:
        """Of the camera with the fewest."""
        names = [sighting.camera for sighting in self.sightings]
        return min(names.count(name) for name in set(names))


def shown(mounting: Mounting) -> RigidTransform:
    """Where a user would show the board first: between the fixed cameras, or under the wrist camera."""
    if mounting == "held":
        facing = Rotation.from_euler("z", 45, degrees=True) * Rotation.from_euler("y", -105, degrees=True)
        return pose(np.array([0.5, 0.0, 0.15]), facing * Rotation.from_euler("x", 180, degrees=True))
    camera = looking(TABLE + np.array([0.05, 0.02, 0.45]), TABLE)
    return camera * true_cameras()["wrist"].place.inv()


def pivot(mounting: Mounting) -> Vector:
    """A guess: the board a hand's breadth before the gripper, or what lies straight ahead of it."""
    return np.array([0.0, 0.0, 0.1 if mounting == "held" else 0.45])


def everywhere(asked: RigidTransform) -> bool:
    """An arm that reaches all of the workspace's surroundings."""
    return bool(np.linalg.norm(asked.translation - [0.5, 0, 0.3]) < 0.6)
