"""Joint servos and fingers in MuJoCo."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.arms import ARMS, ArmModel, arm
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.arms.mjcf import SERVO_LAG, add_arm, arm_spec, set_physics

every_arm = pytest.mark.parametrize("model", ARMS.values(), ids=ARMS.keys())


class Bench:
    """An arm with its gripper open, at home."""

    def __init__(self, model: ArmModel, spec: mujoco.MjSpec | None = None) -> None:
        self.arm = model
        self.model = (spec or arm_spec(model)).compile()
        self.data = mujoco.MjData(self.model)
        n = model.joints
        self.data.qpos[:n] = model.home
        self.data.qpos[n : n + 2] = 0.5 * model.gripper.max_width
        self.data.ctrl[:n] = model.home
        self.data.ctrl[n] = model.gripper.max_width
        mujoco.mj_forward(self.model, self.data)

    @property
    def joints(self) -> np.ndarray:
        return self.data.qpos[: self.arm.joints]

    @property
    def width(self) -> float:
        return float(self.data.qpos[self.arm.joints : self.arm.joints + 2].sum())

    def follow(self, path: Callable[[float], np.ndarray], seconds: float) -> np.ndarray:
        """Joint errors after each step."""
        errors = []
        start = self.data.time
        while self.data.time < start + seconds:
            self.data.ctrl[: self.arm.joints] = path(self.data.time - start)
            mujoco.mj_step(self.model, self.data)
            errors.append(self.joints - path(self.data.time - start))
        return np.array(errors)

    def close(self, seconds: float) -> np.ndarray:
        """Move the width's set-point at the gripper's speed; returns the widths."""
        widths = []
        start = self.data.time
        first = self.data.ctrl[self.arm.joints]
        while self.data.time < start + seconds:
            self.data.ctrl[self.arm.joints] = max(0.0, first - self.arm.gripper.speed * (self.data.time - start))
            mujoco.mj_step(self.model, self.data)
            widths.append(self.width)
        return np.array(widths)

    def pad_forces(self) -> np.ndarray:
        """Normal force on the left and the right pad, N."""
        totals, force = np.zeros(2), np.zeros(6)
        for i, contact in enumerate(self.data.contact):
            names = {self.model.geom(geom).name for geom in contact.geom}
            mujoco.mj_contactForce(self.model, self.data, i, force)
            for side, pad in enumerate(("arm/pad_left", "arm/pad_right")):
                totals[side] += force[0] * (pad in names)
        return totals

    def T_tool_object(self) -> np.ndarray:
        pose = np.eye(4)
        tool, thing = self.data.site("arm/tool"), self.data.body("thing")
        turn = tool.xmat.reshape(3, 3).T
        pose[:3, 3] = turn @ (thing.xpos - tool.xpos)
        pose[:3, :3] = turn @ thing.xmat.reshape(3, 3)
        return pose


def holding(model: ArmModel, kind: str, mass: float, force: float) -> Bench:
    """The bench after the fingers have closed on an object, 40 or 50 mm wide, of friction 0.8."""
    spec = arm_spec(model)
    thing = spec.worldbody.add_body(name="thing")
    thing.add_freejoint()
    shape = {"box": mujoco.mjtGeom.mjGEOM_BOX, "sphere": mujoco.mjtGeom.mjGEOM_SPHERE}[kind]
    size = {"box": [0.02, 0.02, 0.02], "sphere": [0.025, 0.0, 0.0]}[kind]
    thing.add_geom(type=shape, size=size, mass=mass, friction=[0.8, 0.005, 0.0001])
    bench = Bench(model, spec)
    tool = forward(model, model.home)
    n = model.joints + 2
    bench.data.qpos[n : n + 3] = tool.apply([0.0, 0.0, model.gripper.pad_offset])
    bench.data.qpos[n + 3 : n + 7] = tool.rotation.as_quat(scalar_first=True)
    bench.model.actuator("arm/grip").forcerange[:] = (-force, force)
    weight = bench.model.opt.gravity.copy()
    bench.model.opt.gravity[:] = 0.0
    bench.close(1.0)
    bench.model.opt.gravity[:] = weight
    bench.follow(lambda _: model.home, 0.3)
    return bench


def shaking(model: ArmModel, seconds: float) -> Callable[[float], np.ndarray]:
    """Lifts and lowers at the shoulder while base and wrist shake, from and to standstill."""

    def path(t: float) -> np.ndarray:
        swell = np.clip(min(t, seconds - t), 0.0, 1.0) ** 2 * (3 - 2 * np.clip(min(t, seconds - t), 0.0, 1.0))
        joints = model.home.copy()
        joints[0] += 0.02 * swell * np.sin(19 * t)
        joints[1] -= 0.1 * swell * (1 - np.cos(2 * t))
        joints[-2] -= 0.03 * swell * (1 - np.cos(17 * t))
        return joints

    return path


@every_arm
@pytest.mark.parametrize(("kind", "mass"), [("box", 0.1), ("box", 0.25), ("sphere", 0.1), ("sphere", 0.25)])
def test_a_held_object_does_not_creep(model: ArmModel, kind: str, mass: float) -> None:
    bench = holding(model, kind, mass, force=max(10.0, model.gripper.min_force))
    before = bench.T_tool_object()
    bench.follow(shaking(model, 10.0), 10.0)
    bench.follow(lambda _: model.home, 0.2)
    after = bench.T_tool_object()
    assert np.linalg.norm(after[:3, 3] - before[:3, 3]) < 0.5e-3
    assert Rotation.from_matrix(before[:3, :3].T @ after[:3, :3]).magnitude() < np.deg2rad(0.2)


@every_arm
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_pads_press_with_the_commanded_force(model: ArmModel, share: float) -> None:
    gripper = model.gripper
    force = gripper.min_force + share * (gripper.max_force - gripper.min_force)
    bench = holding(model, "box", 0.1, force)
    np.testing.assert_allclose(bench.pad_forces(), force, rtol=0.15)


@every_arm
def test_fingers_close_at_the_grippers_speed_and_in_step(model: ArmModel) -> None:
    gripper = model.gripper
    bench = Bench(model)
    stroke = gripper.max_width / gripper.speed
    widths = bench.close(stroke + 0.1)
    steps = np.arange(len(widths)) * 0.002
    middle = (steps > 0.3 * stroke) & (steps < 0.8 * stroke)
    assert np.polyfit(steps[middle], widths[middle], 1)[0] == pytest.approx(-gripper.speed, rel=0.02)
    assert widths[-1] == pytest.approx(0.0, abs=2e-4)
    left, right = bench.data.qpos[model.joints : model.joints + 2]
    assert left == pytest.approx(right, abs=1e-4)


@every_arm
def test_a_joint_trails_a_steady_set_point_by_the_servo_lag(model: ArmModel) -> None:
    for joint in range(model.joints):
        bench = Bench(model)
        side = 1.0 if model.home[joint] < 0.5 * (model.lower + model.upper)[joint] else -1.0

        def path(t: float, joint: int = joint, side: float = side) -> np.ndarray:
            joints = model.home.copy()
            joints[joint] += side * (2.5 * t**2 if t < 0.2 else t - 0.1)
            return joints

        errors = bench.follow(path, 0.6)
        assert np.abs(errors[:, joint]).max() < 0.005
        assert np.abs(errors[-1, joint]) == pytest.approx(SERVO_LAG, rel=0.05)
        assert np.abs(np.delete(errors, joint, axis=1)).max() < 5e-4


@every_arm
def test_a_disturbed_arm_comes_back_without_ringing(model: ArmModel) -> None:
    bench = Bench(model)
    bench.data.qvel[: model.joints] = 0.5
    errors = bench.follow(lambda _: model.home, 0.5)
    assert np.abs(errors[-1]).max() < 1e-5
    assert np.abs(errors).max() < 0.02


@every_arm
def test_the_arm_stays_up_and_still_anywhere(model: ArmModel) -> None:
    draw = np.random.default_rng(3)
    bench = Bench(model)
    bench.model.opt.disableflags = int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    for _ in range(4):
        goal = draw.uniform(model.lower + 0.05, model.upper - 0.05)
        bench.joints[:] = goal
        bench.data.qvel[:] = 0.0
        assert np.abs(bench.follow(lambda _, goal=goal: goal, 0.3)).max() < 1e-6


@every_arm
def test_the_model_has_the_published_limits(model: ArmModel) -> None:
    compiled = arm_spec(model).compile()
    for i in range(model.joints):
        np.testing.assert_allclose(compiled.joint(f"arm/joint{i + 1}").range, [model.lower[i], model.upper[i]])
        np.testing.assert_allclose(compiled.actuator(f"arm/servo{i + 1}").forcerange[1], model.max_torque[i])


@every_arm
def test_home_touches_nothing(model: ArmModel) -> None:
    assert Bench(model).data.ncon == 0


@every_arm
def test_a_hand_in_the_table_touches_it(model: ArmModel) -> None:
    bench = Bench(model)
    while forward(model, bench.joints).translation[2] > 0.0:
        bench.joints[1] += 0.01
    mujoco.mj_forward(bench.model, bench.data)
    touched = {bench.model.geom(geom).name for contact in bench.data.contact for geom in contact.geom}
    assert {"table", "arm/pad_left", "arm/pad_right"} <= touched


def test_two_arms_stand_in_one_world() -> None:
    spec = mujoco.MjSpec()
    set_physics(spec)
    spec.compiler.degree = False
    placed = RigidTransform.from_components([0.2, 1.0, 0.1], Rotation.from_euler("z", -1.0))
    add_arm(spec, arm("franka-fr3"), "left")
    handle = add_arm(spec, arm("piper"), "right", placed)
    compiled = spec.compile()
    data = mujoco.MjData(compiled)
    for name, angle in zip(handle.joints, arm("piper").home, strict=True):
        data.joint(name).qpos[0] = angle
    mujoco.mj_kinematics(compiled, data)
    expected = placed * forward(arm("piper"), arm("piper").home)
    np.testing.assert_allclose(data.site(handle.tool).xpos, expected.translation, atol=1e-9)
    np.testing.assert_allclose(compiled.joint("right/joint1").range, np.deg2rad([-150, 150]), atol=1e-9)
    for name in (handle.hand, handle.base):
        assert compiled.body(name).id > 0
    for name in (*handle.actuators, handle.grip):
        assert compiled.actuator(name).id >= 0
