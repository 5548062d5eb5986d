"""The driver of the cell's arm. It knows only what the arm sends."""

from __future__ import annotations

from ..arm import ArmHealth, ArmInfo
from ..arm_monitor import ArmMonitor
from ..arms import kinematics
from ..arms.model import ArmModel
from ..clock import Clock
from ..errors import DynacollectError
from ..nouns import ArmState, SetPoints
from .arm_device import ArmDevice

LINK_S = 0.002
"""From the arm's sampling to the host."""


class CellArm:
    """Follows the `Arm` protocol."""

    def __init__(self, device: ArmDevice, clock: Clock) -> None:
        self._device, self._clock = device, clock
        self._monitor = ArmMonitor(self.model)
        self._open = False

    @property
    def model(self) -> ArmModel:
        return self._device.world.arm

    def connect(self) -> ArmInfo:
        self._monitor = ArmMonitor(self.model)
        self._open = True
        return ArmInfo("cell", f"CELL-{self.model.name}", "cell-1", self.model.rate_hz)

    def read(self) -> ArmState:
        if not self._open:
            raise DynacollectError("the arm is not connected; connect the rig first")
        sent = self._device.feedback
        state = ArmState(
            joints=sent.joints, joint_velocity=sent.velocity, joint_torque=sent.torque,
            T_base_tool=kinematics.forward(self.model, sent.joints), gripper_width=sent.width,
            gripper_force=sent.force, measured_at=sent.measured_at, arrived_at=sent.measured_at + LINK_S,
            fault=sent.fault,
        )  # fmt: skip
        self._monitor.saw(state, self._device.temperature(self._clock.now()))
        return state

    def command(self, setpoints: SetPoints) -> None:
        self._monitor.commanded(setpoints)
        self._device.take(setpoints)

    def stop(self) -> None:
        self._device.halt()

    def recover(self) -> bool:
        return self._device.clear()

    def health(self) -> ArmHealth:
        return self._monitor.health(self._clock.now())

    def close(self) -> None:
        self._device.halt()
        self._open = False
