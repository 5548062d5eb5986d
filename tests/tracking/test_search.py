"""Objects found from masks alone, in whatever rest, and told front from back by their colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from dynacollect.rig.nouns import Vector
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.pose.colouring import colours_fit
from dynacollect.tracking.pose.looks import Look
from dynacollect.tracking.pose.search import Found, resting, search
from dynacollect.tracking.pose.viewpoints import ViewpointModel, viewpoint_model
from dynacollect.tracking.shape import Shape

from .painted import WHITE, Pixels, Thing, block, cameras, empty, look, mask_of, paint

CAMERAS = cameras()
TABLES = [empty(camera) for camera in CAMERAS]
SIDES = np.array([(220, 40, 40), (40, 60, 220), (40, 180, 60), (230, 200, 40), (230, 230, 230), (40, 40, 40)], np.uint8)
BLUE = np.array([50.0, 80.0, 200.0])


def hook() -> Shape:
    """A thing that looks the same from no two sides."""
    parts = [trimesh.creation.box((0.09, 0.03, 0.03)), trimesh.creation.box((0.03, 0.06, 0.03))]
    parts[1].apply_translation((0.03, 0.03, 0.0))
    parts.append(trimesh.creation.box((0.025, 0.025, 0.05)))
    parts[2].apply_translation((-0.03, 0.0, 0.02))
    mesh = trimesh.boolean.union(parts)
    return Shape("hook", np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32), Symmetry())


@pytest.fixture(scope="module")
def hooked() -> ViewpointModel:
    return viewpoint_model(hook())


@pytest.fixture(scope="module")
def coloured() -> ViewpointModel:
    """A box that only its colours tell from itself turned by half a turn."""
    return viewpoint_model(block((0.09, 0.06, 0.045), SIDES))


def stands(shape: Shape, turn: Vector, x: float, y: float, colour: Vector, above: float = 0.0) -> Thing:
    lowest = (shape.vertices @ turn.T)[:, 2].min()
    return Thing(shape, np.array([x, y, above - lowest]), turn, colour)


def seen(thing: Thing, seed: int = 0) -> tuple[list[Look], dict[str, Pixels]]:
    both = zip(CAMERAS, TABLES, strict=True)
    looks = [look(camera, table, paint(camera, table, [thing], seed=seed)) for camera, table in both]
    return looks, {camera.name: mask_of(camera, thing) for camera in CAMERAS}


def angle(one: Vector, other: Vector) -> float:
    """rad."""
    return float(Rotation.from_matrix(one @ other.T).magnitude())


def found_in(model: ViewpointModel, looks: list[Look], masks: dict[str, Pixels]) -> Found:
    found = search(model, resting(model.shape), looks, masks, 0.0)
    assert found is not None
    return found


def yawed(turn: Vector, yaw: float) -> Vector:
    return Rotation.from_rotvec([0.0, 0.0, yaw]).as_matrix() @ turn


@pytest.mark.slow
def test_things_on_the_table_are_found_from_their_masks(hooked: ViewpointModel) -> None:
    rng = np.random.default_rng(4)
    sides = resting(hooked.shape).turns[::36]
    turned, off = [], []
    for number in range(6):
        turn = yawed(sides[number % len(sides)], rng.uniform(0, 2 * np.pi))
        thing = stands(hooked.shape, turn, rng.uniform(0.3, 0.6), rng.uniform(-0.2, 0.2), BLUE)
        found = found_in(hooked, *seen(thing, number))
        turned.append(angle(found.fit.guess.turn, turn))
        off.append(1e3 * np.linalg.norm(found.fit.guess.place - thing.place))
    assert np.mean(np.rad2deg(turned) < 5) > 0.8, np.rad2deg(turned).round()
    assert np.median(off) < 1.5


@pytest.mark.slow
def test_things_in_the_air_are_found_where_they_are(hooked: ViewpointModel) -> None:
    rng = np.random.default_rng(4)
    for number, turn in enumerate(Rotation.random(3, rng=rng).as_matrix()):
        thing = stands(hooked.shape, turn, rng.uniform(0.3, 0.6), rng.uniform(-0.2, 0.2), BLUE, above=0.15)
        found = found_in(hooked, *seen(thing, number))
        # Two views of a shape of one colour do not always tell how it is turned.
        assert np.linalg.norm(found.fit.guess.place - thing.place) < 0.03
        assert found.overlap > 0.7


@pytest.mark.slow
def test_a_symmetric_thing_is_found_up_to_its_symmetry(coloured: ViewpointModel) -> None:
    plain = replace(coloured.shape, face_colours=None)
    model = replace(coloured, shape=plain)
    thing = stands(plain, yawed(np.eye(3), 0.8), 0.45, 0.1, BLUE)
    found = found_in(model, *seen(thing))
    same = [thing.turn @ np.diag(signs) for signs in ([1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1])]
    assert min(angle(found.fit.guess.turn, turn) for turn in same) < np.deg2rad(3)
    assert found.colours == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("camera", [0, 1])
def test_one_mask_gives_a_place_on_a_known_table(hooked: ViewpointModel, camera: int) -> None:
    thing = stands(hooked.shape, yawed(resting(hooked.shape).turns[0], 1.0), 0.45, 0.05, BLUE)
    looks, masks = seen(thing)
    one, own = [looks[camera]], {f"cam{camera}": masks[f"cam{camera}"]}
    found = search(hooked, resting(hooked.shape), one, own, 0.0, table_z=0.0)
    assert found is not None
    assert np.linalg.norm(found.fit.guess.place - thing.place) < 0.008
    # Higher up it looks the same from nearer by.
    raised = search(hooked, resting(hooked.shape), one, own, 0.0, table_z=0.1)
    assert raised is None or raised.fit.guess.place[2] > 0.07
    assert search(hooked, resting(hooked.shape), one, own, 0.0) is None


@pytest.mark.slow
def test_what_one_picture_cuts_off_is_found_with_the_other(hooked: ViewpointModel) -> None:
    rests = resting(hooked.shape)
    thing = stands(hooked.shape, yawed(rests.turns[0], 1.0), 0.45, 0.05, BLUE)
    looks, masks = seen(thing)
    columns = np.flatnonzero(masks["cam1"].any(axis=0))
    middle = int(columns.mean())
    view = looks[1]
    # The same camera with a picture that ends in the middle of the object.
    narrow = replace(
        view, camera=replace(view.camera, width=middle), frame=replace(view.frame, image=view.frame.image[:, :middle])
    )
    cut = {"cam0": masks["cam0"], "cam1": masks["cam1"][:, :middle]}
    found = search(hooked, rests, [looks[0], narrow], cut, 0.0, table_z=0.0)
    assert found is not None
    assert np.linalg.norm(found.fit.guess.place - thing.place) < 0.004


def test_without_masks_nothing_is_found(hooked: ViewpointModel) -> None:
    looks, masks = seen(stands(hooked.shape, np.eye(3), 0.45, 0.0, BLUE))
    rests = resting(hooked.shape)
    assert search(hooked, rests, looks, {}, 0.0) is None
    nothing = {name: np.zeros_like(mask) for name, mask in masks.items()}
    assert search(hooked, rests, looks, nothing, 0.0) is None
    assert search(hooked, rests, looks, nothing, 0.0, table_z=0.0) is None


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_colours_tell_the_front_from_the_back(coloured: ViewpointModel, number: int) -> None:
    rng = np.random.default_rng(number)
    turn = yawed(np.eye(3), rng.uniform(0, 2 * np.pi))
    # As another camera in another light shows them.
    thing = stands(coloured.shape, turn, rng.uniform(0.3, 0.6), rng.uniform(-0.2, 0.2), WHITE * rng.uniform(0.5, 1, 3))
    looks, masks = seen(thing, number)
    assert angle(found_in(coloured, looks, masks).fit.guess.turn, turn) < np.deg2rad(5)
    wrong = [turn @ np.diag(signs) for signs in ([-1, -1, 1], [-1, 1, -1], [1, -1, -1])]
    shares = [[colours_fit(coloured, view, thing.place, each) for each in (turn, *wrong)] for view in looks]
    assert all(share is not None for row in shares for share in row)
    right, *others = np.array(shares, float).mean(axis=0)
    assert right > max(others)


@pytest.mark.slow
def test_colours_say_nothing_where_there_are_none_to_see(hooked: ViewpointModel, coloured: ViewpointModel) -> None:
    thing = stands(coloured.shape, np.eye(3), 0.45, 0.0, WHITE)
    view = seen(thing)[0][0]
    assert colours_fit(hooked, view, thing.place, thing.turn) is None
    covered = view.behind(np.ones(TABLES[0].shape[:2], bool))
    assert colours_fit(coloured, covered, thing.place, thing.turn) is None
    assert colours_fit(coloured, view, view.eye - view.turn[2], thing.turn) is None


def test_stable_sides_of_a_box_are_its_six_or_fewer() -> None:
    shape = block((0.09, 0.06, 0.045))
    rests = resting(shape)
    turns = rests.turns
    lowest = (turns[:, 2] @ shape.vertices.T).min(axis=1)
    assert rests.heights + lowest == pytest.approx(0.0, abs=1e-9), "the middle of a box stands over its lowest point"
    assert len(turns) % 36 == 0
    assert np.linalg.det(turns) == pytest.approx(1.0)
    upright = np.abs(turns[:, 2])
    assert upright.max(axis=1) == pytest.approx(1.0, abs=1e-6)
    # It lies on its largest sides more often than it stands on the smallest.
    assert {int(axis) for axis in upright.argmax(axis=1)} >= {1, 2}
