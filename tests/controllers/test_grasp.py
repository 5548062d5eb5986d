"""Laws of the grasp: straight down, the right height, the right way round, and what fits between the fingers."""

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.closing import down
from dynacollect.controllers.grasp import (
    BELOW_CENTRE,
    LOWEST,
    finger_length,
    grasp_height,
    grasp_pose,
    grasp_width,
    hand_down,
    heading,
    nearest_yaw,
    opening_width,
    short_axes,
    yaw_between,
)
from dynacollect.rig.arms import ARMS, arm, kinematics
from dynacollect.rig.nouns import ObjectState
from dynacollect.rig.objects import catalogue
from dynacollect.rig.objects.model import ObjectModel

PANDA, PIPER = arm("franka-panda"), arm("piper")
ONE_DEGREE = np.deg2rad(1.0)


def lying(
    model: ObjectModel | None, yaw: float = 0.0, velocity: tuple[float, float] = (0.0, 0.0), height: float | None = None
) -> ObjectState:
    rest = 0.05 if model is None else model.rest_height
    pose = RigidTransform.from_components(
        [0.45, 0.1, rest if height is None else height], Rotation.from_euler("z", yaw)
    )
    return ObjectState("thing", pose, np.array([*velocity, 0.0]), np.zeros(3), np.zeros((12, 12)), 0.0)


def closing_angle(pose: RigidTransform) -> float:
    x, y, _ = pose.rotation.apply([0.0, 1.0, 0.0])
    return float(np.arctan2(y, x))


@pytest.mark.parametrize("yaw", np.linspace(-3.1, 3.1, 9))
def test_a_hand_down_has_the_yaw_it_was_given(yaw: float) -> None:
    pose = hand_down(np.array([0.4, 0.0, 0.1]), yaw)
    np.testing.assert_allclose(pose.rotation.apply([0.0, 0.0, 1.0]), [0.0, 0.0, -1.0], atol=1e-12)
    assert heading(pose) == pytest.approx(yaw)


def test_down_is_the_same_hand_a_quarter_turn_on() -> None:
    place = np.array([0.4, 0.0, 0.1])
    for yaw in np.linspace(-3.1, 3.1, 9):
        there = hand_down(place, yaw + np.pi / 2)
        np.testing.assert_allclose(down(place, yaw).as_matrix(), there.as_matrix(), atol=1e-15)
        assert closing_angle(there) == pytest.approx(yaw)


@pytest.mark.parametrize("name", ARMS)
def test_the_hand_heads_straight_at_home(name: str) -> None:
    model = arm(name)
    assert heading(kinematics.forward(model, model.home)) == pytest.approx(0.0, abs=1e-6)


def test_the_angle_between_grasps_does_not_count_half_turns() -> None:
    rng = np.random.default_rng(0)
    for first, second in rng.uniform(-6, 6, (200, 2)):
        angle = yaw_between(first, second)
        assert 0.0 <= angle <= np.pi / 2 + 1e-12
        assert angle == pytest.approx(yaw_between(second, first))
        assert angle == pytest.approx(yaw_between(first + np.pi, second))
        assert np.cos(2 * angle) == pytest.approx(np.cos(2 * (first - second)))


@pytest.mark.parametrize("direction", np.linspace(-np.pi, np.pi, 13))
def test_a_moving_object_is_closed_on_along_or_across_its_velocity(direction: float) -> None:
    state = lying(None, velocity=(0.3 * np.cos(direction), 0.3 * np.sin(direction)))
    along = grasp_pose(PANDA, None, state, moving=True, yaw=0.0)
    across = grasp_pose(PANDA, None, state, moving=True, yaw=0.0, closing="across")
    assert yaw_between(closing_angle(along), direction) < 1e-9
    assert yaw_between(closing_angle(across), direction) == pytest.approx(np.pi / 2)


