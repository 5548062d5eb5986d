"""The arm's outline that safety checks, against the arm's kinematics and its MuJoCo model."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from dynacollect.controllers.stopping import Stopper
from dynacollect.controllers.sweep import Sweep
from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.franka import FR3, PANDA
from dynacollect.rig.arms.mjcf import arm_spec
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.nouns import Vector

ARMS = pytest.mark.parametrize("arm", [PANDA, FR3, PIPER], ids=lambda arm: arm.name)


@ARMS
def test_the_sweep_is_the_kinematics(arm: ArmModel) -> None:
    rng = np.random.default_rng(1)
    sweep, joints = Sweep(arm), rng.uniform(arm.lower, arm.upper, (50, arm.joints))
    links = sweep.links(joints)
    for row, link in zip(joints, links, strict=True):
        np.testing.assert_allclose(link, kinematics.link_poses(arm, row).as_matrix()[1:], atol=1e-12)
    tools = [kinematics.forward(arm, row).translation for row in joints]
    np.testing.assert_allclose(sweep.tool(links), tools, atol=1e-12)


@ARMS
@pytest.mark.parametrize("opening", [0.0, 0.5, 1.0])
def test_nothing_of_the_arm_is_lower_than_the_sweep_says(arm: ArmModel, opening: float) -> None:
    rng = np.random.default_rng(2)
    model = arm_spec(arm).compile()
    data = mujoco.MjData(model)
    sweep, names = Sweep(arm), ("hand", "finger_left", "finger_right", *(f"link{i}" for i in range(2, arm.joints + 1)))
    bodies = {model.body(f"arm/{name}").id for name in names}
    hulls = [i for i in range(model.ngeom) if model.geom_bodyid[i] in bodies and model.geom_group[i] == 3]
    table = model.geom("table").id
    for _ in range(40):
        joints = rng.uniform(arm.lower, arm.upper)
        data.qpos[: arm.joints], data.qpos[arm.joints :] = joints, 0.5 * opening * arm.gripper.max_width
        mujoco.mj_kinematics(model, data)
        truth = min(mujoco.mj_geomDistance(model, data, table, hull, 3.0, None) for hull in hulls)
        said = float(sweep.lowest(sweep.links(joints[None]))[0])
        if truth > 0.0:
            assert said <= truth + 1e-6
            assert said > truth - 0.12


@ARMS
def test_the_balls_cover_the_hulls(arm: ArmModel) -> None:
    """A tiny box at any corner of the outline is seen as entered."""
    rng = np.random.default_rng(3)
    sweep = Sweep(arm)
    for _ in range(20):
        links = sweep.links(rng.uniform(arm.lower, arm.upper)[None])
        tool = sweep.tool(links)[0]
        assert sweep.depth_in(links, tool - 0.002, tool + 0.002)[0] > 0.0
        assert sweep.depth_in(links, tool + 3.0, tool + 3.1)[0] < 0.0


@ARMS
def test_stops_are_exact_in_their_differences(arm: ArmModel) -> None:
    rng = np.random.default_rng(4)
    stopper, period = Stopper(arm), 1.0 / arm.rate_hz
    for _ in range(200):
        speed = rng.uniform(-0.9, 0.9, arm.joints) * arm.max_velocity
        change = rng.uniform(-0.9, 0.9, arm.joints) * np.minimum(arm.max_acceleration, 0.1 * arm.max_velocity / period)
        knots = arm.home + np.stack([-2.0 * speed * period + change * period**2, -speed * period, np.zeros(arm.joints)])
        after = stopper.stop(knots)
        assert after is not None
        path = np.concatenate([knots, after, np.repeat(after[-1:], 3, axis=0)])
        assert within(np.diff(path, 2, axis=0) / period**2, arm.max_acceleration)
        assert within(np.diff(path, 3, axis=0) / period**3, arm.max_jerk)
        np.testing.assert_array_equal(after[-1], after[-2])


def within(values: Vector, most: Vector) -> bool:
    return bool(np.all(np.abs(values) <= most * (1.0 + 1e-5) + 1e-6))
