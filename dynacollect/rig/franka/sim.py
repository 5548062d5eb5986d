"""The rig `franka-sim`: the real driver, and a stand-in of the arm that moves the cell's."""

from __future__ import annotations

import numpy as np

from ..arm import ArmInfo
from ..arms.mjcf import SERVO_LAG
from ..arms.model import ArmModel
from ..cell.cell import Cell, rig_of
from ..cell.faults import CAMERA, LIGHT, STAGE, FaultKind, FaultPlan, parse
from ..cell.fingers import PRESSING_M, Fingers
from ..cell.follower import Follower
from ..cell.outside import StandingIn
from ..cell.world import World
from ..clock import Clock
from ..config import RigConfig
from ..errors import DynacollectError
from ..nouns import Vector
from ..rig import Rig
from .arm import Franka
from .config import FrankaSim
from .running import RunningStandIn

MET_M, SLIPPED_M = 0.004, 0.0015
"""Fingers kept so far from where they are sent have met something; it is gone when they have moved so far from it."""
KNOWN: tuple[FaultKind, ...] = (
    FaultKind("reflex", "arm", "a joint reflex stops the arm", "reflex", 0.1),
    FaultKind("packet_loss", "arm", "communication constraints violated: the arm stops", "communication", 0.1),
    FaultKind("estop", "arm", "the user stop is pressed until a person releases it", "estop", 0.1, lasts=4.0),
    FaultKind("bus_off", "arm", "feedback ends without a word", "stale", 0.2, lasts=0.5),
)
"""Failings of the stand-in, by the names that the cell's arm has for them."""
ALL: tuple[FaultKind, ...] = (*CAMERA, *LIGHT, *STAGE, *KNOWN)
"""What can be ordered on `franka-sim`."""
ORDERS = {
    "reflex": ("fail joint_reflex", ""), "packet_loss": ("fail communication_constraints_violation", ""),
    "estop": ("fail user_stop", "heal"), "bus_off": ("mute 1", "mute 0"),
}  # fmt: skip
"""What the stand-in is told when a failing begins and when it ends."""


class Led(Follower):
    """The reference of the cell's joints: where the stand-in's go, from one report to the next."""

    def __init__(self, arm: ArmModel) -> None:
        super().__init__(arm.home, arm.max_velocity, arm.max_acceleration, 0.0)
        self._times = np.array([0.0, 1e-3])
        self._joints = np.repeat(arm.home[None], 2, axis=0)

    def went(self, begin: float, end: float, joints: Vector) -> None:
        self._times = np.array([begin, end])
        self._joints = np.array([self._joints[1], joints])

    def step(self, now: float, dt: float) -> Vector:
        (begin, end), (first, last) = self._times, self._joints
        share = min(1.0, max(0.0, (now + dt - begin) / (end - begin)))
        self.position = (1.0 - share) * first + share * last
        self.velocity = (last - first) / (end - begin)
        return self.position + SERVO_LAG * self.velocity


class LedFingers(Fingers):
    """The reference of the cell's fingers: the stand-in's, pressing on where these meet something."""

    def __init__(self, arm: ArmModel) -> None:
        super().__init__(arm.gripper, 0.0)
        self.told = arm.gripper.max_width
        self.force = arm.gripper.min_force
        self.wall = 0.0
        """Width of what they have met; 0 is nothing."""

    def step(self, now: float, dt: float, measured: float) -> tuple[float, float]:  # noqa: ARG002
        lost = measured < self.wall - SLIPPED_M or self.told > self.wall + SLIPPED_M
        if self.wall and lost:
            self.wall = 0.0
        elif not self.wall and measured > self.told + MET_M:
            self.wall = measured
        self.width = max(0.0, measured - PRESSING_M) if self.wall else self.told
        return self.width, self.force


class SimFranka(Franka):
    """The driver, whose arm is there from connecting until closing."""

    def __init__(self, config: FrankaSim, clock: Clock, world: World) -> None:
        super().__init__(config, clock, "")
        self._world = world
        self.stand_in: RunningStandIn | None = None

    def connect(self) -> ArmInfo:
        self.stand_in = RunningStandIn(led=True, joints=self._world.joints()[0], width=self._world.gripper()[0])
        self._host = self.stand_in.host
        try:
            return super().connect()
        except BaseException:  # because it goes on once all is closed
            self.stand_in.close()
            raise

    def close(self) -> None:
        super().close()
        if self.stand_in is not None:
            self.stand_in.close()
            self.stand_in = None


class InCell(StandingIn):
    """The stand-in as the cell's arm: the cell lets it and its driver have their turn in every period."""

    def __init__(self, world: World, driver: SimFranka, faults: FaultPlan) -> None:
        super().__init__(world)
        self._driver, self._faults = driver, faults
        self._failing: set[str] = set()
        self._wall = 0.0
        self._joints, self._fingers = Led(world.arm), LedFingers(world.arm)
        world.follower, world.fingers = self._joints, self._fingers

    def sample(self) -> None:
        """The driver reads what the stand-in did up to now and says where to go; the stand-in goes there."""
        now, stand_in = self.turn(), self._driver.stand_in
        if stand_in is None:
            return
        self._driver.step(now)
        self._fail(stand_in, now)
        if self._fingers.wall != self._wall:
            self._wall = self._fingers.wall
            stand_in.say(f"wall {self._wall!r}")
        *joints, width = stand_in.go(self._period)
        self._joints.went(now, now + self._period, np.array(joints))
        self._fingers.told, self._fingers.force = width, self._driver.grip_force

    def put_right(self) -> None:
        if self._driver.stand_in is not None:
            self._driver.stand_in.say("heal")

    def _fail(self, stand_in: RunningStandIn, now: float) -> None:
        active = set(self._faults.active("arm", now))
        for name in active - self._failing:
            stand_in.say(ORDERS[name][0])
        for name in self._failing - active:
            if ORDERS[name][1]:
                stand_in.say(ORDERS[name][1])
        self._failing = active


def build_franka_sim(config: RigConfig, *, seed: int = 0, faults: tuple[str, ...] = (), realtime: bool = False) -> Rig:
    """In lock-step with the cell's clock; `faults` are specs as in `cell.faults`, of the arm those in `KNOWN`."""
    if not isinstance(config.arm, FrankaSim):
        raise DynacollectError("this rig's arm is not a stand-in of a Franka; write arm.driver: franka-sim")
    cell = Cell(config, seed=seed, faults=parse(faults, config.cameras, ALL), realtime=realtime)
    arm = SimFranka(config.arm, cell.clock, cell.world)
    cell.led_by(InCell(cell.world, arm, cell.faults))
    return rig_of(cell, arm)
