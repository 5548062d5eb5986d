"""The torques of an arm's own motion obey mechanics: a symmetric, positive inertia, and nothing at rest but a hold."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.own_torque import OwnTorque

ARMS = ("franka-panda", "franka-fr3", "piper")


@pytest.mark.parametrize("name", ARMS)
def test_inertia_is_symmetric_and_positive(name: str) -> None:
    model = arm(name)
    own, rng = OwnTorque(model), np.random.default_rng(0)
    zeros = np.zeros(model.joints)
    for _ in range(5):
        joints = rng.uniform(model.lower, model.upper)
        still = own.of(joints, zeros, zeros)
        inertia = np.array([own.of(joints, zeros, each) - still for each in np.eye(model.joints)])
        assert np.allclose(inertia, inertia.T, atol=1e-6)
        assert np.linalg.eigvalsh(inertia).min() > 0


@pytest.mark.parametrize("name", ARMS)
def test_servos_that_cancel_gravity_need_no_torque_at_rest(name: str) -> None:
    model = arm(name)
    zeros = np.zeros(model.joints)
    assert np.abs(OwnTorque(model).of(model.home, zeros, zeros)).max() < 0.02 * model.max_torque.min()
