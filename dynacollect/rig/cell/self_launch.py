"""The arm as its own launcher: a low sweep of the closed hand that shoves the target on its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..arms import kinematics
from ..arms.model import ArmModel
from ..nouns import Grip, SetPoints, Vector
from ..objects.model import ObjectModel

RUN_UP_M = 0.09
"""From the sweep's start to the object's near side."""
FOLLOW_M = 0.02
"""How far the hand goes on at full speed after it has met the object."""
BRAKING_M = 0.08
REBOUND = 1.15
"""Speed of a shoved object over the hand's."""
SAFE_Z, LOW_Z = 0.20, 0.032
"""Height of the tool on its way to and from the sweep, and in it, m."""
SAMPLE_S = 0.02
NEAR_M = 0.005
TURNING = 60
"""Samples that the hand takes to turn."""
MOST_TILT = 0.5
"""rad; a hand that leans more would drag its fingers over the table."""
TURN_WEIGHT = 0.15
"""m/rad; how much an upright hand counts beside a tool in its place."""
JOINT_MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the arm is told, and when the hand is due at the object."""

    shove: SetPoints
    retreat: SetPoints
    meets_at: float


def can_shove(arm: ArmModel, model: ObjectModel) -> bool:
    """Whether this arm can launch the object: its hand points down over the table, and the object is tall enough."""
    place = np.array([0.65 * arm.reach, 0.0, 0.0])
    return 2 * model.rest_height > LOW_Z and can_sweep(arm, place, np.array([0.0, 1.0, 0.0]))


def can_sweep(arm: ArmModel, start: Vector, way: Vector) -> bool:
    """Whether the hand reaches every point of a sweep through `start`."""
    hand, joints = _hand_for(arm, way), arm.home
    for along in np.linspace(-RUN_UP_M - 0.06, FOLLOW_M + BRAKING_M, 6):
        point = start + way * along
        joints, near = _reach(arm, _at(point, LOW_Z), hand, joints)
        if not near or np.hypot(point[0], point[1]) < 0.4 * arm.reach:
            return False
    return True


def sweep(arm: ArmModel, joints: Vector, start: Vector, way: Vector, radius: float, speed: float, now: float) -> Sweep:
    """From where the arm is, over and down behind the target, through it at `speed`, up and back.

    `start` is the target's place and `radius` how far it extends towards the hand, m.
    """
    behind = start - way * (RUN_UP_M + radius)
    here = np.asarray(kinematics.forward(arm, joints).translation)
    points = [*_move(here, _at(behind, SAFE_Z)), *_move(_at(behind, SAFE_Z), _at(behind, LOW_Z))]
    stroke = _stroke(speed / REBOUND)
    meets = (len(points) + int(np.searchsorted(stroke, RUN_UP_M))) * SAMPLE_S
    points += [_at(behind + way * along, LOW_Z) for along in stroke]
    points += _move(points[-1], _at(points[-1], SAFE_Z))
    path = [joints]
    for point, hand in zip(points, _hands(arm, joints, way, len(points)), strict=True):
        step = _reach(arm, point, hand, path[-1])[0] - path[-1]
        most = 0.5 * arm.max_velocity * SAMPLE_S
        path.append(path[-1] + np.clip(step, -most, most))
    shove = SetPoints(now + _times(len(path)), np.array(path), Grip(0.0, arm.gripper.max_force))
    home = [path[-1] + (arm.home - path[-1]) * _smooth(share) for share in np.linspace(0.0, 1.0, 90)]
    times = float(shove.times[-1]) + _times(len(home))
    open_hand = Grip(arm.gripper.max_width, arm.gripper.min_force)
    return Sweep(shove, SetPoints(times, np.array(home), open_hand), now + meets)


def _times(count: int) -> Vector:
    return SAMPLE_S * np.arange(count, dtype=np.float64)


def _stroke(speed: float) -> list[float]:
    """Way of the hand at each sample: smoothly up to speed, through the object, smoothly to a stop."""
    up, down = 2 * RUN_UP_M / speed, 2 * BRAKING_M / speed
    through = FOLLOW_M / speed
    times = np.arange(0.0, up + through + down, SAMPLE_S / 10)
    rising = np.array([_smooth(share) for share in np.clip(times / up, 0, 1)])
    falling = np.array([_smooth(share) for share in np.clip((times - up - through) / down, 0, 1)])
    ways = np.cumsum(speed * (rising - falling)) * SAMPLE_S / 10
    return [float(way) for way in ways[::10]]


def _move(begin: Vector, end: Vector) -> list[Vector]:
    """A straight way at rest at both ends, about 0.2 m/s."""
    steps = max(TURNING, int(np.linalg.norm(end - begin) / 0.2 / SAMPLE_S))
    return [begin + (end - begin) * _smooth(share) for share in np.linspace(0.0, 1.0, steps)]


def _smooth(share: float) -> float:
    return float(share**3 * (10 - 15 * share + 6 * share**2))


def _at(point: Vector, height: float) -> Vector:
    return np.array([point[0], point[1], height])


def _hand_for(arm: ArmModel, way: Vector) -> Rotation:
    """As at home, turned so that the hand's broad side leads."""
    home = kinematics.forward(arm, arm.home).rotation
    narrow = home.apply([1.0, 0.0, 0.0])
    turn = np.arctan2(way[1], way[0]) - np.arctan2(narrow[1], narrow[0])
    return Rotation.from_euler("z", float((turn + np.pi / 2) % np.pi - np.pi / 2)) * home


def _hands(arm: ArmModel, joints: Vector, way: Vector, count: int) -> list[Rotation]:
    """From the hand as it is to the one for the sweep, within the first move, and then that one."""
    here, there = kinematics.forward(arm, joints).rotation, _hand_for(arm, way)
    turn = (there * here.inv()).as_rotvec()
    return [Rotation.from_rotvec(turn * _smooth(min(1.0, index / TURNING))) * here for index in range(count)]


def _reach(arm: ArmModel, point: Vector, hand: Rotation, seed: Vector) -> tuple[Vector, bool]:
    """Joints near `seed` with the tool at `point` and the hand as nearly as it can; whether that is near enough."""
    joints = seed
    scale = np.repeat([1.0, TURN_WEIGHT], 3)
    for _ in range(25):
        tool = kinematics.forward(arm, joints)
        turn = (hand * tool.rotation.inv()).as_rotvec()
        error = scale * np.concatenate([point - tool.translation, turn])
        if np.linalg.norm(error) < 3e-4:
            break
        jacobian = kinematics.jacobian(arm, joints) * scale[:, None]
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 3e-5 * np.eye(6), error)
        joints = np.clip(joints + np.clip(step, -0.2, 0.2), arm.lower + JOINT_MARGIN, arm.upper - JOINT_MARGIN)
    tool = kinematics.forward(arm, joints)
    tilt = np.arccos(np.clip(-tool.rotation.apply([0.0, 0.0, 1.0])[2], -1, 1))
    return joints, bool(np.linalg.norm(point - tool.translation) < NEAR_M and tilt < MOST_TILT)
