"""The arm's cover against the arm itself, as the simulator draws it: nothing of it left out, little too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import mujoco
import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.arms.mjcf import add_arm, set_physics
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import ArmState, Vector
from dynacollect.tracking.seeing.arm_cover import ArmCover

from .painted import Pixels, cameras

CAMERAS = cameras()
POSTURES = 4
BAND_PX = 7
"""About the margin of 8 mm, seen from the nearest camera, and what round ends are cut to."""
MOST_EXCESS = {"franka-panda": 0.35, "piper": 0.55}
"""Of the arm's own pixels: a margin is more of a thin arm."""
MUJOCO_FROM_CV = np.diag([1.0, -1.0, -1.0])


class Portrait:
    """An arm alone in nothing, and which pixels it fills."""

    def __init__(self, model: ArmModel) -> None:
        self.arm = model
        spec = mujoco.MjSpec()
        set_physics(spec)
        spec.visual.global_.offwidth, spec.visual.global_.offheight = CAMERAS[0].width, CAMERAS[0].height
        handle = add_arm(spec, model)
        spec.worldbody.add_camera(name="eye")
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._joints = [int(self._model.joint(name).qposadr[0]) for name in handle.joints]
        self._fingers = [int(self._model.joint(name).qposadr[0]) for name in handle.fingers]
        self._renderer = mujoco.Renderer(self._model, CAMERAS[0].height, CAMERAS[0].width)
        self._renderer.enable_segmentation_rendering()

    def pixels(self, state: ArmState, camera: CameraModel) -> Pixels:
        """What of the picture of a camera without distortion shows the arm."""
        self._data.qpos[self._joints], self._data.qpos[self._fingers] = state.joints, 0.5 * state.gripper_width
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        eye, T = self._model.camera("eye").id, camera.T_parent_camera
        self._model.cam_fovy[eye] = np.rad2deg(2 * np.arctan(camera.height / 2 / camera.K[1, 1]))
        self._data.cam_xpos[eye] = T.translation
        self._data.cam_xmat[eye] = (T.rotation.as_matrix() @ MUJOCO_FROM_CV).ravel()
        self._renderer.update_scene(self._data, "eye")
        return self._renderer.render()[..., 1] == int(mujoco.mjtObj.mjOBJ_GEOM)

    def close(self) -> None:
        self._renderer.close()


@pytest.fixture(scope="module", params=["franka-panda", "piper"])
def portrait(request: pytest.FixtureRequest) -> Iterator[Portrait]:
    portrait = Portrait(arm(request.param))
    yield portrait
    portrait.close()


def state_at(model: ArmModel, joints: Vector, width: float) -> ArmState:
    still = np.zeros_like(joints)
    return ArmState(joints, still, still, forward(model, joints), width, 0.0, 0.0, 0.0)


def postures(model: ArmModel) -> list[ArmState]:
    """At home, and about it with the fingers more or less open."""
    rng = np.random.default_rng(7)
    sizes = np.linspace(0.5, 0.3, model.joints)
    widths = rng.uniform(0.0, model.gripper.max_width, POSTURES)
    states = [state_at(model, model.home + sizes * rng.uniform(-1, 1, model.joints), width) for width in widths]
    return [state_at(model, model.home, model.gripper.max_width), *states]


def test_all_of_the_arm_is_covered_and_little_else(portrait: Portrait) -> None:
    cover = ArmCover(portrait.arm)
    excess = []
    for state in postures(portrait.arm):
        for camera in CAMERAS:
            true, covered = portrait.pixels(state, camera), cover.pixels(state, camera)
            count = np.count_nonzero(true)
            assert count > 500
            assert np.count_nonzero(true & covered) > 0.995 * count
            excess.append(np.count_nonzero(covered) / count - 1.0)
            near = cv2.dilate(true.astype(np.uint8), np.ones((2 * BAND_PX + 1,) * 2)) > 0
            assert np.count_nonzero(covered & ~near) < 0.08 * count
    assert np.mean(excess) < MOST_EXCESS[portrait.arm.name]


def test_the_cover_goes_where_the_joints_go(portrait: Portrait) -> None:
    cover = ArmCover(portrait.arm)
    home, *_ = postures(portrait.arm)
    aside = state_at(portrait.arm, portrait.arm.home + np.eye(portrait.arm.joints)[0] * 0.6, home.gripper_width)
    shares = []
    for camera in CAMERAS:
        true = portrait.pixels(aside, camera)
        shares.append(np.count_nonzero(true & cover.pixels(home, camera)) / np.count_nonzero(true))
    assert min(shares) < 0.85


def test_the_cover_is_bent_as_the_lens_bends(portrait: Portrait) -> None:
    home, *_ = postures(portrait.arm)
    cover = ArmCover(portrait.arm)
    camera = CAMERAS[0]
    bent = replace(camera, distortion=np.array([-0.15, 0.03, 0.0, 0.0, 0.0]))
    straight = np.stack(np.nonzero(cover.pixels(home, camera))[::-1], axis=1).astype(float)
    rays = np.column_stack([(straight - camera.K[:2, 2]) / np.diag(camera.K)[:2], np.ones(len(straight))])
    moved = np.round(bent.project(np.asarray(camera.T_parent_camera.apply(rays)))).astype(int)
    inside = ((moved >= 0) & (moved < [camera.width, camera.height])).all(axis=1)
    covered = cover.pixels(home, bent)[moved[inside, 1], moved[inside, 0]]
    assert covered.mean() > 0.97


def test_a_camera_that_looks_away_sees_no_arm(portrait: Portrait) -> None:
    away = replace(CAMERAS[0], T_parent_camera=look_at(np.array([1.0, 0.0, 0.6]), np.array([2.0, 0.0, 0.3])))
    home, *_ = postures(portrait.arm)
    assert not ArmCover(portrait.arm).pixels(home, away).any()
