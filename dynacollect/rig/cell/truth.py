"""What really happens in the cell. For measuring only: nothing that collects may import this.

Import-linter holds the line.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ..camera_model import CameraModel
from ..errors import DynacollectError
from ..nouns import Frame, ObjectState, Vector, Verdict
from ..objects import catalogue
from ..rig import Rig
from .camera_device import Exposure
from .cell import Cell
from .episode_plan import EpisodePlan
from .world import Snapshot

LIFTED_M = 0.03
"""A picked object is this far above where it stood."""
AT_REST = 0.05
"""A placed object is slower than this, m/s."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies that touch, and how hard, N."""

    first: str
    second: str
    force: float


class Truth:
    """Looks into a cell from outside. Object keys are the scene's: `target0`, `distractor0`, `container`."""

    def __init__(self, rig: Rig) -> None:
        if not isinstance(rig.stage, Cell):
            raise DynacollectError("only the cell knows the truth; use --rig cell, or leave out --state truth")
        self._cell = rig.stage

    @property
    def plan(self) -> EpisodePlan:
        return self._cell.world.plan

    @property
    def names(self) -> dict[str, str]:
        """Scene key -> object name in the catalogue."""
        return dict(self._cell.world.scene.bodies)

    @property
    def camera_models(self) -> dict[str, CameraModel]:
        return dict(self._cell.models)

    @property
    def started_at(self) -> float | None:
        """When the target was set in motion."""
        launchers = self._cell.world.launchers
        return launchers[0].starts_at if launchers else None

    def objects(self, time: float | None = None) -> dict[str, ObjectState]:
        """The state of every object now, or at a time up to 2 s ago."""
        world = self._cell.world
        shot = world.snapshot(world.time) if time is None else world.at(time)
        return {key: self._state(shot, key) for key in world.scene.bodies}

    def panels(self) -> dict[str, RigidTransform]:
        """Where the shown panels are: `held`, T_flange_panel; `table`, T_base_panel. The frame is that of `Panel`."""
        return {plate.mounting: plate.T_parent_panel for plate in self.plan.plates}

    def joints(self) -> Vector:
        """Where the joints really are, whatever the feedback says."""
        return self._cell.world.data.qpos[self._cell.world.joint_addresses].copy()

    def tool_pose(self) -> RigidTransform:
        return self._cell.world.tool_pose()

    def captured_at(self, frame: Frame) -> float:
        """The true middle of a frame's exposure."""
        return self._exposure(frame).middle

    def masks(self, frame: Frame) -> dict[str, NDArray[np.bool_]]:
        """What of each object is visible in a frame, in the frame's own pixels."""
        exposure = self._exposure(frame)
        device = self._cell.devices[frame.camera]
        shot = exposure.shots[len(exposure.shots) // 2]
        sensor = device.sensor
        if shot.episode != self._cell.world.episode:
            raise DynacollectError(f"frame {frame.sequence} of {frame.camera} shows a table that is gone")
        bodies = self._cell.eye.masks(shot, device.pose_at(shot, exposure), sensor.render_size, sensor.render_focal)
        world = self._cell.world
        return {key: sensor.warped_mask(bodies == world.model.body(key).id) for key in world.scene.bodies}

    def contacts(self) -> list[Contact]:
        """Every pair of bodies in touch now."""
        model, data = self._cell.world.model, self._cell.world.data
        force = np.zeros(6)
        found = []
        for index in range(data.ncon):
            contact = data.contact[index]
            mujoco.mj_contactForce(model, data, index, force)
            first, second = (model.body(model.geom_bodyid[geom]).name for geom in (contact.geom1, contact.geom2))
            found.append(Contact(first, second, float(force[0])))
        return found

    def held(self, key: str = "target0") -> bool:
        """Whether both fingers press on the object."""
        fingers = set(self._cell.world.finger_bodies)
        touching = {
            contact.first if contact.second == key else contact.second
            for contact in self.contacts()
            if key in (contact.first, contact.second) and contact.force > 0.05
        }
        return fingers <= touching

    def picked(self, key: str = "target0") -> Verdict:
        """Whether the object is in the hand and off the table."""
        height = self.objects()[key].position[2] - self._stood(key)
        held = self.held(key)
        reason = f"{'held' if held else 'not held'}, {1e3 * height:.0f} mm above where it stood"
        return Verdict(bool(held and height > LIFTED_M), 1.0, reason)

    def placed(self, key: str = "target0") -> Verdict:
        """Whether the object lies in the container, let go of and at rest."""
        states = self.objects()
        if "container" not in states:
            return Verdict(False, 1.0, "no container")
        zone = catalogue.load(self.names["container"]).zone
        local = states["container"].T_base_object.inv().apply(states[key].position)
        inside = zone is not None and zone.contains(local)
        slow = float(np.linalg.norm(states[key].velocity)) < AT_REST
        held = self.held(key)
        place, hand = "in" if inside else "outside", "held" if held else "let go"
        reason = f"{place} the container, {hand}, {'at rest' if slow else 'moving'}"
        return Verdict(bool(inside and slow and not held), 1.0, reason)

    def _stood(self, key: str) -> float:
        index = int(key.removeprefix("target") or 0) if key.startswith("target") else 0
        return float(self.plan.targets[index].T_base_object.translation[2])

    def _state(self, shot: Snapshot, key: str) -> ObjectState:
        model = self._cell.world.model
        adr, dof = int(model.joint(f"{key}/free").qposadr[0]), int(model.joint(f"{key}/free").dofadr[0])
        turn = Rotation.from_quat(shot.qpos[adr + 3 : adr + 7], scalar_first=True)
        pose = RigidTransform.from_components(shot.qpos[adr : adr + 3], turn)
        # MuJoCo keeps a free joint's angular velocity in the body's own frame.
        spin = turn.apply(shot.qvel[dof + 3 : dof + 6])
        return ObjectState(self.names[key], pose, shot.qvel[dof : dof + 3].copy(), spin, np.zeros((12, 12)), shot.time)

    def _exposure(self, frame: Frame) -> Exposure:
        recent = self._cell.devices[frame.camera].recent
        for exposure in reversed(recent):
            if exposure.device_time == frame.device_time:
                return exposure
        raise DynacollectError(f"frame {frame.sequence} of {frame.camera} is too old; ask within {len(recent)} frames")
