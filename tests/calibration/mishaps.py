"""A Panda's calibration with what goes wrong in laboratories: moving arms, late clocks, joints in another order."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.sightings import CalibrationData, RobotPose, Sighting
from dynacollect.rig.arms import ARMS
from dynacollect.rig.arms.kinematics import many_links
from dynacollect.rig.nouns import Vector

from .projector import POINTS, SIZE, Scene, pose, true_cameras

PANDA = ARMS["franka-panda"]
PERIOD_S = 0.2


def flange(joints: Vector) -> RigidTransform:
    return RigidTransform.from_matrix(many_links(PANDA, np.atleast_2d(joints))[:, -1]) * PANDA.T_last_flange


def way(times: Vector) -> Vector:
    """Joints of an arm that moves on and on, slowly: sums of sines about its home."""
    phases = np.arange(7) * 1.7
    slow = np.sin(0.31 * times[:, None] * (1 + 0.13 * np.arange(7)) + phases)
    fast = np.sin(0.83 * times[:, None] * (1 + 0.07 * np.arange(7)) + 2 * phases)
    return PANDA.home + 0.3 * slow + 0.12 * fast


@cache
def panda(
    seed: int = 0, *, frames: int = 40, moving: bool = False, late: tuple[float, float] = (0.0, 0.0), robot: float = 1.0
) -> Scene:
    """Two fixed cameras look at a board in the hand; `late` is what their clocks lack against the robot's."""
    rng = np.random.default_rng([seed, 77])
    cameras = {name: camera for name, camera in true_cameras().items() if not camera.wrist}
    middle = flange(PANDA.home)[0]
    towards = np.array([0.7, 0.7, 0.3])
    board = _facing(middle, towards)
    times = 40.0 + (PERIOD_S if moving else 5.0) * np.arange(frames, dtype=np.float64)
    told, sightings, poses = way(times), list[Sighting](), list[RobotPose]()
    for frame, (at, joints) in enumerate(zip(times, told, strict=True)):
        noise = robot * rng.normal(size=6) * np.repeat([np.deg2rad(0.05), 0.0002], 3)
        true = flange(joints)[0]
        noisy = pose(true.translation + noise[3:], true.rotation * Rotation.from_rotvec(noise[:3]))
        poses.append(RobotPose("held", frame, noisy, joints, float(at)))
        for (name, camera), lag in zip(cameras.items(), late, strict=True):
            taken = at + rng.uniform(-0.02, 0.02) if moving else at
            there = flange(way(np.array([taken]))[0])[0]
            local = (camera.place.inv() * there * board).apply(POINTS)
            pixels = camera.pixels(local)
            ids = np.flatnonzero(((pixels > 3) & (pixels < np.array(SIZE) - 4)).all(axis=1) & (local[:, 2] > 0.1))
            normal = np.cross(local[1] - local[0], local[6] - local[0])
            if len(ids) < 6 or abs(normal @ local[0]) < 0.35 * np.linalg.norm(normal) * np.linalg.norm(local[0]):
                continue
            seen = pixels[ids] + 0.04 * rng.normal(size=(len(ids), 2))
            sightings.append(Sighting(name, "held", frame, ids.astype(float), seen, float(taken - lag)))
    data = CalibrationData(POINTS, tuple(sightings), tuple(poses), dict.fromkeys(cameras, SIZE))
    return Scene(cameras, board, RigidTransform.identity(), data)


def _facing(flange_pose: RigidTransform, towards: Vector) -> RigidTransform:
    """T_flange_board with the board below the hand and its face towards a direction of the base."""
    down = flange_pose.apply(np.array([0.0, 0.0, 0.2]))
    ahead = -towards / np.linalg.norm(towards)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    place = pose(down, Rotation.from_matrix(np.column_stack([right, np.cross(ahead, right), ahead])))
    return flange_pose.inv() * place * pose(-POINTS.mean(axis=0), Rotation.identity())


def reordered(data: CalibrationData, order: tuple[int, ...], *, poses_too: bool) -> CalibrationData:
    """With joints noted in another order, and the poses worked out from that."""
    out = []
    for one in data.poses:
        assert one.joints is not None
        joints = one.joints[list(order)]
        out.append(replace(one, joints=joints, T_base_flange=flange(joints)[0] if poses_too else one.T_base_flange))
    return replace(data, poses=tuple(out))
