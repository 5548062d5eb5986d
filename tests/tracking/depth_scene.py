"""Pictures and depth of things of the catalogue on a table, from two cameras, drawn by MuJoCo; and their sensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import Image
from dynacollect.rig.objects import catalogue

SIZE, FOCAL = (320, 240), 330.0
MUJOCO_FROM_CV = np.diag([1.0, -1.0, -1.0])
NOISE_M = (0.0008, 0.0015)
"""Sigma of depth: at once, and for each m2 of the distance squared."""
AWAY = np.array([0.0, 0.0, -1.0])

Depth = NDArray[np.float32]


def camera(name: str, place: tuple[float, float, float]) -> CameraModel:
    K = np.array([[FOCAL, 0, (SIZE[0] - 1) / 2], [0, FOCAL, (SIZE[1] - 1) / 2], [0, 0, 1.0]])
    return CameraModel(name, *SIZE, K, T_parent_camera=look_at(np.array(place), np.array([0.45, 0.0, 0.03])))


CAMERAS = {"cam1": camera("cam1", (0.95, 0.1, 0.45)), "cam2": camera("cam2", (0.35, 0.6, 0.5))}


@dataclass(frozen=True)
class View:
    """What one camera gives."""

    image: Image
    depth: Depth


class DepthScene:
    """Things by name, as `mug`, or `mug#2` for another; they are where they are said to be, or away."""

    def __init__(self, *names: str) -> None:
        spec = mujoco.MjSpec()
        spec.visual.global_.offwidth, spec.visual.global_.offheight = SIZE
        world = spec.worldbody
        world.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.8, 0.8, 0.05], pos=[0.45, 0, -0.05], rgba=[0.45, 0.42, 0.38, 1]
        )
        world.add_light(pos=[0.3, 0.3, 2.0], dir=[0, 0, -1], castshadow=False, diffuse=[0.7, 0.7, 0.7])
        world.add_light(pos=[1.5, -1.0, 1.5], dir=[-0.7, 0.5, -0.7], castshadow=False, diffuse=[0.3, 0.3, 0.3])
        for number, name in enumerate(names):
            model = catalogue.load(name.partition("#")[0])
            spec.add_mesh(name=name, uservert=model.vertices.ravel(), userface=model.faces.ravel())
            body = world.add_body(name=name, mocap=True, pos=AWAY)
            colour = np.roll([0.85, 0.2, 0.15], 0 if "#" in name else number)
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, rgba=[*colour, 1.0])
        for name, model in CAMERAS.items():
            pose = model.T_base_camera()
            x, y, z, w = type(pose.rotation).from_matrix(pose.rotation.as_matrix() @ MUJOCO_FROM_CV).as_quat()
            fovy = 2 * np.rad2deg(np.arctan(SIZE[1] / 2 / FOCAL))
            world.add_camera(name=name, pos=pose.translation, quat=[w, x, y, z], fovy=fovy)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._renderer = mujoco.Renderer(self._model, SIZE[1], SIZE[0])

    def close(self) -> None:
        self._renderer.close()

    def view(self, name: str, poses: Mapping[str, RigidTransform], seed: int, noisy: bool = True) -> View:
        """What a camera sees of things at T_base_object."""
        self._data.mocap_pos[:] = AWAY
        for thing, pose in poses.items():
            index = self._model.body(thing).mocapid[0]
            x, y, z, w = pose.rotation.as_quat()
            self._data.mocap_pos[index], self._data.mocap_quat[index] = pose.translation, [w, x, y, z]
        mujoco.mj_forward(self._model, self._data)
        self._renderer.disable_depth_rendering()
        self._renderer.update_scene(self._data, name)
        image = self._renderer.render().copy()
        self._renderer.enable_depth_rendering()
        self._renderer.update_scene(self._data, name)
        depth = self._renderer.render().copy()
        return _sensed(image, depth, np.random.default_rng(seed)) if noisy else View(image, depth)


def _sensed(image: Image, depth: Depth, rng: np.random.Generator) -> View:
    """Noise, whole millimetres, and holes."""
    grainy = np.clip(image + rng.normal(0, 2.0, image.shape), 0, 255).astype(np.uint8)
    off = rng.normal(0, 1, depth.shape) * (NOISE_M[0] + NOISE_M[1] * depth**2)
    told = np.round(1e3 * (depth + off)) / 1e3
    told[rng.random(depth.shape) < 0.02] = 0.0
    return View(grainy, np.where(depth < 3.0, told, 0.0).astype(np.float32))
