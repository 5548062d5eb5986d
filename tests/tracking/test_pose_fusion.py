"""Poses of several cameras made into one: the laws that it keeps, whatever each has settled on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import PoseEstimate, Vector
from dynacollect.rig.objects.model import Symmetry
from dynacollect.tracking.foundationpose.fusion import fuse
from dynacollect.tracking.kalman.alike import NOTHING

TRUTH = RigidTransform.from_components([0.45, 0.1, 0.05], Rotation.from_rotvec([0.4, -0.3, 1.1]))
AXIS = np.array([0.0, 0.0, 1.0])
NONE, SPHERE = Symmetry(), Symmetry("sphere")
ROUND = Symmetry("axis", axis=AXIS)
ENDS = Symmetry("axis", axis=AXIS, flip=True)
HALVES = Symmetry("discrete", rotations=tuple(Rotation.from_rotvec(np.pi * axis) for axis in np.eye(3)))


def covariance(rng: np.random.Generator, place: float = 0.002, turn: float = 0.02) -> Vector:
    """Poor along one line of sight, with place and turn going together."""
    sigma = np.diag([place, place, 3 * place, turn, turn, 2 * turn])
    mixed = sigma @ (np.eye(6) + 0.3 * rng.normal(size=(6, 6)))
    return mixed @ mixed.T + 1e-9 * np.eye(6)


def measured(
    rng: np.random.Generator, noise: Vector, alike: Rotation | None = None, health: float = 0.9
) -> PoseEstimate:
    """The truth, off by what its covariance says, in one of the poses that look alike."""
    off = rng.multivariate_normal(np.zeros(6), noise)
    turn = Rotation.from_rotvec(off[3:]) * TRUTH.rotation * (alike or Rotation.identity())
    pose = RigidTransform.from_components(TRUTH.translation + off[:3], turn)
    return PoseEstimate("thing", pose, noise, 1.0, health)


def off(estimate: PoseEstimate) -> Vector:
    """(6,)."""
    turned = estimate.T_base_object.rotation * TRUTH.rotation.inv()
    return np.concatenate([estimate.T_base_object.translation - TRUTH.translation, turned.as_rotvec()])


def lean(estimate: PoseEstimate) -> float:
    """rad by which the axis is off."""
    cosine = (estimate.T_base_object.rotation.apply(AXIS)) @ TRUTH.rotation.apply(AXIS)
    return float(np.arccos(np.clip(cosine, -1, 1)))


def test_the_mean_is_as_good_as_it_says_and_better_than_each() -> None:
    rng, squares, better = np.random.default_rng(1), [], []
    for _ in range(200):
        parts = [measured(rng, covariance(rng)) for _ in range(3)]
        fused = fuse(parts, NONE)
        if len(fused.used) == 3:
            error = off(fused.estimate)
            squares.append(float(error @ np.linalg.solve(fused.estimate.covariance, error)) / 6)
            best = min(np.linalg.det(part.covariance) for part in parts)
            better.append(np.linalg.det(fused.estimate.covariance) < best)
    assert len(squares) > 190
    assert 0.8 < np.mean(squares) < 1.1
    assert np.mean(better) == 1.0


def test_one_pose_stays_as_it_is() -> None:
    rng = np.random.default_rng(2)
    alone = measured(rng, covariance(rng))
    fused = fuse([alone], HALVES)
    assert fused.used == (0,)
    assert fused.estimate.T_base_object.as_matrix() == pytest.approx(alone.T_base_object.as_matrix(), abs=1e-9)
    assert fused.estimate.covariance == pytest.approx(alone.covariance, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("which", range(3))
def test_poses_that_look_alike_are_the_same(which: int) -> None:
    rng = np.random.default_rng(3)
    noise = [covariance(rng) for _ in range(3)]
    plain = [measured(np.random.default_rng(k), noise[k]) for k in range(3)]
    turned = [
        measured(np.random.default_rng(k), noise[k], HALVES.rotations[which] if k == 1 else None) for k in range(3)
    ]
    one, other = fuse(plain, HALVES), fuse(turned, HALVES)
    assert one.used == other.used == (0, 1, 2)
    assert other.estimate.T_base_object.as_matrix() == pytest.approx(one.estimate.T_base_object.as_matrix(), abs=1e-9)
    assert 1 not in fuse(turned, NONE).used


@pytest.mark.parametrize("symmetry", [ROUND, ENDS], ids=["one way up", "both"])
def test_a_turn_that_cannot_be_seen_contradicts_nothing(symmetry: Symmetry) -> None:
    rng, leans = np.random.default_rng(4), []
    for _ in range(40):
        parts = []
        for _ in range(3):
            noise = covariance(rng)
            about = np.concatenate([np.zeros(3), TRUTH.rotation.apply(AXIS)])
            twist = Rotation.from_rotvec(rng.uniform(-np.pi, np.pi) * AXIS)
            if symmetry.flip and rng.random() < 0.5:
                twist = twist * Rotation.from_rotvec([np.pi, 0.0, 0.0])
            parts.append(measured(rng, noise, twist))
            object.__setattr__(parts[-1], "covariance", noise + np.outer(about, about))
        fused = fuse(parts, symmetry)
        leans.append(min(lean(fused.estimate), np.pi - lean(fused.estimate)) if symmetry.flip else lean(fused.estimate))
        about = TRUTH.rotation.apply(AXIS)
        assert about @ fused.estimate.covariance[3:, 3:] @ about > 1.0
        assert np.linalg.norm(off(fused.estimate)[:3]) < 0.02
        assert len(fused.used) >= 2
    assert np.median(leans) < 0.03


def test_of_a_ball_only_the_place_is_known() -> None:
    rng = np.random.default_rng(5)
    noise = covariance(rng)
    noise[3:, 3:] += np.eye(3)
    parts = [measured(rng, noise, Rotation.random(rng=rng)) for _ in range(3)]
    fused = fuse(parts, SPHERE)
    assert fused.used == (0, 1, 2)
    assert np.linalg.norm(off(fused.estimate)[:3]) < 0.01
    assert np.trace(fused.estimate.covariance[3:, 3:]) > 0.5 * NOTHING


@pytest.mark.parametrize("shift", [[0.04, 0, 0, 0, 0, 0], [0, 0, 0, 0.6, 0, 0]], ids=["elsewhere", "tilted"])
def test_a_camera_that_contradicts_the_first_is_left_out(shift: list[float]) -> None:
    rng, noise = np.random.default_rng(6), np.diag([0.002**2] * 3 + [0.02**2] * 3)
    good = [measured(rng, noise) for _ in range(2)]
    pose = good[1].T_base_object
    wrong = RigidTransform.from_components(
        pose.translation + np.array(shift[:3]), Rotation.from_rotvec(shift[3:]) * pose.rotation
    )
    bad = PoseEstimate("thing", wrong, noise, 1.0, 0.99)
    fused = fuse([good[0], bad, good[1]], NONE)
    assert fused.used == (0, 2)
    assert fused.estimate.health == 0.9
    error = off(fused.estimate)
    assert error @ np.linalg.solve(fused.estimate.covariance, error) < 20


def test_cameras_that_differ_by_more_than_they_should_make_it_uncertain() -> None:
    noise = np.diag([0.002**2] * 3 + [0.02**2] * 3)
    first, second = (
        PoseEstimate("thing", RigidTransform.from_translation([x, 0.0, 0.0]), noise, 1.0, 0.9) for x in (0.0, 0.012)
    )
    near = PoseEstimate("thing", RigidTransform.identity(), noise, 1.0, 0.9)
    apart, together = fuse([first, second], NONE), fuse([first, near], NONE)
    assert apart.used == (0, 1)
    assert apart.estimate.T_base_object.translation == pytest.approx([0.006, 0, 0])
    assert apart.estimate.covariance[0, 0] == pytest.approx(3.0 * together.estimate.covariance[0, 0], rel=0.01)