@pytest.mark.parametrize("name", ["sponge", "cuboid", "marker", "hammer", "banana", "toy_car"])
def test_a_standing_object_is_closed_on_across_its_short_axis_however_it_lies(name: str) -> None:
    model = catalogue.load(name)
    first = closing_angle(grasp_pose(PANDA, model, lying(model), moving=False, yaw=0.0))
    for yaw in np.linspace(-3.0, 3.0, 11):
        pose = grasp_pose(PANDA, model, lying(model, yaw), moving=False, yaw=0.0)
        assert yaw_between(closing_angle(pose), first + yaw) <= 2 * ONE_DEGREE


def test_a_box_is_closed_on_across_its_short_side() -> None:
    sponge = catalogue.load("sponge")
    assert sponge.extent[1] < sponge.extent[0]
    pose = grasp_pose(PANDA, sponge, lying(sponge), moving=False, yaw=1.0)
    assert yaw_between(closing_angle(pose), np.pi / 2) <= ONE_DEGREE


@pytest.mark.parametrize("yaw", [-0.7, -0.2, 0.3, 0.7])
def test_of_a_cubes_two_ways_the_nearer_is_taken(yaw: float) -> None:
    cube = catalogue.load("cube")
    pose = grasp_pose(PANDA, cube, lying(cube), moving=False, yaw=yaw)
    assert abs(heading(pose)) <= ONE_DEGREE
    turned = grasp_pose(PANDA, cube, lying(cube), moving=False, yaw=yaw + np.pi / 2)
    assert heading(turned) == pytest.approx(np.pi / 2, abs=ONE_DEGREE)


@pytest.mark.parametrize("name", ["can", "ping_pong_ball", "tennis_ball", "apple", None])
@pytest.mark.parametrize("yaw", [-1.0, 0.123, 0.9])
def test_round_and_unknown_objects_leave_the_hand_as_it_is(name: str | None, yaw: float) -> None:
    model = catalogue.load(name) if name else None
    pose = grasp_pose(PANDA, model, lying(model, 0.4), moving=False, yaw=yaw)
    assert heading(pose) == pytest.approx(yaw)


def test_a_can_on_its_side_is_not_round() -> None:
    can = catalogue.load("can")
    state = lying(can, height=0.028)
    tipped = RigidTransform.from_components(state.position, Rotation.from_euler("x", np.pi / 2))
    (axis,) = short_axes(can, tipped.rotation)
    assert yaw_between(axis, 0.0) <= ONE_DEGREE


@pytest.mark.parametrize("model", [PANDA, PIPER], ids=lambda model: model.name)
def test_the_yaw_stays_in_the_last_joints_range_and_never_turns_more_than_it_must(model) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        azimuth, yaw, current = rng.uniform(-1.5, 1.5), rng.uniform(-7, 7), rng.uniform(-7, 7)
        position = 0.4 * np.array([np.cos(azimuth), np.sin(azimuth), 0.1])
        chosen = nearest_yaw(model, position, yaw, current)
        last_joint = model.home[-1] + azimuth - chosen
        assert model.lower[-1] < last_joint < model.upper[-1]
        assert yaw_between(chosen, yaw) == pytest.approx(0.0, abs=1e-9)
        assert nearest_yaw(model, position, yaw + np.pi, current) == pytest.approx(chosen)


def test_a_hand_that_is_near_keeps_its_side() -> None:
    position = np.array([0.4, 0.0, 0.1])
    for yaw in np.linspace(-1.9, 1.9, 21):
        assert nearest_yaw(PIPER, position, yaw + 0.05, yaw) == pytest.approx(yaw + 0.05)


def test_the_last_joints_sign_is_that_of_the_kinematics() -> None:
    joints = PANDA.home.copy()
    joints[0], joints[-1] = 0.3, PANDA.home[-1] + 0.5
    assert heading(kinematics.forward(PANDA, joints)) == pytest.approx(0.3 - 0.5, abs=1e-6)


@pytest.mark.parametrize(("centre", "expected"), [(0.05, 0.042), (0.016, 0.008), (0.0161, 0.0081), (0.005, 0.008)])
def test_the_tool_goes_a_little_below_the_centre_but_not_to_the_table(centre: float, expected: float) -> None:
    assert grasp_height(None, lying(None, height=centre), 0.045) == pytest.approx(expected)


