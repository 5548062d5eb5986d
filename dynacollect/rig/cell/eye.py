"""Renders snapshots of the world from any place: distortion-free, noise-free pictures for the sensor."""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arms import kinematics
from ..nouns import Image, Vector
from .scene import BOARD_DETAIL, EYE
from .world import Snapshot, World

MUJOCO_FROM_CV = np.diag([1.0, -1.0, -1.0])


class Eye:
    """One renderer for each picture size, remade when the world gets a new scene."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rendered = 0
        """Pictures drawn so far."""
        self._episode = -1
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    @property
    def detail(self) -> int:
        """How many times larger than its camera's picture a rendering should be."""
        return BOARD_DETAIL if self.world.plan.plates else 1

    def see(self, shot: Snapshot, T_base_camera: RigidTransform, size: tuple[int, int], focal: float) -> Image:
        """What a pinhole camera of this size (width, height) and focal length in pixels sees; RGB."""
        self._follow_scene()
        renderer = self._renderer(size)
        self._pose(shot, T_base_camera, size[1], focal)
        renderer.update_scene(self.data, EYE)
        self.rendered += 1
        return renderer.render()

    def masks(self, shot: Snapshot, T_base_camera: RigidTransform, size: tuple[int, int], focal: float) -> np.ndarray:
        """Body id of each pixel's nearest geom (height, width); -1 where there is none. Truth: for measuring only."""
        self._follow_scene()
        renderer = self._renderer(size)
        self._pose(shot, T_base_camera, size[1], focal)
        renderer.enable_segmentation_rendering()
        try:
            renderer.update_scene(self.data, EYE)
            ids = renderer.render()
        finally:
            renderer.disable_segmentation_rendering()
        geoms = np.where(ids[..., 1] == int(mujoco.mjtObj.mjOBJ_GEOM), ids[..., 0], -1)
        return np.where(geoms >= 0, self.world.model.geom_bodyid[geoms], -1)

    def body_pose(self, shot: Snapshot, body: str) -> RigidTransform:
        """Where a body is in a snapshot."""
        self._follow_scene()
        self.data.qpos[:] = shot.qpos
        mujoco.mj_kinematics(self.world.model, self.data)
        index = self.world.model.body(body).id
        return _pose_of(self.data.xpos[index], self.data.xmat[index])

    def flange_pose(self, shot: Snapshot) -> RigidTransform:
        """Where the arm's flange is in a snapshot."""
        world = self.world
        return kinematics.forward(world.arm, shot.qpos[world.joint_addresses]) * world.arm.T_flange_tool.inv()

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    def _follow_scene(self) -> None:
        if self._episode != self.world.episode:
            self.close()
            self.data = mujoco.MjData(self.world.model)
            self._episode = self.world.episode
            self._lights = self.world.model.light_diffuse.copy()

    def _renderer(self, size: tuple[int, int]) -> mujoco.Renderer:
        if size not in self._renderers:
            self._renderers[size] = mujoco.Renderer(self.world.model, size[1], size[0])
        return self._renderers[size]

    def _pose(self, shot: Snapshot, T: RigidTransform, height: int, focal: float) -> None:
        model, data = self.world.model, self.data
        data.qpos[:] = shot.qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)
        model.light_diffuse[:] = self._lights * shot.light
        index = model.camera(EYE).id
        model.cam_fovy[index] = np.rad2deg(2 * np.arctan(height / 2 / focal))
        data.cam_xpos[index] = T.translation
        data.cam_xmat[index] = (T.rotation.as_matrix() @ MUJOCO_FROM_CV).ravel()


def _pose_of(position: Vector, matrix: Vector) -> RigidTransform:
    return RigidTransform.from_components(position, Rotation.from_matrix(np.reshape(matrix, (3, 3))))
