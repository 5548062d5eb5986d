"""The cell as a lab: the same table, walls and light from one day to the next, and things moved by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.verify.looks import Looks
from dynacollect.calibration.verify.surfaces import Bench
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.cell.cell import Cell
from dynacollect.rig.cell.episode_plan import Scenery
from dynacollect.rig.cell.plan import draw
from dynacollect.rig.cell.sensor import Flaws
from dynacollect.rig.cell.world import Snapshot
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import Image, Vector
from dynacollect.rig.rig import open_rig

Renderings = Mapping[str, list[Image]]
"""By camera, one for each arm pose: without lens and noise."""
FINER = 2
"""Rendered so many times larger: the renderer's own four samples leave level edges up to 0.2 px out of place."""


class Lab:
    """Renders what the rig's cameras would see. An episode's plan draws table, walls and lamp anew; here they stay."""

    def __init__(self, rig: str = "cell", scenery: Scenery | None = None) -> None:
        self.config = load_rig(rig)
        stage = open_rig(self.config, seed=0).stage
        assert isinstance(stage, Cell)
        self.cell = stage
        self.scenery = scenery or Scenery(seed=3)
        self.arm = self.cell.world.arm
        self.models: dict[str, CameraModel] = dict(self.cell.models)
        box = self.config.safety.box
        self.bench = Bench(self.arm, np.array(box.lower[:2]), np.array(box.upper[:2]), self.config.safety.table_z)
        self.base = RigidTransform.identity()
        self.lay_out(0)

    def lay_out(self, seed: int, scenery: Scenery | None = None) -> None:
        """Other objects on the table; by default under the same lamp."""
        plan = draw(seed, self.arm, self.config.cell.episodes)
        self.cell.world.restage(replace(plan, scenery=scenery or self.scenery))
        self.put_base(self.base)

    def put_base(self, T_old_new: RigidTransform) -> None:
        """Push the robot over the table."""
        self.base, world = T_old_new, self.cell.world
        body = world.model.body(world.scene.arm.base).id
        world.model.body_pos[body] = T_old_new.translation
        world.model.body_quat[body] = T_old_new.rotation.as_quat(scalar_first=True)

    def render(
        self, joints: Vector, moved: Mapping[str, RigidTransform] | None = None, light: float = 1.0
    ) -> Renderings:
        """All cameras at all arm poses (n, joints); `moved` gives some cameras another true mount."""
        mounts = {name: model.T_parent_camera for name, model in self.models.items()} | dict(moved or {})
        return {name: [self._picture(name, mount, pose, light) for pose in joints] for name, mount in mounts.items()}

    def only(self, name: str, joints: Vector, mount: RigidTransform) -> list[Image]:
        """What one camera would see from there."""
        return [self._picture(name, mount, pose, 1.0) for pose in joints]

    def _picture(self, name: str, mount: RigidTransform, joints: Vector, light: float) -> Image:
        world, device = self.cell.world, self.cell.devices[name]
        qpos = world.data.qpos.copy()
        qpos[world.joint_addresses] = joints
        for finger in world.scene.arm.fingers:
            qpos[world.model.joint(finger).qposadr[0]] = 0.5 * self.arm.gripper.max_width
        shot = Snapshot(0.0, qpos, np.zeros_like(world.data.qvel), light, world.episode)
        place = self.base * self.cell.eye.flange_pose(shot) * mount if device.truth.on_wrist else mount
        (width, height), focal = device.sensor.render_size, device.sensor.render_focal
        fine = self.cell.eye.see(shot, place, (FINER * width, FINER * height), FINER * focal)
        return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

    def expose(self, joints: Vector, renderings: Renderings, noise: int, flaws: Flaws | None = None) -> Looks:
        """Pictures as the sensors hand them out; another `noise` is another moment."""
        return Looks(
            joints,
            {
                name: tuple(
                    self.cell.devices[name].sensor.expose([one], 16 * noise + k, flaws or Flaws())
                    for k, one in enumerate(some)
                )
                for name, some in renderings.items()
            },
        )


def bumped(mount: RigidTransform, turn_deg: Vector, shift_mm: Vector) -> RigidTransform:
    """Turned about its own axes, shifted along its parent's."""
    turn = Rotation.from_rotvec(np.deg2rad(turn_deg))
    return RigidTransform.from_components(mount.translation + 1e-3 * np.asarray(shift_mm), mount.rotation * turn)


def direction(rng: np.random.Generator) -> Vector:
    """Any, of length one (3,)."""
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)
