"""The tracker on a rig: what it is given, and that it finds what stands on the table without being told where."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import ArmState
from dynacollect.rig.rig import open_rig
from dynacollect.rig.stage import Request
from dynacollect.tracking.live import COAST_S, arm_at, pictures, tracker_on
from dynacollect.training.vision import watch_for, with_fixed_cameras

PLAIN = with_fixed_cameras(load_rig("cell"))
CONFIG = PLAIN.model_copy(
    update={
        "cameras": {key: one.model_copy(update={"width": 360, "height": 270}) for key, one in PLAIN.cameras.items()}
    }
)


def felt(time: float, joints: np.ndarray, width: float) -> ArmState:
    model = arm("franka-panda")
    return ArmState(joints, 0 * joints, 0 * joints, forward(model, joints), width, 0.0, time, time + 0.001)


def test_the_arm_is_where_it_was_when_the_picture_was_taken() -> None:
    model = arm("franka-panda")
    speed = np.linspace(-0.5, 0.5, model.joints)
    states = deque(felt(t, model.home + t * speed, 0.02 + 0.1 * t) for t in (0.0, 0.05, 0.09))
    for time in (0.01, 0.05, 0.07):
        there = arm_at(time, states, model)
        np.testing.assert_allclose(there.joints, model.home + time * speed, atol=1e-12)
        assert there.gripper_width == pytest.approx(0.02 + 0.1 * time)
        assert there.measured_at == pytest.approx(time)
        np.testing.assert_allclose(there.T_base_tool.as_matrix(), forward(model, there.joints).as_matrix(), atol=1e-12)
    assert arm_at(-1.0, states, model) is states[0]
    assert arm_at(1.0, states, model) is states[-1]


@pytest.mark.slow
def test_pictures_are_of_what_is_there_now() -> None:
    """None that was captured before the table was changed."""
    with open_rig(CONFIG, seed=3) as rig:
        rig.clock.wait_until(0.2)
        rig.see()
        rig.stage.present()
        first = pictures(rig, CONFIG.cameras)
        again = pictures(rig, CONFIG.cameras, 2)
        assert {name: len(shots) for name, shots in again.items()} == dict.fromkeys(CONFIG.cameras, 2)
        for name, (shot,) in first.items():
            off = np.abs(shot.astype(int) - again[name][0])
            assert np.quantile(off, 0.999) < 12


@pytest.mark.slow
def test_a_camera_that_is_gone_is_named() -> None:
    with open_rig(CONFIG, seed=3, faults=("side_cam.unplugged@0",)) as rig:
        rig.stage.present()
        with pytest.raises(DynacollectError, match="side_cam sends no pictures; "):
            pictures(rig, CONFIG.cameras)


def test_cameras_on_the_wrist_alone_are_too_few() -> None:
    with open_rig(load_rig("cell"), seed=3) as rig:
        models = {name: model for name, model in Truth(rig).camera_models.items() if model.on_wrist}
        with pytest.raises(DynacollectError, match="beside the table; "):
            tracker_on(rig, {"target0": "mug"}, models)


@pytest.mark.slow
def test_it_follows_what_it_was_shown() -> None:
    request = Request(target="orange", distractors=(), speed=0.3, launcher="conveyor")
    with open_rig(CONFIG, seed=5) as rig:
        truth = Truth(rig)
        watch = watch_for(rig, 5, request, truth.camera_models)
        rig.stage.prepare(5, request)
        watch.until(rig.clock.now() + 0.3)
        rig.stage.launch()
        watch.until((truth.started_at or 0.0) + 0.7)
        now = rig.clock.now()
        seen, real = watch(now), truth.objects()
        assert seen.keys() == real.keys()
        for key, state in seen.items():
            assert state.valid_at == pytest.approx(now)
            assert np.linalg.norm(state.position - real[key].position) < 0.008
        assert np.linalg.norm(seen["target0"].velocity - real["target0"].velocity) < 0.06
        assert np.linalg.norm(real["target0"].velocity) > 0.25
        rig.cameras = {}
        later = now + 0.5 * COAST_S
        rig.clock.wait_until(later)
        gone_on = watch(later)["target0"]
        np.testing.assert_allclose(gone_on.position, seen["target0"].at(later).position, atol=1e-3)
        rig.clock.wait_until(now + COAST_S + 0.1)
        assert watch(rig.clock.now()) == {}
