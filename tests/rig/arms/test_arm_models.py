"""The published figures, typed again, and what must hold of any arm."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.arms import ARMS, ArmModel, arm
from dynacollect.rig.errors import DynacollectError

every_arm = pytest.mark.parametrize("model", ARMS.values(), ids=ARMS.keys())


def test_panda_limits_are_the_published_ones() -> None:
    panda = arm("franka-panda")
    assert panda.upper.tolist() == [2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973]
    assert panda.lower.tolist() == [-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973]
    assert panda.max_velocity.tolist() == [2.175] * 4 + [2.61] * 3
    assert panda.max_acceleration.tolist() == [15, 7.5, 10, 12.5, 15, 20, 20]
    assert panda.max_jerk.tolist() == [7500, 3750, 5000, 6250, 7500, 10000, 10000]
    assert panda.max_torque.tolist() == [87] * 4 + [12] * 3


def test_fr3_limits_are_the_published_ones() -> None:
    fr3 = arm("franka-fr3")
    assert fr3.upper.tolist() == [2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159]
    assert fr3.lower.tolist() == [-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159]
    assert fr3.max_velocity.tolist() == [2, 1, 1.5, 1.25, 3, 1.5, 3]
    assert fr3.max_acceleration.tolist() == [10] * 7
    assert fr3.max_jerk.tolist() == [5000] * 7


def test_piper_limits_are_the_published_ones() -> None:
    piper = arm("piper")
    np.testing.assert_allclose(np.rad2deg(piper.upper), [150, 180, 0, 100, 70, 120], atol=1e-12)
    np.testing.assert_allclose(np.rad2deg(piper.lower), [-150, 0, -170, -100, -70, -120], atol=1e-12)
    assert piper.max_velocity.tolist() == [3] * 6
    assert piper.max_acceleration.tolist() == [5] * 6


@every_arm
def test_masses_are_those_of_the_real_arm(model: ArmModel) -> None:
    links = sum(link.mass for link in model.links)
    total = links + model.gripper.mass + 2 * model.gripper.finger_mass
    published = {"franka-panda": 17.8 + 0.7, "franka-fr3": 17.8 + 0.7, "piper": 4.2 + 0.5}[model.name]
    assert total == pytest.approx(published, rel=0.1)
    assert all(link.mass > 0 for link in model.links)


@every_arm
def test_inertias_are_those_of_solid_bodies(model: ArmModel) -> None:
    for inertia in [link.inertia for link in model.links] + [model.gripper.inertia]:
        low, middle, high = sorted(inertia)
        assert low > 0
        assert low + middle >= high * (1 - 1e-3)


@every_arm
def test_a_link_per_joint_and_one_base(model: ArmModel) -> None:
    assert len(model.links) == model.joints + 1
    for vector in (model.lower, model.upper, model.max_velocity, model.max_jerk, model.max_torque, model.home):
        assert vector.shape == (model.joints,)
    assert np.all(model.lower < model.upper)


def test_closing_times() -> None:
    assert arm("franka-panda").gripper.closing_time(0.08) == pytest.approx(1.0)
    assert arm("piper").gripper.closing_time(0.07) == pytest.approx(0.3)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(DynacollectError, match="did you mean 'franka-panda'"):
        arm("panda")
    with pytest.raises(DynacollectError, match="use one of franka-panda, franka-fr3, piper"):
        arm("zzz")
