"""The driver of an AgileX PiPER."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from threading import RLock

from scipy.spatial.transform import RigidTransform

from ..arm import ArmHealth, ArmInfo
from ..arm_monitor import ArmMonitor
from ..arms import kinematics
from ..arms.model import ArmModel
from ..clock import Clock, SimClock
from ..errors import DynacollectError
from ..nouns import ArmState, Fault, SetPoints
from ..pulse import Pulse
from .bring_up import BringUp
from .coding import Coding
from .config import PiperArm, PiperSim
from .faults import standing, stopping
from .feedback import Feedback, Snapshot
from .figures import figures
from .frames import Frame
from .gripper_zero import GripperZero
from .link import check_link
from .sender import NEWTONS_PER_TORQUE, Sender
from .wire import OpenBus, Wire, bus_opener

NOWHERE = RigidTransform.identity()
SILENT_S = 0.1
"""Without joints for so long, nothing more is sent: the arm holds the last target that it heard."""
CLOSING_S = 1.0
"""How long the arm may take to come to rest when it is left."""


class Piper:
    """Follows the `Arm` protocol.

    One step a period hears what came and says where the joints shall be: on a thread of its own on the host's clock,
    and stepped by whoever simulates the arm on a simulated one. A fault that stops the arm silences the driver until
    `recover`. Leaving ends in a hold: the arm is never disabled, reset or emergency-stopped, for then it would fall.
    """

    def __init__(self, config: PiperArm | PiperSim, clock: Clock, open_bus: OpenBus | None = None) -> None:
        """`open_bus` instead of the bus that the configuration names."""
        self._config, self._clock = config, clock
        self._open_bus = open_bus or bus_of(config)
        self._model = figures(config)
        self._monitor = ArmMonitor(self._model)
        self._lock = RLock()
        self._wire: Wire | None = None
        self._stopped_by: Fault | None = None
        self._pulse: Pulse | None = None

    @property
    def model(self) -> ArmModel:
        return self._model

    def connect(self) -> ArmInfo:
        config, clock = self._config, self._clock
        coding = Coding()
        if isinstance(config, PiperArm) and config.interface == "socketcan":
            check_link(config.channel)
        self._monitor = ArmMonitor(self._model)
        self._gripper_zero = GripperZero(self._model.gripper)
        self._feedback = Feedback(coding, 1.0 / self._model.rate_hz)
        width = config.gripper_offset_m, config.gripper_scale
        self._sender = Sender(self._model, coding, config.speed_share, width)
        self._stopped_by = None
        self._wire = Wire(self._open_bus, clock)
        self._bring_up = BringUp(config, self._model, clock, coding, self._feedback, self._say)
        if not isinstance(clock, SimClock):
            self._pulse = Pulse(self.step, clock, 1.0 / self._model.rate_hz, self._failed)
        try:
            self._bring_up.greet()
            if not self._shadow:
                self._bring_up.prepare()
                self._take_over()
        except BaseException:  # because it goes on once all is closed
            self._let_go()
            raise
        return ArmInfo("piper", self._where, self._feedback.firmware, self._model.rate_hz)

    def step(self, now: float) -> None:
        """One period: hear, look for what stops the arm, and speak where nothing does."""
        with self._lock:
            if self._wire is None:
                return
            self._hear()
            if not self._sender.speaking and self._stopped_by is None:
                return
            fault = self._broken(self._wire) or stopping(self._feedback, now) or self._silent(now)
            if fault is not None:
                self._stopped_by = fault
                self._sender.silence()
            self._say(self._sender.frames(now))

    def read(self) -> ArmState:
        with self._lock:
            if self._wire is None:
                raise DynacollectError("the arm is not connected; connect the rig first")
            self._hear()
            snapshots = self._feedback.snapshots
            while snapshots:
                state = self._state(snapshots.popleft(), NOWHERE, None)
                self._monitor.saw(state, self._feedback.temperature_c)
                self._gripper_zero.saw(state.gripper_width, state.measured_at)
            newest = self._newest()
            pose = kinematics.forward(self._model, newest.joints)
            return self._state(newest, pose, self._stopped_by)

    def command(self, setpoints: SetPoints) -> None:
        with self._lock:
            if self._stopped_by is None and self._wire is not None and not self._shadow:
                self._monitor.commanded(setpoints)
                self._sender.follow(setpoints)
                if setpoints.grip is not None:
                    self._gripper_zero.told(setpoints.grip.width, self._clock.now())
                    self._say(self._sender.grip_frames(self._clock.now()))

    def stop(self) -> None:
        with self._lock:
            self._monitor.stopped()
            if self._wire is not None:
                self._sender.rest()

    def recover(self) -> bool:
        """Errors cleared, drives enabled, mode said again, and the arm held where it is; False where that fails."""
        with self._lock:
            if self._wire is None:
                return False
            self._sender.silence()
            if self._wire.broken and not self._reopened(self._wire):
                return False
            self._feedback.forget()
        try:
            self._bring_up.hear_again()
            if not self._shadow:
                self._bring_up.prepare()
                self._take_over()
        except DynacollectError as error:
            self._stopped_by = self._stopped_by or Fault("not_recovered", str(error))
            return False
        self._monitor.recovered()
        return True

    def verified(self) -> None:
        self._monitor.verified()

    def health(self) -> ArmHealth:
        with self._lock:
            now = self._clock.now()
            told = self._monitor.health(now)
            own = [] if self._stopped_by is None else [self._stopped_by]
            if self._wire is not None:
                own += standing(self._feedback, now, self._stroke_mm)
                if lacks := self._gripper_zero.lacking_m:
                    own.append(Fault("gripper_zero", f"open, it reports {1e3 * lacks:.0f} mm too little"))
            names = {fault.name for fault in own}
            return replace(told, faults=(*own, *(fault for fault in told.faults if fault.name not in names)))

    def close(self) -> None:
        if self._wire is None:
            return
        self.stop()
        if self._sender.speaking and self._pulse is not None:
            self._clock.wait_until(self._clock.now() + CLOSING_S)
        self._let_go()

    @property
    def _shadow(self) -> bool:
        return isinstance(self._config, PiperArm) and self._config.shadow

    @property
    def _stroke_mm(self) -> int:
        return round(1e3 * self._model.gripper.max_width)

    @property
    def _where(self) -> str:
        config = self._config
        return f"{config.interface}:{config.channel}" if isinstance(config, PiperArm) else "stand-in"

    def _take_over(self) -> None:
        """Hold the arm where it is, fingers as they are."""
        self._bring_up.take_control()
        with self._lock:
            self._stopped_by = None
            newest = self._newest()
            self._sender.hold(newest.joints, self._width(newest))

    def _hear(self) -> None:
        if self._wire is not None:
            for frame in self._wire.heard():
                self._feedback.take(frame)

    def _say(self, frames: Iterable[Frame]) -> None:
        with self._lock:
            if self._wire is not None:
                self._wire.send(frames)

    def _newest(self) -> Snapshot:
        if self._feedback.newest is None:
            raise DynacollectError("the arm has sent no joints yet; connect the rig anew")
        return self._feedback.newest

    def _reopened(self, wire: Wire) -> bool:
        try:
            wire.reopen()
        except DynacollectError:
            return False
        return True

    @staticmethod
    def _broken(wire: Wire) -> Fault | None:
        return Fault("bus_off", f"the CAN bus refuses frames ({wire.broken})") if wire.broken else None

    def _silent(self, now: float) -> Fault | None:
        age = now - self._newest().at
        return Fault("stale", f"no joints came for {1e3 * age:.0f} ms") if age > SILENT_S else None

    def _failed(self, error: Exception) -> None:
        self._stopped_by = Fault("driver", f"the driver failed: {error!r}", needs_person=True)

    def _let_go(self) -> None:
        if self._pulse is not None:
            self._pulse.end()
        with self._lock:
            if self._wire is not None:
                self._wire.close()
            self._pulse = self._wire = None

    def _width(self, seen: Snapshot) -> float:
        return (seen.width - self._config.gripper_offset_m) / self._config.gripper_scale

    def _state(self, seen: Snapshot, T_base_tool: RigidTransform, fault: Fault | None) -> ArmState:
        return ArmState(
            joints=seen.joints,
            joint_velocity=seen.velocity,
            joint_torque=seen.torque,
            T_base_tool=T_base_tool,
            gripper_width=self._width(seen),
            gripper_force=NEWTONS_PER_TORQUE * seen.finger_torque,
            measured_at=seen.at,
            arrived_at=max(seen.times),
            fault=fault,
        )


def bus_of(config: PiperArm | PiperSim) -> OpenBus:
    """The bus that the configuration names."""
    if isinstance(config, PiperSim):
        raise DynacollectError("a stand-in has no bus of its own; open the rig with open_rig")
    return bus_opener(config.interface, config.channel)
