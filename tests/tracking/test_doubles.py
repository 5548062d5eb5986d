"""Objects that look nearly the same turned round, and how pictures decide which way they are turned."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from dynacollect.rig.nouns import Vector
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.pose.doubles import ENOUGH, SecondOpinion, doubles
from dynacollect.tracking.pose.follow import Seen, seen_at
from dynacollect.tracking.pose.looks import Look
from dynacollect.tracking.pose.multiview import Guess
from dynacollect.tracking.pose.viewpoints import ViewpointModel, viewpoint_model
from dynacollect.tracking.shape import Shape

from .painted import WHITE, Pixels, Thing, block, cameras, empty, look, mask_of, paint

CAMERAS = cameras()
TABLES = [empty(camera) for camera in CAMERAS]
SIDES = np.array([(220, 40, 40), (40, 60, 220), (40, 180, 60), (230, 200, 40), (230, 230, 230), (40, 40, 40)], np.uint8)
QUESTIONS = 6


@pytest.fixture(scope="module")
def box() -> ViewpointModel:
    """One that only its colours tell from itself turned by half a turn; nobody noted its symmetry."""
    return viewpoint_model(block((0.09, 0.06, 0.045), SIDES))


def pictures(thing: Thing, seed: int) -> tuple[list[Look], dict[str, Pixels]]:
    both = zip(CAMERAS, TABLES, strict=True)
    looks = [look(camera, table, paint(camera, table, [thing], seed=seed)) for camera, table in both]
    return looks, {camera.name: mask_of(camera, thing) for camera in CAMERAS}


def believed(
    model: ViewpointModel, thing: Thing, turn: Vector, seed: int
) -> tuple[list[Look], dict[str, Pixels], Seen]:
    looks, masks = pictures(thing, seed)
    guess = Guess(0.0, thing.place, turn, 1e3 * np.eye(6), np.zeros(3), np.zeros(3))
    seen = seen_at(model, looks, masks, guess)
    assert seen is not None
    return looks, masks, seen


@pytest.mark.slow
def test_a_box_has_its_half_turns_for_doubles_and_a_ball_none(box: ViewpointModel) -> None:
    angles = Rotation.from_matrix(doubles(box)).magnitude()
    assert np.count_nonzero(angles > np.deg2rad(170)) >= 3
    ball = trimesh.creation.icosphere(2, 0.03)
    shape = Shape("ball", np.asarray(ball.vertices), np.asarray(ball.faces, np.int32), Symmetry("sphere"))
    assert len(doubles(viewpoint_model(shape))) == 0


@pytest.mark.slow
def test_what_the_symmetry_says_is_no_double(box: ViewpointModel) -> None:
    halves = tuple(Rotation.from_rotvec(np.pi * axis) for axis in np.eye(3))
    plain = block((0.09, 0.06, 0.045))
    known = Shape(plain.name, plain.vertices, plain.faces, Symmetry("discrete", rotations=halves))
    angles = Rotation.from_matrix(doubles(viewpoint_model(known))).magnitude()
    assert not np.any(angles > np.deg2rad(170))


@pytest.mark.slow
def test_a_long_thing_with_a_head_has_no_double_that_brings_its_head_to_its_foot() -> None:
    parts = [trimesh.creation.box((0.2, 0.015, 0.015)), trimesh.creation.box((0.03, 0.06, 0.06))]
    parts[1].apply_translation((0.1, 0.0, 0.0))
    mesh = trimesh.boolean.union(parts)
    found = doubles(
        viewpoint_model(Shape("mallet", np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32), Symmetry()))
    )
    assert len(found)
    assert np.all(found[:, 0, 0] > 0.9), "each keeps the long axis"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_half_turn_is_taken_back_and_a_right_one_kept(box: ViewpointModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec([0.0, 0.0, rng.uniform(-np.pi, np.pi)]).as_matrix()
    lowest = (box.shape.vertices @ turn.T)[:, 2].min()
    thing = Thing(box.shape, np.array([0.45, rng.uniform(-0.1, 0.1), -lowest]), turn, WHITE)
    opinion, kept = SecondOpinion(doubles(box)), turn
    for number in range(QUESTIONS):
        won = opinion.ask(box, *believed(box, thing, kept, 100 * seed + number))
        kept = kept if won is None else won.fit.guess.turn
    assert angle(kept, turn) < np.deg2rad(5), "a right one is kept"
    opinion, kept, changes = SecondOpinion(doubles(box)), turn @ np.diag([-1.0, -1.0, 1.0]), []
    for number in range(4 * QUESTIONS):
        won = opinion.ask(box, *believed(box, thing, kept, 100 * seed + number))
        if won is not None:
            kept = won.fit.guess.turn
            changes.append(number)
    assert angle(kept, turn) < np.deg2rad(5)
    assert changes[0] + 1 >= ENOUGH
    assert len(changes) < 4


def angle(one: Vector, other: Vector) -> float:
    """rad."""
    return float(Rotation.from_matrix(one @ other.T).magnitude())
