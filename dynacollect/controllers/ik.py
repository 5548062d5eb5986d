"""Joints for a tool pose: place first, closing direction next, tilt as near as the arm can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, atan2, sqrt

import mink
import mujoco
import numpy as np
from mink.exceptions import NoSolutionFound
from scipy.linalg import get_lapack_funcs

from ..rig.arms.mjcf import arm_spec
from ..rig.arms.model import ArmModel
from ..rig.nouns import Vector
from .sweep import Sweep

GOAL_MARGIN = 0.02
"""Radians that solutions stay inside the joint limits, so that a goal that moves can be braked at."""
TABLE_GAP, SELF_GAP = 0.004, 0.01
"""Metres that goals keep between hand and table, and solutions between hand and the arm's own base and shoulder."""
PLACE_MM = 0.002
"""Metres off its place from which a pose counts as out of reach."""
_TILT_COST, _TURN_COST, _POSTURE_COST = 0.007, 0.03, 1e-4
"""Metres that a radian counts as: leaning, turning about the tool's z, and leaving home.

Small, so that an arm that cannot point its hand as asked gives up none of its place: half a radian of lean costs a
tenth of a millimetre.
"""
_STEP = 0.4
_SETTLED, _QUICK_SETTLED = 1e-3, 2e-2
_ITERATIONS = 30
_QUICK_ITERATIONS = 6
_DAMPING, _LEAST_DAMPING = 1e-2, 1e-10
"""Per squared metre of error, and always: steps shrink where the arm cannot follow, and are exact at the goal."""
_NEAR_TABLE, _NEAR_BASE = 0.15, 0.25
(_POSV,) = get_lapack_funcs(("posv",), dtype=np.float64)
_ORIENTATION_COSTS = np.array([_TILT_COST, _TILT_COST, _TURN_COST])


@dataclass(frozen=True, slots=True)
class Solution:
    """Joints, and what they leave undone."""

    joints: Vector
    place: float
    """Metres between tool and goal."""
    tilt: float
    """Radians between the tool's z and the goal's."""
    turn: float
    """Radians that the fingers are turned about the tool's z."""

    @property
    def in_place(self) -> bool:
        return self.place < PLACE_MM


class InverseKinematics:
    """Solves from a seed, so that the solution stays on the seed's branch."""

    def __init__(self, arm: ArmModel, table_z: float = 0.0, collision: bool = True) -> None:
        self._arm, self._table_z, self._collision = arm, table_z, collision
        self._sweep = Sweep(arm)
        self._model = _model(arm, table_z)
        self._site = self._model.site("arm/tool").id
        self._rest = np.zeros(self._model.nq)
        self._rest[: arm.joints] = arm.home
        self._rest[arm.joints :] = arm.gripper.max_width / 2
        self._configuration = mink.Configuration(self._model, self._rest)
        self._frame = mink.FrameTask("arm/tool", "site", 1.0, _ORIENTATION_COSTS, lm_damping=_DAMPING)
        posture = mink.PostureTask(self._model, _POSTURE_COST)
        posture.set_target(self._rest)
        self._tasks = [self._frame, posture]
        self._range: list[mink.Limit] = [mink.ConfigurationLimit(self._model, min_distance_from_limits=GOAL_MARGIN)]
        self._clear = self._range + (_clearances(self._model, arm.joints) if collision else [])
        self._linear, self._angular = np.empty((3, self._model.nv)), np.empty((3, self._model.nv))
        self._lower, self._upper = arm.lower + GOAL_MARGIN, arm.upper - GOAL_MARGIN

    def solve(self, seed: Vector, goal: Vector) -> Solution:
        """The full solution for a tool pose (4, 4): range, clearance, posture where the arm has a joint to spare.

        A goal that would have the hand in the table is lifted out of it.
        """
        joints = self._place(seed)
        asked, goal = goal, self._lifted(goal)
        self._frame.set_target(_se3(goal))
        limits = self._clear if self._is_near_things(goal) else self._range
        for _ in range(_ITERATIONS):
            step = self._step(limits)
            joints = self._place(joints + step)
            if np.abs(step).max() < _SETTLED:
                break
        return self._judged(joints, asked)

    def quick(self, seed: Vector, goal: Vector) -> Solution:
        """A few damped steps from a near seed: right to about a millimetre, for planning; ignores clearance."""
        joints = self._place(seed)
        for _ in range(_QUICK_ITERATIONS):
            step = self._quick_step(joints, goal)
            joints = self._place(joints + step)
            if np.abs(step).max() < _QUICK_SETTLED:
                break
        return self._judged(joints, goal)

    def joint_velocity(self, joints: Vector, velocity: Vector) -> Vector:
        """Joint speeds that move the tool at `velocity` (3,) and turn it as little as can be; damped."""
        self._place(joints)
        return self._least(joints, np.concatenate([velocity, np.zeros(3)]), _LEAST_DAMPING)

    def tool_speed(self, joints: Vector, speeds: Vector) -> float:
        """Metres per second of the tool point."""
        self._configuration.data.qpos[: self._arm.joints] = joints
        mujoco.mj_kinematics(self._model, self._configuration.data)
        mujoco.mj_comPos(self._model, self._configuration.data)
        mujoco.mj_jacSite(self._model, self._configuration.data, self._linear, None, self._site)
        return float(np.linalg.norm(self._linear[:, : self._arm.joints] @ speeds))

    def _place(self, joints: Vector) -> Vector:
        """Set the model to joints clipped into the range of solutions; returns those."""
        inside = np.clip(joints, self._lower, self._upper)
        full = self._rest.copy()
        full[: self._arm.joints] = inside
        self._configuration.update(full)
        return inside

    def _step(self, limits: Sequence[mink.Limit]) -> Vector:
        try:
            step = mink.solve_ik(self._configuration, self._tasks, 1.0, "daqp", damping=_LEAST_DAMPING, limits=limits)
        except NoSolutionFound:
            return np.zeros(self._arm.joints)
        return _limited(step[: self._arm.joints])

    def _lifted(self, goal: Vector) -> Vector:
        if not self._collision:
            return goal
        under = self._table_z + TABLE_GAP - goal[2, 3] - self._sweep.hand_bottom(goal[:3, :3])
        if under <= 0.0:
            return goal
        lifted = goal.copy()
        lifted[2, 3] += under
        return lifted

    def _quick_step(self, joints: Vector, goal: Vector) -> Vector:
        here = self._tool_turn()
        error = np.concatenate([goal[:3, 3] - self._tool_place(), here @ (_ORIENTATION_COSTS * _turn_to(here, goal))])
        return _limited(self._least(joints, error, _LEAST_DAMPING + _DAMPING * float(error @ error)))

    def _least(self, joints: Vector, wanted: Vector, damping: float) -> Vector:
        """The least joint change for a weighted tool change; joints at the end of their range do not push on."""
        jacobian = self._weighted_jacobian()
        change = _damped(jacobian, wanted, damping)
        for _ in range(2):
            blocked = ((joints >= self._upper) & (change > 0.0)) | ((joints <= self._lower) & (change < 0.0))
            if not blocked.any():
                break
            jacobian[:, blocked] = 0.0
            change = _damped(jacobian, wanted, damping)
        return change

    def _is_near_things(self, goal: Vector) -> bool:
        x, y, z = goal[:3, 3]
        return z < self._table_z + _NEAR_TABLE or x * x + y * y < _NEAR_BASE**2

    def _tool_place(self) -> Vector:
        return self._configuration.data.site_xpos[self._site]

    def _tool_turn(self) -> Vector:
        return self._configuration.data.site_xmat[self._site].reshape(3, 3)

    def _weighted_jacobian(self) -> Vector:
        """(6, joints): in the base frame, turning about the tool's axes at its costs."""
        mujoco.mj_jacSite(self._model, self._configuration.data, self._linear, self._angular, self._site)
        count = self._arm.joints
        turn = self._tool_turn()
        weights = (turn * _ORIENTATION_COSTS) @ turn.T
        return np.concatenate([self._linear[:, :count], weights @ self._angular[:, :count]])

    def _judged(self, joints: Vector, goal: Vector) -> Solution:
        between = goal[:3, :3].T @ self._tool_turn()
        way = goal[:3, 3] - self._tool_place()
        tilt = acos(min(1.0, max(-1.0, between[2, 2])))
        return Solution(joints, sqrt(way @ way), tilt, abs(atan2(between[0, 1], between[1, 1])))