@pytest.mark.parametrize("name", catalogue.names())
@pytest.mark.parametrize("model", [PANDA, PIPER], ids=lambda model: model.name)
def test_the_hand_stays_above_the_object_and_the_fingers_above_the_table(name: str, model) -> None:
    thing = catalogue.load(name)
    state = lying(thing)
    height = float(grasp_pose(model, thing, state, moving=False, yaw=0.0).translation[2])
    top = float(thing.vertices[:, 2].max()) + thing.rest_height
    lowest = max(thing.rest_height - BELOW_CENTRE, LOWEST)
    assert height == pytest.approx(max(lowest, top - finger_length(model)))


def test_a_longer_finger_reaches_lower() -> None:
    bottle = catalogue.load("bottle")
    reached = [grasp_height(bottle, lying(bottle), finger) for finger in (0.04, 0.06, 0.5)]
    assert reached[0] - reached[1] == pytest.approx(0.02)
    assert reached[2] == pytest.approx(bottle.rest_height - BELOW_CENTRE)


def test_a_hands_fingers_are_about_as_long_as_published() -> None:
    assert finger_length(PANDA) == pytest.approx(0.045, abs=0.01)
    assert finger_length(PIPER) == pytest.approx(0.09, abs=0.035)


@pytest.mark.parametrize("name", ["sponge", "cuboid", "cube"])
@pytest.mark.parametrize("turn", [0.0, 0.4, -1.1])
def test_a_boxs_width_is_its_sides(name: str, turn: float) -> None:
    box = catalogue.load(name)
    state = lying(box, turn)
    for yaw, side in ((turn, box.extent[1]), (turn + np.pi / 2, box.extent[0])):
        assert grasp_width(box, state, yaw, box.rest_height) == pytest.approx(side, abs=1.5e-3)


def test_a_balls_width_is_that_of_its_slice() -> None:
    ball = catalogue.load("ping_pong_ball")
    radius = ball.rest_height
    assert grasp_width(ball, lying(ball), 0.3, radius) == pytest.approx(2 * radius, abs=1e-3)
    # The band of the pads reaches down to 15 mm over the centre.
    assert grasp_width(ball, lying(ball), 0.3, radius + 0.025) == pytest.approx(
        2 * np.sqrt(radius**2 - 0.015**2), abs=2e-3
    )
    assert grasp_width(ball, lying(ball), 0.3, radius + 0.05) == 0.0


def test_the_width_does_not_change_when_object_and_hand_turn_together() -> None:
    mug = catalogue.load("mug")
    first = grasp_width(mug, lying(mug), 0.2, mug.rest_height)
    for turn in np.linspace(0, 6, 9):
        assert grasp_width(mug, lying(mug, turn), 0.2 + turn, mug.rest_height) == pytest.approx(first, abs=2e-3)


def test_what_the_fingers_must_clear_is_never_less_than_what_they_close_on() -> None:
    for name in catalogue.names():
        model = catalogue.load(name)
        for yaw in (0.0, 0.8, 1.6):
            height = max(model.rest_height - BELOW_CENTRE, LOWEST)
            closed, open_ = (law(model, lying(model), yaw, height) for law in (grasp_width, opening_width))
            assert closed <= open_


@pytest.mark.parametrize("name", catalogue.names())
def test_a_standing_object_fits_into_the_arms_that_can_grasp_it(name: str) -> None:
    model = catalogue.load(name)
    for arm_name in model.graspable_by:
        holder = arm(arm_name)
        pose = grasp_pose(holder, model, lying(model, 0.3), moving=False, yaw=0.0)
        height = float(pose.translation[2])
        assert 0.0 < grasp_width(model, lying(model, 0.3), heading(pose), height) < holder.gripper.max_width
        assert opening_width(model, lying(model, 0.3), heading(pose), height) < holder.gripper.max_width
