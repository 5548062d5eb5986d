"""What sets the target in motion: a hand's push, a ramp, a belt; and the shoves that disturb it."""

from __future__ import annotations

import mujoco
import numpy as np

from ..nouns import Vector
from .plan import EpisodePlan

PUSH_S = 0.16
"""How long a hand stays on the object."""
BELT_ACCELERATION = 3.0
SHOVE_S = 0.03


class Launcher:
    """Acts on the target before each physics step; until the launch it keeps the target where it stands."""

    def __init__(self, plan: EpisodePlan, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self.plan, self.model, self.data = plan, model, data
        self.body = model.body("target0").id
        self.mass = float(model.body_subtreemass[self.body])
        joint = model.body(self.body).jntadr[0]
        self.dof, self.adr = int(model.jnt_dofadr[joint]), int(model.jnt_qposadr[joint])
        self.belt_dof = int(model.joint("belt").dofadr[0]) if plan.launch.launcher == "conveyor" else None
        self.belt_adr = int(model.joint("belt").qposadr[0]) if plan.launch.launcher == "conveyor" else None
        self.start_pose = data.qpos[self.adr : self.adr + 7].copy()
        self.ordered_at: float | None = None

    @property
    def starts_at(self) -> float | None:
        """When the target begins to move; None before the order."""
        return None if self.ordered_at is None else self.ordered_at + self.plan.launch.delay

    def order(self, now: float) -> None:
        if self.ordered_at is None:
            self.ordered_at = now

    def act(self, now: float, dt: float) -> None:
        force = np.zeros(3)
        since = now - self.starts_at if self.starts_at is not None else -1.0
        launch = self.plan.launch
        if launch.launcher == "conveyor":
            self._run_belt(since)
        if launch.launcher == "ramp" and since < 0:
            self._hold()
        if launch.launcher == "push" and 0 <= since < PUSH_S:
            force += self._hand(since, dt)
        if since >= 0:
            force += self._bend(since) + self._shoves(since)
        self.data.xfrc_applied[self.body, :3] = force

    def _hold(self) -> None:
        self.data.qpos[self.adr : self.adr + 7] = self.start_pose
        self.data.qvel[self.dof : self.dof + 6] = 0.0

    def _hand(self, since: float, dt: float) -> Vector:
        """A force that brings the object to its speed in a smooth ramp over the time of the push."""
        share = min(1.0, (since + dt) / (0.75 * PUSH_S))
        wanted = self.plan.launch.velocity * share * share * (3 - 2 * share)
        missing = wanted - self.data.qvel[self.dof : self.dof + 3] * (1, 1, 0)
        return np.clip(self.mass * missing / (4 * dt), -40.0 * self.mass, 40.0 * self.mass)

    def _run_belt(self, since: float) -> None:
        """The belt has its speed in the contacts of this step, but not the way: it never leaves its place."""
        speed = min(self.plan.speed, BELT_ACCELERATION * max(0.0, since))
        if self.plan.launch.motion == "accelerating" and since > 0:
            speed = min(1.4 * self.plan.speed, speed + self.plan.launch.bend * since)
        self.data.qpos[self.belt_adr] = 0.0
        self.data.qvel[self.belt_dof] = speed

    def _bend(self, since: float) -> Vector:
        """The steady side or forward pull of the unseen motions, for as long as the object moves."""
        launch = self.plan.launch
        velocity = self.data.qvel[self.dof : self.dof + 3]
        speed = float(np.hypot(velocity[0], velocity[1]))
        if launch.motion not in ("curved", "accelerating") or launch.launcher == "conveyor":
            return np.zeros(3)
        if since > 2.5 or speed < 0.05 or self._is_lifted():
            return np.zeros(3)
        along = np.array([velocity[0], velocity[1], 0.0]) / speed
        side = np.array([-along[1], along[0], 0.0])
        return self.mass * launch.bend * (side if launch.motion == "curved" else along) * 1.4

    def _shoves(self, since: float) -> Vector:
        total = np.zeros(3)
        if self._is_lifted():
            return total
        for push in self.plan.pushes:
            if push.after <= since < push.after + SHOVE_S:
                total += self.mass * push.velocity / SHOVE_S
        return total

    def _is_lifted(self) -> bool:
        return bool(self.data.xpos[self.body, 2] > self.start_pose[2] + 0.02)
