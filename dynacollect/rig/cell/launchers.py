"""What sets an object in motion: a hand's push, a ramp, a belt; and the shoves that disturb it.

The arm itself is a launcher too, see `self_launch`; it needs nothing here but the time at which it is due.
"""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from ..objects import catalogue
from .episode_plan import Launched
from .rolling import GRAVITY, roll_factor, rolls_straight
from .table import belt_length

PUSH_S = 0.16
"""How long a hand stays on the object."""
BELT_ACCELERATION = 2.0
BELT_END_M = 0.14
"""How far before its end the belt has stopped, its object's start taken in."""
BENT_S = 2.5
"""How long the pull of an unseen motion lasts."""
FASTEST_TURN = 1.5
"""rad/s; a curved path winds up no tighter as the object slows down."""
SLOW = 0.05


class Launcher:
    """Acts on one object before each physics step; until the launch it keeps it where it stands."""

    def __init__(self, launched: Launched, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self.key, self.launch, self.pushes = launched.key, launched.launch, launched.pushes
        self.model, self.data = model, data
        self.ordered_at: float | None = None
        self.lead = self.launch.delay
        """From the order until the motion begins, s."""
        self._touched = False
        self.body = model.body(self.key).id
        joint = model.body(self.body).jntadr[0]
        self.dof, self.adr = int(model.jnt_dofadr[joint]), int(model.jnt_qposadr[joint])
        thing = catalogue.load(launched.object)
        self.rolls = rolls_straight(thing) and self.launch.launcher not in (None, "conveyor")
        self.roll_factor = roll_factor(thing) if self.rolls else 1.0
        self.rolling_drag = GRAVITY * thing.rolling_resistance
        self.radius = thing.rolling_radius
        self.belt = model.joint("belt") if self.launch.launcher == "conveyor" else None
        self.start_pose = data.qpos[self.adr : self.adr + 7].copy()
        self.belt_m = belt_length(self.start_pose[:3], self.launch.way)

    @property
    def starts_at(self) -> float | None:
        """When the object begins to move; None before the order."""
        return None if self.ordered_at is None else self.ordered_at + self.lead

    def order(self, now: float, lead: float | None = None) -> None:
        """Launch; `lead` replaces the plan's delay where the launcher knows better."""
        if self.ordered_at is None:
            self.ordered_at = now
            self.lead = self.launch.delay if lead is None else lead

    def hold_at(self, place: Vector) -> None:
        """From now on, this is where the object is kept until the launch."""
        self.start_pose[:3] = place

    def act(self, now: float, dt: float) -> None:
        since = now - self.starts_at if self.starts_at is not None else -1.0
        launch = self.launch
        if launch.launcher == "conveyor":
            self._run_belt(since)
        if (launch.launcher == "ramp" or (launch.launcher == "push" and self.rolls)) and since < 0:
            self._hold()
        if launch.launcher == "push" and 0 <= since < PUSH_S:
            self._hand(since, dt)
        if launch.motion in ("curved", "accelerating") and launch.launcher != "conveyor" and PUSH_S < since < BENT_S:
            self._bend(dt)
        self._shoves(since, dt)

    def _hold(self) -> None:
        self.data.qpos[self.adr : self.adr + 7] = self.start_pose
        self.data.qvel[self.dof : self.dof + 6] = 0.0

    def _hand(self, since: float, dt: float) -> None:
        """Leads the object up to its speed in a smooth ramp; what does not roll is also kept upright."""
        share = min(1.0, (since + dt) / (0.75 * PUSH_S))
        wanted = self.launch.speed * share * share * (3 - 2 * share)
        self.data.qvel[self.dof : self.dof + 2] = wanted * self.launch.way[:2]
        if not self.rolls:
            self.data.qvel[self.dof + 3 : self.dof + 6] = 0.0

    def _run_belt(self, since: float) -> None:
        """The belt has its speed in the contacts of this step, but not the way: it never leaves its place.

        It stops when its object comes near its end.
        """
        if self.belt is None:
            return
        start, way = self.start_pose[:3], self.launch.way
        gone = float((self.data.qpos[self.adr : self.adr + 3] - start) @ way)
        left = max(0.0, self.belt_m - BELT_END_M - gone)
        speed = min(self.launch.speed, BELT_ACCELERATION * max(0.0, since))
        if self.launch.motion == "accelerating" and since > 0:
            speed = min(1.5 * self.launch.speed, speed + self.launch.bend * since)
        self.data.qpos[self.belt.qposadr[0]] = 0.0
        self.data.qvel[self.belt.dofadr[0]] = min(speed, np.sqrt(2 * BELT_ACCELERATION * left))

    def _bend(self, dt: float) -> None:
        """The steady sideways or forward acceleration of the unseen motions, until the arm touches the object."""
        velocity = self.data.qvel[self.dof : self.dof + 3]
        speed = float(np.hypot(velocity[0], velocity[1]))
        self._touched = self._touched or self._is_lifted() or self._meets_arm()
        if speed < SLOW or self._touched:
            return
        bend = self.launch.bend
        if self.launch.motion == "accelerating":
            # Rolling without slip, the spin grows with the speed.
            gain = 1.0 + (bend + self.rolling_drag / self.roll_factor) * dt / speed
            self.data.qvel[self.dof : self.dof + 6] *= gain
            return
        turn = Rotation.from_euler("z", float(np.clip(bend / speed, -FASTEST_TURN, FASTEST_TURN)) * dt)
        self.data.qvel[self.dof : self.dof + 3] = turn.apply(velocity)
        # The spin is in the body's own frame, and turns with the body.
        pose = self.data.qpos[self.adr + 3 : self.adr + 7]
        pose[:] = (turn * Rotation.from_quat(pose, scalar_first=True)).as_quat(scalar_first=True)

    def _shoves(self, since: float, dt: float) -> None:
        """A knock at its moment changes the velocity by the push's; what rolls goes on rolling."""
        for push in self.pushes:
            if not since - dt < push.after <= since or self._is_lifted():
                continue
            self.data.qvel[self.dof : self.dof + 3] += push.velocity
            if self.rolls:
                spin = np.cross([0.0, 0.0, 1.0], push.velocity) / self.radius
                turn = Rotation.from_quat(self.data.qpos[self.adr + 3 : self.adr + 7], scalar_first=True)
                self.data.qvel[self.dof + 3 : self.dof + 6] += turn.inv().apply(spin)

    def _is_lifted(self) -> bool:
        return bool(self.data.xpos[self.body, 2] > self.start_pose[2] + 0.02)

    def _meets_arm(self) -> bool:
        """Whether anything but the table, a launcher or another object touches the object."""
        bodies = self.model.geom_bodyid
        for contact in self.data.contact:
            pair = {int(bodies[contact.geom1]), int(bodies[contact.geom2])}
            if self.body in pair and any(self.model.body(body).name.startswith("arm/") for body in pair):
                return True
        return False
