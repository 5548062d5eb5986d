"""The pose from all views at once, on painted pictures of things whose pose is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dynacollect.rig.nouns import Vector
from dynacollect.rig.objects import ObjectModel, load
from dynacollect.tracking.pose.follow import Seen
from dynacollect.tracking.pose.looks import Look
from dynacollect.tracking.pose.multiview import NEAR, Fit, Guess, fit
from dynacollect.tracking.pose.viewpoints import ViewpointModel, viewpoint_model
from dynacollect.tracking.shape import shape_of

from .painted import Thing, block, cameras, empty, look, paint

CAMERAS = cameras()
TABLES = [empty(camera) for camera in CAMERAS]
FOREKNOWN = np.diag(np.repeat([1 / 0.02**2, 1 / 0.2**2], 3))
OFF_M, OFF_RAD = 0.004, 0.05
CASES = 4
LONG = [pytest.param(name, marks=pytest.mark.long) for name in ("can", "banana", "tennis_ball")]


@dataclass(frozen=True, eq=False)
class Known:
    """A thing of the catalogue, without its print."""

    object: ObjectModel
    model: ViewpointModel

    def standing(self, rng: np.random.Generator, number: int) -> Thing:
        """In one of its rests, anywhere, in any colour."""
        rest = self.object.rests[number % len(self.object.rests)]
        turn = Rotation.from_rotvec([0, 0, rng.uniform(0, 2 * np.pi)]) * rest
        place = np.array([rng.uniform(0.3, 0.6), rng.uniform(-0.2, 0.2), self.object.rest_height_in(rest)])
        plain = replace(shape_of(self.object), face_colours=None)
        return Thing(plain, place, turn.as_matrix(), rng.uniform(30, 250, 3))


@cache
def known(name: str) -> Known:
    thing = load(name)
    return Known(thing, viewpoint_model(shape_of(thing)))


@pytest.fixture(scope="module")
def plain() -> ViewpointModel:
    return viewpoint_model(block((0.06, 0.04, 0.05)))


def looks_at(thing: Thing, seed: int) -> list[Look]:
    both = zip(CAMERAS, TABLES, strict=True)
    return [look(camera, table, paint(camera, table, [thing], seed=seed)) for camera, table in both]


def guess_near(thing: Thing, rng: np.random.Generator, time: float = 0.0, velocity: Vector | None = None) -> Guess:
    """The true pose, shifted and turned a little."""
    way = np.zeros(3) if velocity is None else velocity
    true = Guess(time, thing.place, thing.turn, FOREKNOWN, way, np.zeros(3))
    return true.moved(np.concatenate([rng.normal(0, OFF_M, 3), rng.normal(0, OFF_RAD, 3)]))


def fitted(model: ViewpointModel, looks: Sequence[Look], guess: Guess) -> Fit:
    found = fit(model, looks, guess)
    assert found is not None
    return found


def error(found: Fit, thing: Thing) -> Vector:
    """(6,) shift, m, and turn, rad."""
    turned = Rotation.from_matrix(found.guess.turn @ thing.turn.T).as_rotvec()
    return np.concatenate([found.guess.place - thing.place, turned])


def covariance(found: Fit) -> Vector:
    return np.linalg.inv(found.information + FOREKNOWN).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mug", *LONG])
def test_places_are_found_to_a_millimetre_and_errors_are_as_claimed(name: str) -> None:
    places, claims = [], []
    for number in range(CASES):
        rng = np.random.default_rng([number, 5])
        thing = known(name).standing(rng, number)
        found = fitted(known(name).model, looks_at(thing, number), guess_near(thing, rng))
        off = error(found, thing)
        places.append(1e3 * np.linalg.norm(off[:3]))
        claims.append(off @ np.linalg.solve(covariance(found), off) / 6)
        assert found.agreement > 0.9
    assert np.median(places) < 1.0
    assert max(places) < 2.5
    # Errors of shade and mesh come on top of the noise, and room is left for them.
    assert 0.03 < np.mean(claims) < 1.3


@pytest.mark.slow
def test_turning_about_the_axis_of_a_round_thing_is_not_told() -> None:
    rng = np.random.default_rng(1)
    thing = known("can").standing(rng, 0)
    found = fitted(known("can").model, looks_at(thing, 1), guess_near(thing, rng))
    axis = thing.turn @ np.asarray(known("can").object.symmetry.axis)
    sides = np.linalg.svd(axis[None])[2][1:]
    turns = found.information[3:, 3:]
    assert axis @ turns @ axis < 1e-2 * min(side @ turns @ side for side in sides)
    claimed = Seen(found, 1.0).estimate("can").covariance[3:, 3:]
    assert axis @ claimed @ axis > 20 * max(side @ claimed @ side for side in sides)


@pytest.mark.slow
def test_one_view_leaves_the_distance_open_and_says_so(plain: ViewpointModel) -> None:
    ratios, claims = [], []
    for number in range(CASES):
        rng = np.random.default_rng([number, 6])
        turn = Rotation.random(rng=rng).as_matrix()
        thing = Thing(plain.shape, rng.uniform((0.3, -0.2, 0.03), (0.6, 0.2, 0.1)), turn, np.array([200.0, 60.0, 40.0]))
        looks = looks_at(thing, number)
        one, both = (fitted(plain, part, guess_near(thing, rng)) for part in (looks[:1], looks))
        ray = (thing.place - looks[0].eye) / np.linalg.norm(thing.place - looks[0].eye)
        across = np.linalg.svd(ray[None])[2][1]
        alone, together = (np.linalg.inv(each.information + 1e-3 * np.eye(6))[:3, :3] for each in (one, both))
        ratios.append(
            np.sqrt([ray @ alone @ ray / (across @ alone @ across), ray @ alone @ ray / (ray @ together @ ray)])
        )
        off = error(one, thing)
        claims.append(off @ np.linalg.solve(covariance(one), off) / 6)
    assert np.median(ratios, axis=0).min() > 3.0
    assert 0.03 < np.mean(claims) < 1.3


@pytest.mark.slow
@pytest.mark.parametrize("apart", [0.0, 0.012])
def test_views_of_other_times_see_a_moving_thing_where_it_was(plain: ViewpointModel, apart: float) -> None:
    velocity, times = np.array([0.5, 0.8, 0.0]), (-0.5 * apart, 0.5 * apart)
    errors = []
    for number in range(CASES):
        rng = np.random.default_rng([number, 8])
        turn = Rotation.random(rng=rng).as_matrix()
        thing = Thing(plain.shape, rng.uniform((0.3, -0.2, 0.03), (0.6, 0.2, 0.1)), turn, np.array([40.0, 90.0, 200.0]))
        looks = []
        for camera, table, time in zip(CAMERAS, TABLES, times, strict=True):
            then = replace(thing, place=thing.place + time * velocity)
            looks.append(look(camera, table, paint(camera, table, [then], seed=number), time))
        errors.append(error(fitted(plain, looks, guess_near(thing, rng, velocity=velocity)), thing)[:3])
    assert np.abs(np.mean(errors, axis=0)).max() < 0.4e-3
    assert np.median(np.linalg.norm(errors, axis=1)) < 1e-3


def test_a_thing_that_is_not_there_is_not_agreed_with(plain: ViewpointModel) -> None:
    thing = Thing(plain.shape, np.array([0.45, 0.0, 0.05]), np.eye(3), np.full(3, 200.0))
    looks = [look(camera, table, paint(camera, table, [])) for camera, table in zip(CAMERAS, TABLES, strict=True)]
    assert fit(plain, looks, guess_near(thing, np.random.default_rng(0)), NEAR) is None
    behind = replace(thing, place=np.array([3.0, 3.0, 3.0]))
    assert fit(plain, looks, guess_near(behind, np.random.default_rng(0))) is None


def test_what_the_pictures_do_not_tell_stays_as_it_was_known(plain: ViewpointModel) -> None:
    rng = np.random.default_rng(2)
    thing = Thing(plain.shape, np.array([0.45, 0.0, 0.05]), np.eye(3), np.array([200.0, 60.0, 40.0]))
    held = replace(guess_near(thing, rng), information=FOREKNOWN * 1e8)
    assert error(fitted(plain, looks_at(thing, 0), held), thing) == pytest.approx(
        error(Fit(held, FOREKNOWN, 1.0, 0.0), thing), abs=1e-5
    )
