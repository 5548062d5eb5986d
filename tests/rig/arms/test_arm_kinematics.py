"""The DH chain, written again from the published tables, against the package's kinematics and its MuJoCo model."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dynacollect.rig.arms import ARMS, ArmModel
from dynacollect.rig.arms.kinematics import forward, jacobian, link_poses
from dynacollect.rig.arms.mjcf import arm_spec

FRANKA_ROWS = (
    # a, alpha (deg), d, offset (deg)
    (0.0, 0, 0.333, 0),
    (0.0, -90, 0.0, 0),
    (0.0, 90, 0.316, 0),
    (0.0825, 90, 0.0, 0),
    (-0.0825, -90, 0.384, 0),
    (0.0, 90, 0.0, 0),
    (0.088, 90, 0.0, 0),
)
PIPER_ROWS = (
    (0.0, 0, 0.123, 0),
    (0.0, -90, 0.0, -172.22),
    (0.28503, 0, 0.0, -102.78),
    (-0.02198, 90, 0.25075, 0),
    (0.0, -90, 0.0, 0),
    (0.0, 90, 0.091, 0),
)
# DH rows, tool offset along the last z, tool yaw in degrees.
TABLES = {
    "franka-panda": (FRANKA_ROWS, 0.107 + 0.1034, -45.0),
    "franka-fr3": (FRANKA_ROWS, 0.107 + 0.1034, -45.0),
    "piper": (PIPER_ROWS, 0.1334, 180.0),
}

every_arm = pytest.mark.parametrize("model", ARMS.values(), ids=ARMS.keys())


def turn_x(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]])


def turn_z(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def shift(x: float, z: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = [x, 0.0, z]
    return matrix


def textbook(name: str, joints: np.ndarray) -> np.ndarray:
    """T_base_tool by Craig's convention."""
    rows, tool, yaw = TABLES[name]
    pose = np.eye(4)
    for (a, alpha, d, offset), joint in zip(rows, joints, strict=True):
        pose = pose @ turn_x(np.deg2rad(alpha)) @ shift(a, 0.0) @ turn_z(joint + np.deg2rad(offset)) @ shift(0.0, d)
    return pose @ shift(0.0, tool) @ turn_z(np.deg2rad(yaw))


def draws(model: ArmModel, count: int) -> np.ndarray:
    return np.random.default_rng(7).uniform(model.lower, model.upper, (count, model.joints))


@every_arm
def test_three_ways_of_forward_kinematics_agree(model: ArmModel) -> None:
    compiled = arm_spec(model).compile()
    data = mujoco.MjData(compiled)
    site = data.site("arm/tool")
    for joints in draws(model, 1000):
        data.qpos[: model.joints] = joints
        mujoco.mj_kinematics(compiled, data)
        expected = textbook(model.name, joints)
        np.testing.assert_allclose(forward(model, joints).as_matrix(), expected, atol=1e-6)
        np.testing.assert_allclose(site.xpos, expected[:3, 3], atol=1e-6)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), expected[:3, :3], atol=1e-6)


@every_arm
def test_link_poses_are_where_mujoco_puts_the_links(model: ArmModel) -> None:
    compiled = arm_spec(model).compile()
    data = mujoco.MjData(compiled)
    names = ["arm/base", *(f"arm/link{i + 1}" for i in range(model.joints))]
    for joints in draws(model, 5):
        data.qpos[: model.joints] = joints
        mujoco.mj_kinematics(compiled, data)
        expected = [data.body(name).xpos for name in names]
        np.testing.assert_allclose(link_poses(model, joints).translation, expected, atol=1e-9)


@every_arm
def test_jacobian_is_the_slope_of_forward(model: ArmModel) -> None:
    step = 1e-6
    for joints in draws(model, 20):
        here = forward(model, joints)
        for i, column in enumerate(jacobian(model, joints).T):
            there = forward(model, joints + step * np.eye(model.joints)[i])
            turn = (there.rotation * here.rotation.inv()).as_rotvec()
            slope = np.concatenate([there.translation - here.translation, turn]) / step
            np.testing.assert_allclose(column, slope, atol=1e-5)


STARTS = {"franka-panda": (0.466, 0.0, 0.383), "franka-fr3": (0.466, 0.0, 0.383), "piper": (0.373, 0.0, 0.271)}


@every_arm
def test_home_is_the_papers_start(model: ArmModel) -> None:
    pose = forward(model, model.home)
    np.testing.assert_allclose(pose.translation, STARTS[model.name], atol=1e-4)
    np.testing.assert_allclose(pose.rotation.as_matrix()[:, 1], [0.0, -1.0, 0.0], atol=1e-6)
    assert model.inside_limits(model.home, margin=0.04)


@pytest.mark.parametrize("name", ["franka-panda", "franka-fr3"])
def test_franka_starts_with_its_hand_straight_down(name: str) -> None:
    model = ARMS[name]
    np.testing.assert_allclose(forward(model, model.home).rotation.apply([0, 0, 1]), [0, 0, -1], atol=1e-6)
    assert model.inside_limits(model.home, margin=0.6)


def test_piper_leans_at_its_start_because_joint_5_ends_at_70_degrees() -> None:
    model = ARMS["piper"]
    lean = np.rad2deg(np.arccos(-forward(model, model.home).rotation.as_matrix()[2, 2]))
    assert 28.8 < lean < 31.0
    # In the arm's plane the lean is 95 degrees less the sum of joints 2, 3 and 5.
    shoulder_elbow_wrist = model.home[1] + model.home[2] + model.home[4]
    assert lean == pytest.approx(95.0 - np.rad2deg(shoulder_elbow_wrist), abs=1e-3)


def test_piper_points_straight_down_low_over_the_table() -> None:
    model = ARMS["piper"]
    for x, z in ((0.15, 0.02), (0.45, 0.02), (0.15, 0.10), (0.35, 0.10)):
        joints = straight_down(model, x, z)
        pose = forward(model, joints)
        np.testing.assert_allclose(pose.translation, [x, 0.0, z], atol=2e-3)
        assert np.rad2deg((pose.rotation * Rotation.from_euler("x", np.pi).inv()).magnitude()) < 1.0
        assert model.inside_limits(joints)


def straight_down(model: ArmModel, x: float, z: float) -> np.ndarray:
    """Damped least squares in the arm's plane; one degree of lean is allowed at the limits."""
    goal = Rotation.from_euler("x", np.pi)
    joints = np.array([0.0, 1.6, -1.0, 0.0, 1.0, 0.0])
    for _ in range(300):
        pose = forward(model, joints)
        error = np.concatenate([np.array([x, 0.0, z]) - pose.translation, (goal * pose.rotation.inv()).as_rotvec()])
        slope = jacobian(model, joints)
        joints = joints + 0.5 * slope.T @ np.linalg.solve(slope @ slope.T + 1e-5 * np.eye(6), error)
        joints = np.clip(joints, model.lower, model.upper)
    return joints
