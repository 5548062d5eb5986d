"""The driver of the cell's arm. It knows only what the arm sends."""

from __future__ import annotations

from scipy.spatial.transform import RigidTransform

from ..arm import ArmHealth, ArmInfo
from ..arm_monitor import ArmMonitor
from ..arms import kinematics
from ..arms.model import ArmModel
from ..clock import Clock
from ..errors import DynacollectError
from ..nouns import ArmState, SetPoints
from .arm_device import ArmDevice, Feedback

NOWHERE = RigidTransform.identity()
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
        self._device.sent.clear()
        self._open = True
        return ArmInfo("cell", f"CELL-{self.model.name}", "cell-1", self.model.rate_hz)

    def read(self) -> ArmState:
        if not self._open:
            raise DynacollectError("the arm is not connected; connect the rig first")
        temperature = self._device.temperature(self._clock.now())
        while self._device.sent:
            # The monitor judges joints and torques only; the pose is worked out for the newest sample.
            self._monitor.saw(_state(self._device.sent.popleft(), NOWHERE), temperature)
        newest = self._device.feedback
        return _state(newest, kinematics.forward(self.model, newest.joints))

    def command(self, setpoints: SetPoints) -> None:
        self._monitor.commanded(setpoints)
        self._device.take(setpoints)

    def stop(self) -> None:
        self._monitor.stopped()
        self._device.halt()

    def recover(self) -> bool:
        cleared = self._device.clear()
        if cleared:
            self._monitor.recovered()
        return cleared

    def verified(self) -> None:
        self._monitor.verified()

    def health(self) -> ArmHealth:
        return self._monitor.health(self._clock.now())

    def close(self) -> None:
        self._device.halt()
        self._open = False


def _state(sent: Feedback, T_base_tool: RigidTransform) -> ArmState:
    return ArmState(
        joints=sent.joints,
        joint_velocity=sent.velocity,
        joint_torque=sent.torque,
        T_base_tool=T_base_tool,
        gripper_width=sent.width,
        gripper_force=sent.force,
        measured_at=sent.measured_at,
        arrived_at=sent.measured_at + LINK_S,
        fault=sent.fault,
    )
