"""Corners and poses of drawn tags against the truth, in sigmas of what they claim of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.nouns import PoseEstimate, Vector
from dynacollect.tracking.tags.adjust import Corners, Problem
from dynacollect.tracking.tags.description import Tag, TagFile
from dynacollect.tracking.tags.joint import LENS_PX, TagPose, pose_of_tags
from dynacollect.tracking.tags.sighting import Finder, Sighting

from .tag_pictures import GREY, camera, draw

LENS = (-0.28, 0.09, 0.001, -0.001)
SIDES = {"front": camera("front", (1.0, 0.05, 0.7), distortion=LENS), "left": camera("left", (0.35, 0.8, 0.6))}
ABOVE = {"above": camera("above", (0.45, 0.01, 1.0))}


def file_of(*tags: tuple[int, float, Sequence[float], Rotation], dictionary: str = "DICT_4X4_50") -> TagFile:
    """An object `box` with tags: number, size, place and turn."""
    rows = [
        {"id": number, "size_m": size, "T_object_tag": {"translation": place, "quaternion": turn.as_quat().tolist()}}
        for number, size, place, turn in tags
    ]
    return TagFile.model_validate({"dictionary": dictionary, "objects": {"box": rows}})


FLAT = Rotation.identity()
ONE = file_of((3, 0.045, [0.0, 0.0, 0.0], FLAT))


@cache
def finder(dictionary: str) -> Finder:
    return Finder(dictionary)


def seen_in(
    views: Iterable[CameraModel], file: TagFile, pose: RigidTransform, seed: int, blur: float = 0.6
) -> list[Corners]:
    """The tags of the box that pictures show."""
    owners, found = file.owners, []
    for number, view in enumerate(views):
        image = draw(view, file, {"box": pose}, seed=31 * seed + number, blur=blur)
        found += [Corners(owners[one.id][1], one, view) for one in finder(file.dictionary).find(image, view)]
    return found


def somewhere(rng: np.random.Generator, tilt: float = 0.4) -> RigidTransform:
    place = np.array([0.45, 0.0, 0.05]) + rng.uniform([-0.12, -0.12, 0.0], [0.12, 0.12, 0.05])
    return RigidTransform.from_components(place, Rotation.from_rotvec(rng.uniform(-tilt, tilt, 3)))


def off(estimate: PoseEstimate, pose: RigidTransform) -> Vector:
    """(6,) in m and rad."""
    turned = estimate.T_base_object.rotation * pose.rotation.inv()
    return np.concatenate([estimate.T_base_object.translation - pose.translation, turned.as_rotvec()])


def sigmas(estimate: PoseEstimate, pose: RigidTransform) -> float:
    """Squared, per degree of freedom: 1 on average for an honest covariance."""
    error = off(estimate, pose)
    return float(error @ np.linalg.solve(estimate.covariance, error)) / 6


def told(pose: TagPose | None) -> TagPose:
    assert pose is not None
    return pose


def true_corners(one: Corners, pose: RigidTransform) -> Vector:
    """As a lens without distortion would have them."""
    local = one.camera.T_base_camera().inv().apply(pose.apply(one.tag.corners)) @ one.camera.K.T
    return local[:, :2] / local[:, 2:]


@pytest.mark.slow
@pytest.mark.parametrize(("dictionary", "size"), [("DICT_4X4_50", 0.05), ("DICT_APRILTAG_36H11", 0.07)])
def test_corners_are_off_by_what_they_claim(dictionary: str, size: float) -> None:
    file = file_of((3, size, [0.0, 0.0, 0.0], FLAT), dictionary=dictionary)
    rng, errors, squares = np.random.default_rng(1), [], []
    for seed in range(10):
        pose = somewhere(rng, 0.3)
        for one in seen_in(SIDES.values(), file, pose, seed):
            error = (one.sighting.corners - true_corners(one, pose)).ravel()
            errors.append(error)
            squares.append(error @ np.linalg.solve(one.sighting.covariance, error) / 8)
    assert len(errors) >= 18
    assert np.sqrt(np.mean(np.square(errors))) < 0.035
    assert 0.5 < np.median(squares) < 1.5
    assert np.mean(squares) < 3.0


def test_blur_moves_no_corner() -> None:
    file, rng, errors = file_of((3, 0.06, [0.0, 0.0, 0.0], FLAT)), np.random.default_rng(11), []
    for seed in range(6):
        pose = somewhere(rng, 0.3)
        for one in seen_in(SIDES.values(), file, pose, seed, blur=1.2):
            errors.append(one.sighting.corners - true_corners(one, pose))
    assert len(errors) >= 8
    assert np.sqrt(np.mean(np.square(errors))) < 0.035


@pytest.mark.slow
def test_poses_are_off_by_what_they_claim() -> None:
    rng, errors, squares = np.random.default_rng(2), [], []
    for seed in range(20):
        pose = somewhere(rng)
        estimate = told(pose_of_tags("box", seen_in(SIDES.values(), ONE, pose, seed), 0.0, lens_px=0.0)).estimate
        errors.append(np.abs(off(estimate, pose)))
        squares.append(sigmas(estimate, pose))
    assert 1e3 * np.median(errors, axis=0)[:3].max() < 0.05
    assert np.rad2deg(np.median(errors, axis=0)[3:].max()) < 0.15
    assert 0.4 < np.mean(squares) < 1.8
    assert np.max(squares) < 8.0


def test_what_lens_and_print_get_wrong_is_in_the_covariance_and_lasts() -> None:
    pose = somewhere(np.random.default_rng(3))
    seen = seen_in(SIDES.values(), ONE, pose, 1)
    fine, rough = (told(pose_of_tags("box", seen, 0.0, lens_px=lens)) for lens in (0.0, 0.3))
    assert np.trace(rough.lasting[:3, :3]) > 25 * np.trace(fine.estimate.covariance[:3, :3])
    assert rough.fresh + rough.lasting == pytest.approx(rough.estimate.covariance, abs=1e-12)
    assert np.linalg.eigvalsh(rough.fresh).min() > 0


def tilted(rng: np.random.Generator) -> RigidTransform:
    """Nearly facing the camera above, in which direction is hard to tell."""
    axis = rng.normal(size=2)
    lean = Rotation.from_rotvec([*(rng.uniform(0.1, 0.4) * axis / np.linalg.norm(axis)), 0.0])
    place = rng.uniform([0.35, -0.1, 0.05], [0.55, 0.1, 0.05])
    return RigidTransform.from_components(place, lean * Rotation.from_euler("z", rng.uniform(-3, 3)))


def jittered(one: Corners, rng: np.random.Generator) -> Corners:
    """Off by what lens and print are said to get wrong."""
    corners = one.sighting.corners + rng.normal(0, LENS_PX, (4, 2))
    return Corners(one.tag, Sighting(one.sighting.id, corners, one.sighting.covariance), one.camera)


@pytest.mark.slow
def test_a_tag_that_may_be_tilted_two_ways_says_so() -> None:
    small, rng = file_of((3, 0.03, [0.0, 0.0, 0.0], FLAT)), np.random.default_rng(4)
    flips, claims, squares, health = [], [], [], []
    for seed in range(50):
        pose = tilted(rng)
        seen = [jittered(one, rng) for one in seen_in(ABOVE.values(), small, pose, seed)]
        found = told(pose_of_tags("box", seen, 0.0))
        flips.append(np.linalg.norm(off(found.estimate, pose)[3:]) > 0.25)
        claims.append(found.rival)
        squares.append(sigmas(found.estimate, pose))
        health.append(found.estimate.health)
    assert 0.05 < np.mean(flips) < 0.35
    assert np.mean(flips) - 0.06 < np.mean(claims) < np.mean(flips) + 0.25
    assert np.mean(squares) < 1.5
    assert np.corrcoef(claims, health)[0, 1] < -0.99


@pytest.mark.slow
def test_a_second_view_tells_which_way_it_is_tilted() -> None:
    small, rng = file_of((3, 0.035, [0.0, 0.0, 0.0], FLAT)), np.random.default_rng(5)
    views = {**ABOVE, **SIDES}
    for seed in range(8):
        pose = tilted(rng)
        seen = [jittered(one, rng) for one in seen_in(views.values(), small, pose, seed)]
        assert len(seen) >= 2
        found = told(pose_of_tags("box", seen, 0.0))
        assert found.rival < 1e-3
        assert np.rad2deg(np.linalg.norm(off(found.estimate, pose)[3:])) < 4.0
        assert found.estimate.health > 0.9


HALF = 0.03
UPRIGHT = Rotation.from_euler("x", 90, degrees=True)
BACK_TO_BACK = file_of(
    (1, 0.05, [0.0, -HALF, 0.0], UPRIGHT),
    (2, 0.05, [0.0, HALF, 0.0], Rotation.from_euler("z", 180, degrees=True) * UPRIGHT),
)


def test_tags_on_opposite_sides_that_no_camera_sees_together_make_one_pose() -> None:
    views = [camera("right", (0.45, -0.7, 0.3)), camera("left", (0.5, 0.75, 0.35), distortion=LENS)]
    pose = RigidTransform.from_components([0.45, 0.0, 0.05], Rotation.from_euler("z", 0.15))
    seen = seen_in(views, BACK_TO_BACK, pose, 1)
    assert [(one.camera.name, one.sighting.id) for one in seen] == [("right", 1), ("left", 2)]
    both = told(pose_of_tags("box", seen, 0.0, lens_px=0.0))
    assert 1e3 * np.linalg.norm(off(both.estimate, pose)[:3]) < 0.1
    assert np.rad2deg(np.linalg.norm(off(both.estimate, pose)[3:])) < 0.2
    assert sigmas(both.estimate, pose) < 3.5
    for one in seen:
        alone = told(pose_of_tags("box", [one], 0.0, lens_px=0.0))
        assert np.trace(alone.estimate.covariance[:3, :3]) > 5 * np.trace(both.estimate.covariance[:3, :3])
        assert sigmas(alone.estimate, pose) < 3.5


def test_an_object_on_the_move_is_brought_to_one_time() -> None:
    velocity, spin = np.array([0.1, -0.5, 0.0]), np.array([0.0, 0.0, 2.0])
    lags = {"front": -0.01, "left": 0.01}
    pose = somewhere(np.random.default_rng(6))
    seen = []
    for name, lag in lags.items():
        there = RigidTransform.from_components(
            pose.translation + lag * velocity, Rotation.from_rotvec(lag * spin) * pose.rotation
        )
        seen += [Corners(one.tag, one.sighting, one.camera, lag) for one in seen_in([SIDES[name]], ONE, there, 7)]
    known = told(pose_of_tags("box", seen, 0.0, velocity=velocity, spin=spin)).estimate
    assert 1e3 * np.linalg.norm(off(known, pose)[:3]) < 0.2
    guessed = told(pose_of_tags("box", seen, 0.0, unsure=np.diag([0.5**2] * 3 + [2.0**2] * 3))).estimate
    assert 1e3 * np.linalg.norm(off(guessed, pose)[:3]) > 1.0
    assert sigmas(guessed, pose) < 2.0


def test_a_tag_that_has_come_off_is_left_out() -> None:
    flat = [(number, 0.04, [x, y, 0.0], FLAT) for number, x, y in ((1, -0.06, 0.0), (2, 0.0, 0.06), (5, 0.06, 0.0))]
    believed = file_of(*flat)
    real = file_of(*flat[:2], (5, 0.04, [0.06, -0.012, 0.0], FLAT))
    pose = somewhere(np.random.default_rng(8), 0.2)
    owners = believed.owners
    seen = [
        Corners(owners[one.sighting.id][1], one.sighting, one.camera) for one in seen_in(SIDES.values(), real, pose, 2)
    ]
    assert len(seen) == 6
    found = told(pose_of_tags("box", seen, 0.0))
    assert found.used == 4
    assert found.estimate.health == pytest.approx(4 / 6, abs=0.01)
    assert 1e3 * np.linalg.norm(off(found.estimate, pose)[:3]) < 0.3


def test_views_that_contradict_each_other_are_not_believed() -> None:
    pose = somewhere(np.random.default_rng(9))
    moved = RigidTransform.from_components(np.asarray(pose.translation) + np.array([0.0, 0.0, 0.02]), pose.rotation)
    seen = seen_in([SIDES["front"]], ONE, pose, 1) + seen_in([SIDES["left"]], ONE, moved, 2)
    found = told(pose_of_tags("box", seen, 0.0))
    assert found.estimate.health < 0.2
    assert np.sqrt(found.estimate.covariance[2, 2]) > 0.002


def test_a_number_that_is_there_twice_is_nobodys() -> None:
    pair = {"a": [{"id": 3, "size_m": 0.05}], "b": [{"id": 4, "size_m": 0.05}]}
    file = TagFile.model_validate({"dictionary": "DICT_4X4_50", "objects": pair})
    here, between, there = (RigidTransform.from_translation([0.45, y, 0.05]) for y in (-0.15, 0.0, 0.15))
    view = SIDES["front"]
    once = draw(view, file, {"a": here, "b": between})
    assert sorted(one.id for one in finder("DICT_4X4_50").find(once, view)) == [3, 4]
    # Nothing but grey paper is lighter or darker than the two pictures have it.
    again = draw(view, file, {"a": there})
    twice = np.where(np.abs(again - GREY) > np.abs(once - GREY), again, once).astype(np.uint8)
    assert [one.id for one in finder("DICT_4X4_50").find(twice, view)] == [4]


def test_nothing_seen_is_no_pose() -> None:
    assert pose_of_tags("box", [], 0.0) is None


def test_slopes_are_those_of_the_residuals() -> None:
    rng = np.random.default_rng(10)
    tag = Tag.model_validate({"id": 0, "size_m": 0.05})
    shown = Sighting(0, 100 * rng.random((4, 2)), 0.01 * np.eye(8))
    seen = [Corners(tag, shown, view, lag) for view, lag in zip(SIDES.values(), (0.0, 0.02), strict=True)]
    problem = Problem(seen, np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0]), 0.1)
    pose, step = somewhere(rng), 1e-6
    slope = problem.slope(np.asarray(pose.translation), pose.rotation)
    for axis in range(6):
        move = step * np.eye(6)[axis]
        ends = [
            problem.whitened(
                np.asarray(pose.translation) + sign * move[:3], Rotation.from_rotvec(sign * move[3:]) * pose.rotation
            )
            for sign in (1, -1)
        ]
        assert slope[..., axis] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-4)
