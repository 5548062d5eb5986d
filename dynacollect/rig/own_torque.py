"""The torques that an arm's own motion takes, by the inertias of its model: the rest comes from outside."""

from __future__ import annotations

import mujoco
import numpy as np

from .arms.mjcf import arm_spec
from .arms.model import ArmModel
from .nouns import Vector


class OwnTorque:
    """Inverse dynamics of one arm, with an empty hand and nothing in its way."""

    def __init__(self, arm: ArmModel) -> None:
        spec = arm_spec(arm)
        flags = mujoco.mjtDisableBit
        spec.option.disableflags |= int(flags.mjDSBL_CONTACT | flags.mjDSBL_ACTUATION | flags.mjDSBL_LIMIT)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._joints = slice(0, arm.joints)

    def of(self, joints: Vector, velocity: Vector, acceleration: Vector) -> Vector:
        """(n,) N m."""
        data, own = self._data, self._joints
        data.qpos[own], data.qvel[own], data.qacc[own] = joints, velocity, acceleration
        mujoco.mj_inverse(self._model, data)
        return np.asarray(data.qfrc_inverse[own], np.float64).copy()
