"""An arm in thought: it goes where it is sent, exactly and at once, and nothing of that reaches the real one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...rig.arm import ArmHealth, ArmInfo
from ...rig.arms.kinematics import forward
from ...rig.arms.model import ArmModel
from ...rig.clock import Clock, SimClock
from ...rig.nouns import ArmState, SetPoints, Vector
from ...rig.rig import Rig


class ShadowArm:
    """Starts where the real arm stands."""

    def __init__(self, model: ArmModel, state: ArmState, clock: Clock) -> None:
        self._model, self._start, self._clock = model, state, clock
        self._way = SetPoints(np.array([clock.now()]), state.joints[None])

    @property
    def model(self) -> ArmModel:
        return self._model

    def connect(self) -> ArmInfo:
        return ArmInfo("shadow", "", "", self._model.rate_hz)

    def read(self) -> ArmState:
        now = self._clock.now()
        joints = self._at(now)
        velocity = (self._at(now + 1e-3) - joints) / 1e-3
        pose = forward(self._model, joints)
        moved = replace(self._start, joints=joints, joint_velocity=velocity, T_base_tool=pose)
        return replace(moved, measured_at=now, arrived_at=now)

    def command(self, setpoints: SetPoints) -> None:
        self._way = setpoints

    def stop(self) -> None:
        self._way = SetPoints(np.array([self._clock.now()]), self._at(self._clock.now())[None])

    def recover(self) -> bool:
        return True

    def verified(self) -> None:
        pass

    def health(self) -> ArmHealth:
        return ArmHealth(age_s=0.0, rate_hz=self._model.rate_hz)

    def close(self) -> None:
        pass

    def _at(self, time: float) -> Vector:
        return np.array([np.interp(time, self._way.times, column) for column in self._way.joints.T])


def shadow_of(rig: Rig) -> Rig:
    """The same rig with an arm in thought and a clock of its own, and without cameras."""
    clock = SimClock(start=rig.clock.now())
    return Rig(rig.config, {}, ShadowArm(rig.arm.model, rig.feel(), clock), clock, rig.stage)
