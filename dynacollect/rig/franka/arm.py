"""The driver of a Franka Panda or FR3 with its hand."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock, RLock
from types import ModuleType
from typing import Any

from scipy.spatial.transform import RigidTransform

from ..arm import ArmHealth, ArmInfo
from ..arm_monitor import ArmMonitor
from ..arms import arm as arm_model
from ..arms import kinematics
from ..arms.model import ArmModel
from ..clock import Clock, SimClock
from ..errors import DynacollectError
from ..nouns import ArmState, Fault, SetPoints
from ..pulse import Pulse
from .config import FrankaArm, FrankaSim
from .desk import Desk
from .faults import ended, stopping
from .hand import Hand
from .link import Link, Reading
from .reference import Reference
from .vendor import CONNECT_S, franky, in_one_sentence, within

NOWHERE = RigidTransform.identity()
KEPT = 400
"""Samples that wait for somebody to read them."""
TURN_S = 0.0005
"""How long a thread may keep the interpreter while the one that leads the arm waits for it."""
CLOSING_S = 1.0
"""How long the arm may take to come to rest when it is left."""
SOON = 20
"""States that are looked at for the reason why the arm has stopped."""
WIDEST_OFF_M = 0.01
"""A hand whose largest width is farther than this from the published one has not been homed."""


def figures(config: FrankaArm | FrankaSim) -> ArmModel:
    """The arm model with the delays that were measured on the arm at hand."""
    model = arm_model(config.model)
    return replace(
        model,
        command_delay=config.command_delay_s,
        gripper=replace(model.gripper, delay=config.gripper_delay_s),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    reading: Reading
    width: float
    force: float
    at: float


class Franka:
    """Follows the `Arm` protocol.

    One step a period reads the arm and says where the joints shall be: on a thread of its own on the host's clock, and
    stepped by whoever simulates the arm on a simulated one. A fault that stops the arm silences the driver until
    `recover`. Leaving ends in a hold.
    """

    def __init__(self, config: FrankaArm | FrankaSim, clock: Clock, host: str) -> None:
        self._config, self._clock, self._host = config, clock, host
        self._model = figures(config)
        self._monitor = ArmMonitor(self._model)
        self._lock, self._line = Lock(), RLock()
        self._link: Link | None = None
        self._hand: Hand | None = None
        self._desk: Desk | None = None
        self._pulse: Pulse | None = None
        self._lost = False
        """The line is; nothing is read until it is opened anew."""
        self._reference = Reference(self._model)
        self._stopped_by: Fault | None = None
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._newest: _Sample | None = None

    @property
    def model(self) -> ArmModel:
        return self._model

    def connect(self) -> ArmInfo:
        package = franky()
        self._monitor, self._reference = ArmMonitor(self._model), Reference(self._model)
        self._samples.clear()
        self._newest = self._stopped_by = None
        self._lost = False
        self._desk = Desk.of(package, self._host, self._config.model)
        said = "" if self._desk is None else f", {self._desk.prepare()}"
        try:
            self._link = Link(package, self._config, self._host)
            self._link.check_model()
            self._hand = Hand(self._open_hand(package), self._model.gripper, self._host)
            self._begin(self._link)
        except BaseException:  # because it goes on once all is closed
            self._let_go()
            raise
        if not isinstance(self._clock, SimClock):
            sys.setswitchinterval(TURN_S)
            self._pulse = Pulse(self.step, self._clock, 1.0 / self._model.rate_hz, self._failed)
        return ArmInfo("franka", self._host, f"{self._link.version}{said}", self._model.rate_hz)

    def step(self, now: float) -> None:
        """One period: read, look for what stops the arm, and lead it where nothing does."""
        with self._line:
            link = self._link
            if link is None or self._lost:
                return
            try:
                reading = link.read()
                self._stopped_by = stopping(reading) or self._stopped_by
                if self._stopped_by is None and not self._shadow and not link.is_led:
                    self._stopped_by = self._why_ended(link)
                self._note(reading, now)
                if self._stopped_by is None and not self._shadow:
                    with self._lock:
                        wanted = self._reference.at(now)
                    link.aim(wanted, reading)
            except DynacollectError as error:
                self._lost = True
                self._stopped_by = self._stopped_by or Fault("communication", str(error))

    def read(self) -> ArmState:
        newest = self._newest
        if newest is None:
            raise DynacollectError("the arm is not connected; connect the rig first")
        while self._samples:
            self._monitor.saw(self._state(self._samples.popleft(), NOWHERE, None))
        pose = kinematics.forward(self._model, newest.reading.joints)
        return self._state(newest, pose, self._stopped_by)

    def command(self, setpoints: SetPoints) -> None:
        if self._stopped_by is not None or self._link is None or self._shadow:
            return
        with self._lock:
            goes_on = self._reference.follow(setpoints)
        if not goes_on:
            self._monitor.stopped()
        self._monitor.commanded(setpoints)
        if setpoints.grip is not None and self._hand is not None:
            self._hand.order(setpoints.grip)

    def stop(self) -> None:
        self._monitor.stopped()
        with self._lock:
            self._reference.rest(self._clock.now())

    def recover(self) -> bool:
        """Stop, wait, clear the errors, read again, hold there; False where that fails or a person is needed."""
        with self._line:
            link = self._link
            if link is None:
                return False
            try:
                if self._lost:
                    self._reopen(link)
                reading = link.recover()
                fault = stopping(reading)
                if fault is None:
                    self._take_over(link, reading)
            except DynacollectError as error:
                fault = replace(self._stopped_by or Fault("communication", ""), detail=str(error))
            self._stopped_by = fault
        if fault is None:
            self._monitor.recovered()
        return fault is None

    def verified(self) -> None:
        self._monitor.verified()

    def health(self) -> ArmHealth:
        told, own = self._monitor.health(self._clock.now()), []
        if self._stopped_by is not None:
            own.append(self._stopped_by)
        if self._hand is not None and self._hand.fault is not None:
            own.append(self._hand.fault)
        names = {fault.name for fault in own}
        return replace(told, faults=(*own, *(fault for fault in told.faults if fault.name not in names)))

    def close(self) -> None:
        if self._link is None:
            return
        self.stop()
        if self._pulse is not None and self._stopped_by is None:
            self._clock.wait_until(self._clock.now() + CLOSING_S)
        self._let_go()

    @property
    def grip_force(self) -> float:
        """What the fingers were last told to press with, N."""
        return self._model.gripper.min_force if self._hand is None else self._hand.told_force

    @property
    def _shadow(self) -> bool:
        return isinstance(self._config, FrankaArm) and self._config.shadow

    def _begin(self, link: Link) -> None:
        """Take the arm over where nothing keeps it from moving; else wait for `recover`."""
        reading = link.read()
        self._stopped_by = stopping(reading)
        if self._stopped_by is None:
            self._take_over(link, reading)
        else:
            self._note(reading, self._clock.now())

    def _take_over(self, link: Link, reading: Reading) -> None:
        """Hold the arm where it is."""
        with self._lock:
            self._reference.hold(reading.joints)
        if not self._shadow:
            link.hold()
        self._note(reading, self._clock.now())

    def _reopen(self, link: Link) -> None:
        """The line of the arm and that of its hand, after they were lost."""
        if self._hand is not None:
            self._hand.close()
        link.reopen()
        self._hand = Hand(self._open_hand(franky()), self._model.gripper, self._host)
        self._lost = False

    def _open_hand(self, package: ModuleType) -> Any:
        gripper = within(CONNECT_S, lambda: package.Gripper(self._host), self._host)
        with in_one_sentence(self._host):
            if isinstance(self._config, FrankaArm) and self._config.home_hand and not self._shadow:
                gripper.homing()
            widest, published = float(gripper.max_width), self._model.gripper.max_width
        if abs(widest - published) > WIDEST_OFF_M:
            raise DynacollectError(
                f"the hand believes that it opens by {1e3 * widest:.0f} mm, not {1e3 * published:.0f}; "
                "free its fingers and write arm.home_hand: true once"
            )
        return gripper

    def _why_ended(self, link: Link) -> Fault:
        """The state that tells why often comes some milliseconds after the end."""
        why = link.why()
        for _ in range(SOON):
            fault = stopping(link.read())
            if fault is not None:
                return fault
        return ended(why)

    def _note(self, reading: Reading, now: float) -> None:
        """Keep a sample for whoever reads; the same state again is none."""
        hand, last = self._hand, self._newest
        if hand is not None and (last is None or last.reading.count != reading.count):
            self._newest = _Sample(reading, hand.width, hand.force, now)
            self._samples.append(self._newest)

    def _failed(self, error: Exception) -> None:
        self._stopped_by = Fault("communication", f"the driver failed: {error!r}", needs_person=True)

    def _let_go(self) -> None:
        if self._pulse is not None:
            self._pulse.end()
        with self._line:
            if self._hand is not None:
                self._hand.close()
            if self._link is not None:
                with suppress(DynacollectError):
                    self._link.end()
                self._link.close()
            if self._desk is not None:
                self._desk.close()
            self._pulse = self._link = self._hand = self._desk = None

    def _state(self, sample: _Sample, T_base_tool: RigidTransform, fault: Fault | None) -> ArmState:
        reading = sample.reading
        return ArmState(
            joints=reading.joints,
            joint_velocity=reading.velocity,
            joint_torque=reading.torque,
            T_base_tool=T_base_tool,
            gripper_width=sample.width,
            gripper_force=sample.force,
            measured_at=sample.at,
            arrived_at=sample.at,
            fault=fault,
        )
