"""The line to a Franka: its state, and the torque controller that keeps the joints at a reference."""

from __future__ import annotations

import gc
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DynacollectError
from ..nouns import Vector
from .config import FrankaArm, FrankaSim
from .reference import Wanted
from .vendor import CONNECT_S, in_one_sentence, within

LEASH_RAD = 0.08
"""How far from the joints the controller may be asked to pull them: after a hold-up they come along gently."""
QUIET = "Idle", "Reflex", "UserStopped", "Other", "Guiding"
TORQUE_STEP_NM = 2.4
"""Most that a torque may change in a millisecond before libfranka's filter, which lets 0.386 of it through; the arm
takes 1 N m a millisecond."""
ENDING_S = 1.0
"""A controller that was told to end has ended by then."""
READS = 500
"""States that are looked at while waiting for a motion to end; one a millisecond."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One state that the arm has sent."""

    joints: Vector
    velocity: Vector
    torque: Vector
    count: int
    """Milliseconds by the arm's own clock."""
    mode: str
    errors: tuple[str, ...]


class Link:
    """Used by one thread at a time. Every failing is a DynacollectError."""

    def __init__(self, package: ModuleType, config: FrankaArm | FrankaSim, host: str) -> None:
        self._package, self._config, self._host = package, config, host
        enforce = isinstance(config, FrankaArm) and config.realtime
        self._realtime = package.RealtimeConfig.Enforce if enforce else package.RealtimeConfig.Ignore
        self._tracker: Any = None
        self._state: Any = None
        self._robot: Any = self._open()

    def read(self) -> Reading:
        """The newest state; waits up to a second for one where the line is dead."""
        with in_one_sentence(self._host):
            state = self._robot.state
            self._state = state
            return Reading(
                np.array(state.q), np.array(state.dq), np.array(state.tau_J), state.time.to_msec(),
                state.robot_mode.name, _names(state.current_errors),
            )  # fmt: skip

    @property
    def is_led(self) -> bool:
        """The torque controller is at work."""
        return self._tracker is not None and bool(self._robot.is_in_control)

    def hold(self) -> None:
        """Have the torque controller keep the joints where they are."""
        with in_one_sentence(self._host):
            self._tracker = self._package.JointImpedanceTracker(
                self._robot, stiffness=np.array(self._config.stiffness), max_delta_tau=TORQUE_STEP_NM
            )

    def aim(self, wanted: Wanted, reading: Reading) -> None:
        """What the torque controller keeps to from now on."""
        with in_one_sentence(self._host):
            near = reading.joints + np.clip(wanted.joints - reading.joints, -LEASH_RAD, LEASH_RAD)
            torque = self._robot.model.mass(self._state) @ wanted.acceleration
            self._tracker.set_target(near, wanted.velocity, torque)

    def why(self) -> str:
        """Why the torque controller has ended; the vendor tells it only when asked."""
        self._tracker = None
        try:
            with in_one_sentence(self._host):
                self._robot.poll_motion()
        except DynacollectError as error:
            return str(error)
        return ""

    def end(self) -> None:
        """Let the arm, which is at rest, hold itself, as it does between motions."""
        self._tracker = None
        if self._robot is None:
            return
        with in_one_sentence(self._host):
            if self._robot.is_in_control:
                self._robot.stop()
        with suppress(DynacollectError), in_one_sentence(self._host):
            self._robot.join_motion(ENDING_S)

    def recover(self) -> Reading:
        """Stop, wait until nothing moves, clear the errors; the state after it."""
        self.end()
        reading = self.read()
        for _ in range(READS):
            if reading.mode in QUIET:
                break
            reading = self.read()
        if reading.errors or reading.mode == "Reflex":
            with in_one_sentence(self._host):
                self._robot.recover_from_errors()
            reading = self.read()
        return reading

    def close(self) -> None:
        """Hang up: the control unit takes one caller at a time, and the vendor's package hangs up when it is let go."""
        self._tracker = self._state = self._robot = None
        gc.collect()

    def reopen(self) -> None:
        """The line anew, after it was lost."""
        self.close()
        self._robot = self._open()

    def check_model(self) -> None:
        """The arm says in its description what it is."""
        urdf = str(self._robot.model_urdf).lower()
        if self._config.model == "franka-panda" and "fr3" in urdf:
            raise DynacollectError(f"the arm at {self._host} is an FR3; write arm.model: franka-fr3")

    @property
    def version(self) -> str:
        """Of the vendor's package; the arm's own is what it was built for."""
        return f"franky {version('franky-control')}"

    def _open(self) -> Any:
        package, collision = self._package, self._config.collision

        def connect() -> Any:
            robot = package.Robot(self._host, realtime_config=self._realtime)
            robot.set_collision_behavior(collision.torque_nm, collision.force_n)
            return robot

        return within(CONNECT_S, connect, self._host)


def _names(errors: Any) -> tuple[str, ...]:
    return tuple(name for name in dir(errors) if not name.startswith("_") and getattr(errors, name) is True)
