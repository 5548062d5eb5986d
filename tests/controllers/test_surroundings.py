"""Reach with room to brake, and free spots in a container."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.machine import Observation, Scene
from dynacollect.controllers.surroundings import (
    BRAKING_M,
    BRAKING_SPEED,
    EDGE_M,
    ROOMY_M,
    Workspace,
    bottom,
    in_container,
    release_pose,
    top,
)
from dynacollect.controllers.tasks import TASKS
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.nouns import ArmState, ObjectState, Vector
from dynacollect.rig.objects import catalogue

ARM = ARMS["franka-panda"]
SPACE = Workspace(ARM, (0.2, -0.4, 0.0), (0.8, 0.4, 0.6))
CONTAINERS = catalogue.names("container")


def test_a_slow_hand_may_go_nearer_to_the_walls() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform((0.1, -0.5, 0.0), (0.9, 0.5, 0.3), (2000, 3))
    held = [SPACE.holds(places, speed) for speed in (0.0, 0.1, 0.2, BRAKING_SPEED, 2.0)]
    for slower, faster in pairwise(held):
        assert np.all(slower | ~faster)
    assert held[0].sum() > held[-1].sum()
    np.testing.assert_array_equal(held[-1], held[-2])
    np.testing.assert_array_equal(held[-1], SPACE.holds(places))


@pytest.mark.parametrize(("speed", "room"), [(0.0, EDGE_M), (0.5, BRAKING_M), (0.15, 0.5 * (EDGE_M + BRAKING_M))])
def test_the_room_to_brake_grows_with_the_speed(speed: float, room: float) -> None:
    at = np.array([[0.5, 0.4 - room - 1e-6, 0.1], [0.5, 0.4 - room + 1e-6, 0.1]])
    np.testing.assert_array_equal(SPACE.holds(at, speed), [True, False])


def test_the_nearest_workable_place_is_workable() -> None:
    rng = np.random.default_rng(1)
    for place in rng.uniform((0.1, -0.6, 0.05), (1.2, 0.6, 0.3), (200, 3)):
        near = SPACE.nearest(place)
        assert near[2] == place[2]
        assert SPACE.holds(SPACE.inside(near)[None], 0.0)[0]


def put(name: str, place: Vector) -> ObjectState:
    pose = RigidTransform.from_translation([*place, catalogue.load(name).rest_height])
    return ObjectState(name, pose, np.zeros(3), np.zeros(3), np.zeros((12, 12)), 0.0)


def scene(task: str, container: str) -> Scene:
    names = {"container": container, **{f"target-{number}": "apple" for number in range(3)}}
    models = {key: catalogue.load(name) for key, name in names.items()}
    return Scene(ARM, TASKS[task], models, tuple(key for key in models if key != "container"))  # pyright: ignore[reportArgumentType]


def holding(container: str, placed: list[Vector]) -> Observation:
    """The last apple is in the hand, the ones before lie in the container."""
    tool = kinematics.forward(ARM, ARM.home)
    arm = ArmState(ARM.home, np.zeros(7), np.zeros(7), tool, 0.05, 30.0, 0.0, 0.0)
    middle = np.array([0.5, 0.2])
    held = ObjectState(
        "apple", RigidTransform.from_translation(tool.translation), np.zeros(3), np.zeros(3), np.eye(12), 0.0
    )
    objects = {"container": put(container, middle), f"target-{len(placed)}": held}
    model = catalogue.load(container)
    assert model.zone is not None
    for number, local in enumerate(placed):
        height = model.rest_height + 0.5 * (model.zone.low + model.zone.high)
        pose = RigidTransform.from_translation([*(middle + local), height])
        objects[f"target-{number}"] = ObjectState("apple", pose, np.zeros(3), np.zeros(3), np.eye(12), 0.0)
    return Observation(0.0, arm, objects, f"target-{len(placed)}", "container")


def spot(task: str, container: str, placed: list[Vector]) -> Vector:
    """Where in the container the held apple goes, level."""
    seen = holding(container, placed)
    assert all(in_container(scene(task, container), seen, f"target-{number}") for number in range(len(placed)))
    pose = release_pose(scene(task, container), seen, seen.target, Rotation.identity(), 0.0)
    assert pose is not None
    return np.asarray(pose.translation)[:2] - (0.5, 0.2)


def room(container: str) -> Vector:
    """Half of what a container is wide, (2,)."""
    zone = catalogue.load(container).zone
    assert zone is not None
    return np.array(zone.half if zone.half is not None else (zone.radius, zone.radius))


@pytest.mark.parametrize("container", CONTAINERS)
def test_an_only_object_goes_into_the_middle(container: str) -> None:
    np.testing.assert_allclose(spot("place", container, []), 0.0, atol=1e-12)


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_spot_is_inside_and_as_far_off_as_can_be(container: str) -> None:
    """What lies there at one end leaves the other; an object between two others would be nearer to them."""
    half, taken = room(container), []
    for _ in range(3):
        found = spot("long-horizon", container, taken)
        assert np.all(np.abs(found) <= half + 1e-9)
        if taken:
            gaps = np.linalg.norm(found - np.array(taken), axis=1)
            assert gaps.min() >= min(0.06, 0.5 * float(half.max()))
        taken.append(0.9 * found)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_first_of_several_leaves_one_end_free(container: str) -> None:
    """Unless the middle does so already."""
    breadth = 0.5 * float(np.sort(catalogue.load("apple").extent)[1])
    spare = float(room(container).max()) - breadth
    moved = float(np.linalg.norm(spot("long-horizon", container, [])))
    assert moved > 0.2 * spare or spare > ROOMY_M - 0.01


@pytest.mark.parametrize("name", ["apple", "mug", "cuboid"])
def test_top_and_bottom_are_where_the_vertices_are(name: str) -> None:
    rng, model = np.random.default_rng(2), catalogue.load(name)
    known = Scene(ARM, TASKS["pick"], {"target": model})
    for turn in Rotation.random(10, rng=rng):
        pose = RigidTransform.from_components([0.5, 0.0, 0.1], turn)
        here = ObjectState(name, pose, np.zeros(3), np.zeros(3), np.eye(12), 0.0)
        heights = pose.apply(model.vertices)[:, 2]
        assert top(known, "target", here) == pytest.approx(heights.max(), abs=1e-12)
        assert bottom(known, "target", here) == pytest.approx(heights.min(), abs=1e-12)
