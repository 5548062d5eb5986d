"""Meeting fast objects from ahead: the gate's geometry, when there is one, and the axis that they run in across."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.ahead import AHEAD_M, FAST, OVER_M, RUN_S, Gate, gate_ahead
from dynacollect.controllers.closing import LEAST_PLAY, MOST_TURNED, choose_ahead, natural_yaw
from dynacollect.controllers.grasp import yaw_between
from dynacollect.controllers.intercept_state import InterceptState
from dynacollect.controllers.machine import TICK_S, Observation, Phase, Scene
from dynacollect.controllers.meeting import MeetingPlanner
from dynacollect.controllers.predict import predict
from dynacollect.controllers.surroundings import Workspace
from dynacollect.controllers.tasks import TASKS
from dynacollect.controllers.track import Track
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.nouns import ArmState, ObjectState
from dynacollect.rig.objects import catalogue

ARM = ARMS["franka-panda"]
BALL = catalogue.load("tennis_ball")
PLANS = MeetingPlanner(
    Scene(ARM, TASKS["pick"], {"target": BALL}), 0.05, Workspace(ARM, (0.2, -0.6, 0.0), (0.8, 0.6, 0.6))
)
HOME_YAW = 0.0


def ball(speed: float, x: float = 0.5, y: float = -0.55, time: float = 1.0) -> ObjectState:
    """On its way along y."""
    pose = RigidTransform.from_translation([x, y, BALL.rest_height])
    return ObjectState("tennis_ball", pose, np.array([0.0, speed, 0.0]), np.zeros(3), np.zeros((12, 12)), time)


def facing(target: ObjectState, phase: Phase = Phase.APPROACH_ABOVE) -> tuple[InterceptState, Observation]:
    """The arm is at home and has just seen the object."""
    still = np.zeros(ARM.joints)
    arm = ArmState(
        ARM.home, still, still, kinematics.forward(ARM, ARM.home), 0.08, 0.0, target.valid_at, target.valid_at
    )
    track = Track().seen(target)
    state = InterceptState(phase, 0.0, "target", track=track, yaw=HOME_YAW, meet_at=target.valid_at + 0.5)
    return state, Observation(target.valid_at, arm, {"target": target}, "target")


def gate_for(speed: float) -> tuple[Gate, InterceptState, Observation, ObjectState]:
    target = ball(speed)
    state, seen = facing(target)
    gate = gate_ahead(PLANS, state, seen, target)
    assert gate is not None
    return gate, state, seen, target


@pytest.mark.parametrize("speed", [0.5, 0.6, 0.7])
def test_the_gate_lies_before_the_meeting_and_the_gap_closes_in_the_run(speed: float) -> None:
    gate, state, _, target = gate_for(speed)
    assert gate.meet_at - gate.at == pytest.approx(RUN_S)
    velocity = predict(target, state.track.deceleration, gate.meet_at + PLANS.lag).velocity
    grasp = PLANS.grasp_at(state, target, gate.meet_at + PLANS.lag)
    lead = np.asarray(gate.pose.translation) - (np.asarray(grasp.translation) - RUN_S * velocity)
    way = velocity / np.linalg.norm(velocity)
    assert lead @ way == pytest.approx(min(AHEAD_M, 0.45 * RUN_S * float(np.linalg.norm(velocity))), abs=1e-9)
    assert lead[2] == pytest.approx(OVER_M, abs=1e-9)
    assert lead - (lead @ way) * way == pytest.approx([0.0, 0.0, OVER_M], abs=1e-9)
    closing = gate.velocity - velocity
    np.testing.assert_allclose(lead + 0.5 * RUN_S * closing, 0.0, atol=1e-9)
    np.testing.assert_allclose(gate.pose.rotation.as_matrix(), grasp.rotation.as_matrix(), atol=1e-9)


@pytest.mark.parametrize("speed", [0.5, 0.6, 0.7])
def test_at_the_gate_the_hand_is_slower_than_the_object_but_not_against_it(speed: float) -> None:
    gate, _, _, _ = gate_for(speed)
    assert 0.0 <= gate.velocity[1] < speed
    assert gate.velocity[2] < 0.0


def test_a_slow_object_has_no_gate() -> None:
    target = ball(0.8 * FAST)
    assert gate_ahead(PLANS, *facing(target), target) is None


@pytest.mark.parametrize(("x", "y", "speed"), [(1.3, -0.5, 0.5), (0.5, 0.55, 0.6), (0.5, -3.0, 0.5), (0.1, -0.5, 0.5)])
def test_a_path_that_cannot_be_reached_has_no_gate(x: float, y: float, speed: float) -> None:
    """Too far out, about to leave, far from coming, and too near to the base."""
    target = ball(speed, x, y)
    assert gate_ahead(PLANS, *facing(target), target) is None


@pytest.mark.parametrize("speed", [0.5, 0.6, 0.7])
def test_a_gate_once_chosen_keeps_its_meeting_time(speed: float) -> None:
    gate, state, seen, target = gate_for(speed)
    state = replace(state, phase=Phase.AHEAD, meet_at=gate.meet_at)
    again = gate_ahead(PLANS, state, seen, target)
    assert again is not None and again.meet_at == pytest.approx(gate.meet_at)
    np.testing.assert_allclose(again.pose.as_matrix(), gate.pose.as_matrix(), atol=1e-9)
    later = predict(target, state.track.deceleration, seen.time + TICK_S)
    arm = replace(seen.arm, measured_at=later.valid_at)
    after = gate_ahead(PLANS, state, replace(seen, time=later.valid_at, arm=arm), later)
    assert after is not None and after.meet_at == pytest.approx(gate.meet_at)


def test_when_it_is_settled_nothing_moves_it() -> None:
    """Shortly before the gate an arm that seems late goes on all the same."""
    target = ball(0.5, y=0.0)
    state, seen = facing(target, Phase.AHEAD)
    state = replace(state, meet_at=seen.time + RUN_S + 0.05)
    gate = gate_ahead(PLANS, state, seen, target)
    assert gate is not None and gate.meet_at == state.meet_at


@pytest.mark.parametrize("name", ["apple", "can", "tennis_ball", "cuboid"])
def test_an_object_runs_in_across_the_closing_axis(name: str) -> None:
    model, rng = catalogue.load(name), np.random.default_rng(1)
    for _ in range(30):
        angle = float(rng.uniform(-np.pi, np.pi))
        velocity = 0.5 * np.array([np.cos(angle), np.sin(angle), 0.0])
        pose = RigidTransform.from_components(
            [0.5, 0.0, model.rest_height], Rotation.from_euler("z", rng.uniform(0, 6))
        )
        state = ObjectState(name, pose, velocity, np.zeros(3), np.zeros((12, 12)), 0.0)
        closing = choose_ahead(ARM, model, state, natural_yaw(state.position))
        if closing is not None:
            assert yaw_between(closing.yaw, angle + np.pi / 2) <= MOST_TURNED
            assert closing.width < ARM.gripper.max_width - LEAST_PLAY


def test_what_is_too_wide_is_not_let_in() -> None:
    model = replace(BALL, vertices=1.6 * BALL.vertices)
    assert choose_ahead(ARM, BALL, ball(0.5), 0.0) is not None
    assert choose_ahead(ARM, model, ball(0.5), 0.0) is None