def _turn_to(turn: Vector, goal: Vector) -> Vector:
    """The rotation vector from one to the other, in the first one's axes; nothing for an exact half turn."""
    m = turn.T @ goal[:3, :3]
    vector = 0.5 * np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    sine = sqrt(vector @ vector)
    cosine = 0.5 * (m[0, 0] + m[1, 1] + m[2, 2] - 1.0)
    return vector * (atan2(sine, cosine) / sine) if sine > 1e-9 else vector


def _limited(step: Vector) -> Vector:
    return step * min(1.0, _STEP / max(float(np.abs(step).max()), 1e-9))


def _se3(pose: Vector) -> mink.SE3:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, pose[:3, :3].ravel())
    return mink.SE3(np.concatenate([quaternion, pose[:3, 3]]))


def _damped(jacobian: Vector, wanted: Vector, damping: float) -> Vector:
    square = jacobian @ jacobian.T
    square.flat[::7] += damping
    _, solved, failed = _POSV(square, wanted)
    return jacobian.T @ solved if failed == 0 else np.zeros(jacobian.shape[1])


def _model(arm: ArmModel, table_z: float) -> mujoco.MjModel:
    """The arm over its table; the fingers stay as they are set, so their range plays no part."""
    spec = arm_spec(arm)
    spec.geom("table").pos = [0.0, 0.0, table_z]
    model = spec.compile()
    model.jnt_range[arm.joints :] = -1.0, 1.0
    return model


def _clearances(model: mujoco.MjModel, joints: int) -> list[mink.Limit]:
    """Hand and wrist against the table, and against base, shoulder and upper arm."""
    moving = _hulls(model, f"link{joints - 1}", f"link{joints}", "hand", "finger_left", "finger_right")
    standing = _hulls(model, "base", "link1", "link2")
    return [
        mink.CollisionAvoidanceLimit(model, [(moving, things)], 0.85, gap, 0.05)
        for things, gap in ((["table"], 0.5 * TABLE_GAP), (standing, SELF_GAP))
    ]


def _hulls(model: mujoco.MjModel, *bodies: str) -> list[int]:
    """What touches, of these bodies."""
    numbers = {model.body(f"arm/{name}").id for name in bodies}
    touching = (model.geom_contype != 0) | (model.geom_conaffinity != 0)
    return [i for i in range(model.ngeom) if model.geom_bodyid[i] in numbers and touching[i]]
