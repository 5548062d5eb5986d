"""The cell's physics: one MuJoCo world that an arm's set-points and a launcher act on, step by step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform

from ..arms import kinematics
from ..arms.model import ArmModel
from ..nouns import Vector
from .episode_plan import EpisodePlan
from .fingers import Fingers
from .follower import Follower
from .launchers import Launcher
from .scene import Scene, build

HISTORY_S = 2.0
HISTORY_EVERY = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a picture or a pose needs of one instant."""

    time: float
    qpos: Vector
    qvel: Vector
    light: float
    """Brightness of the lamps over the plan's."""
    episode: int


class World:
    """Physics in lock-step: nothing moves but in `step_until`."""

    def __init__(self, plan: EpisodePlan, arm: ArmModel, timestep: float, arm_delay: float, grip_delay: float) -> None:
        self.arm, self.timestep = arm, timestep
        self.steps = 0
        self.episode = -1
        self.follower = Follower(arm.home, arm.max_velocity, arm.max_acceleration, arm_delay)
        self.fingers = Fingers(arm.gripper, grip_delay)
        self.powered = True
        self.light = 1.0
        self.joint_offset = np.zeros(arm.joints)
        """Where the joints really are, less what their encoders say."""
        self._load(plan, arm.home, arm.gripper.max_width / 2)

    @property
    def time(self) -> float:
        return self.steps * self.timestep

    def restage(self, plan: EpisodePlan) -> None:
        """A new set of objects and lights on the same table; time and the arm go on as they were."""
        finger = float(self.data.qpos[self._fingers[0]])
        self._load(plan, self.data.qpos[self.joint_addresses].copy(), finger)

    def launch(self, lead: float | None = None) -> None:
        """Set the target in motion, after the plan's delay or `lead` seconds, and its rival at the same moment."""
        for launcher in self.launchers:
            launcher.order(self.time, lead)

    @property
    def launcher(self) -> Launcher:
        """The target's."""
        return self.launchers[0]

    def step_until(self, time: float) -> None:
        """Whole steps up to `time`; never past it."""
        while (self.steps + 1) * self.timestep <= time + 1e-9:
            self._step()

    def snapshot(self, time: float) -> Snapshot:
        """The state now, moved on by the fraction of a step that is left to `time`."""
        qpos = self.data.qpos.copy()
        if abs(time - self.time) > 1e-9:
            mujoco.mj_integratePos(self.model, qpos, self.data.qvel, time - self.time)
        return Snapshot(time, qpos, self.data.qvel.copy(), self.light, self.episode)

    def joints(self) -> tuple[Vector, Vector, Vector]:
        """What the joint sensors read: position, velocity, torque."""
        dofs = self.joint_dofs
        position = self.data.qpos[self.joint_addresses] - self.joint_offset
        return position, self.data.qvel[dofs].copy(), self.data.qfrc_actuator[dofs].copy()

    def tool_pose(self) -> RigidTransform:
        return kinematics.forward(self.arm, self.data.qpos[self.joint_addresses])

    def gripper(self) -> tuple[float, float]:
        """Width between the pads, m, and closing force of the fingers, N."""
        width = float(self.data.qpos[self._fingers].sum())
        return width, float(abs(self.data.actuator_force[self._grip]))

    def object_speeds(self, shot: Snapshot) -> list[float]:
        """How fast each object moves, m/s."""
        return [float(np.linalg.norm(shot.qvel[dof : dof + 3])) for dof in self._object_dofs]

    @property
    def finger_bodies(self) -> tuple[str, str]:
        left, right = (self.model.body(int(self.model.joint(name).bodyid[0])).name for name in self.scene.arm.fingers)
        return left, right

    def at(self, time: float) -> Snapshot:
        """The recorded state next to `time`, at most 2 s back, moved on to it."""
        best = min(self.history, key=lambda shot: abs(shot.time - time))
        qpos = best.qpos.copy()
        mujoco.mj_integratePos(self.model, qpos, best.qvel, time - best.time)
        return Snapshot(time, qpos, best.qvel, best.light, best.episode)

    def _load(self, plan: EpisodePlan, joints: Vector, finger: float) -> None:
        self.plan = plan
        self.scene: Scene = build(plan, self.arm, self.timestep)
        self.model = self.scene.model
        self.data = mujoco.MjData(self.model)
        self.episode += 1
        handle = self.scene.arm
        self.joint_addresses = np.array([self.model.joint(name).qposadr[0] for name in handle.joints])
        self.joint_dofs = np.array([self.model.joint(name).dofadr[0] for name in handle.joints])
        self._servos = np.array([self.model.actuator(name).id for name in handle.actuators])
        self._fingers = np.array([self.model.joint(name).qposadr[0] for name in handle.fingers])
        self._grip = self.model.actuator(handle.grip).id
        self.data.qpos[self.joint_addresses] = joints
        self.data.qpos[self._fingers] = finger
        self.data.ctrl[self._servos] = self.follower.position + self.joint_offset
        self.data.ctrl[self._grip] = self.fingers.width
        self._object_dofs = [int(self.model.body(name).dofadr[0]) for name in self.scene.bodies]
        self.launchers = tuple(Launcher(launched, self.model, self.data) for launched in plan.launched)
        self.history: deque[Snapshot] = deque(maxlen=int(HISTORY_S / self.timestep / HISTORY_EVERY))
        mujoco.mj_forward(self.model, self.data)
        self.history.append(self.snapshot(self.time))

    def _step(self) -> None:
        now, dt, data = self.time, self.timestep, self.data
        reference = self.follower.step(now, dt)
        width, force = self.fingers.step(now, dt, float(data.qpos[self._fingers].sum()))
        if self.powered:
            data.ctrl[self._servos] = reference + self.joint_offset
        data.ctrl[self._grip] = width
        self.model.actuator_forcerange[self._grip] = (-force, force)
        for launcher in self.launchers:
            launcher.act(now, dt)
        mujoco.mj_step(self.model, data)
        self.steps += 1
        if self.steps % HISTORY_EVERY == 0:
            self.history.append(self.snapshot(self.time))
