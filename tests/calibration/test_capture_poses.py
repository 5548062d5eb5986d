"""Flange poses that are proposed: turned about more than one axis, where they are allowed, and seen by cameras."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.capture.candidates import Reach, candidates
from dynacollect.calibration.capture.expected import visible
from dynacollect.calibration.capture.first_poses import Around, first_poses
from dynacollect.calibration.handeye import turning
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import Mounting
from dynacollect.calibration.solve import solve
from dynacollect.rig.errors import DynacollectError

from .projector import POINTS
from .taken_views import BOX, Rig, everywhere, pivot, shown

MOUNTINGS: tuple[Mounting, ...] = ("held", "table")


def started(mounting: Mounting, seed: int, count: int = 14) -> list[RigidTransform]:
    return first_poses(shown(mounting), Around(pivot(mounting)), everywhere, count, np.random.default_rng(seed))


@cache
def solved(mounting: Mounting) -> Calibration:
    rig = Rig(np.random.default_rng(0))
    for asked in started(mounting, 0):
        rig.take(mounting, asked)
    return solve(rig.data, box=BOX)


@pytest.mark.slow
@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_first_poses_turn_about_all_axes(mounting: Mounting) -> None:
    start, around = shown(mounting), Around(pivot(mounting))
    for seed in range(20):
        for count in (4, 8, 14):
            poses = RigidTransform.concatenate(started(mounting, seed, count))
            assert len(poses) == count
            turns = np.rad2deg(turning(poses))
            assert turns[1] > 12
            assert turns[2] > 8 or count == 4
            off = poses.rotation * start.rotation.inv()
            assert off.magnitude().max() <= around.turn_rad + 1e-9
            shifts = poses.apply(around.pivot) - start.apply(around.pivot)
            assert (np.abs(shifts) <= np.array(around.box_m) + 1e-9).all()
            assert np.allclose(poses[0].as_matrix(), start.as_matrix())


@pytest.mark.slow
@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_first_poses_mostly_show_the_board_and_can_be_solved(mounting: Mounting) -> None:
    for seed in range(3):
        rig = Rig(np.random.default_rng(seed))
        seen = [rig.take(mounting, asked) for asked in started(mounting, seed)]
        assert sum(bool(cameras) for cameras in seen) >= 12
        assert rig.views() >= 8
    assert solved(mounting).quality.corner_sigma_px == pytest.approx(0.04, rel=0.3)


def test_an_arm_that_turns_about_one_axis_only_is_refused() -> None:
    start = shown("held")

    def upright(asked: RigidTransform) -> bool:
        turned = (asked.rotation * start.rotation.inv()).as_rotvec()
        return bool(np.linalg.norm(turned[:2]) < 0.05)

    with pytest.raises(DynacollectError, match="two axes"):
        first_poses(start, Around(pivot("held")), upright, 10, np.random.default_rng(0))
    with pytest.raises(DynacollectError, match="more room"):
        first_poses(start, Around(pivot("held")), lambda _: False, 10, np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.parametrize("mounting", MOUNTINGS)
def test_candidates_are_allowed_seen_new_and_spread(mounting: Mounting) -> None:
    calibration, reach = solved(mounting), Reach(BOX)

    def low(asked: RigidTransform) -> bool:
        return asked.translation[2] < 0.5

    tried = candidates(calibration, POINTS, mounting, reach, low, 20, np.random.default_rng(3))
    poses = candidates(calibration, POINTS, mounting, reach, low, 60, np.random.default_rng(3), tried)
    assert len(poses) == 60
    together = RigidTransform.concatenate(poses)
    assert (together.translation[:, 2] < 0.5).all()
    assert visible(calibration, POINTS, mounting, together).any(axis=(0, 2)).all()
    for old in tried:
        apart = old.inv() * together
        near = np.linalg.norm(apart.translation, axis=1) < reach.apart_m
        assert not (near & (apart.rotation.magnitude() < reach.apart_rad)).any()
    assert np.rad2deg(turning(together)).min() > 15
    rig = Rig(np.random.default_rng(1))
    assert np.mean([bool(rig.take(mounting, asked)) for asked in poses]) > 0.9
    if mounting == "held":
        middles = (together * calibration.boards["held"].pose).apply(POINTS.mean(axis=0))
        assert ((middles >= BOX[0]) & (middles <= BOX[1])).all()


def test_nothing_allowed_is_nothing_proposed() -> None:
    assert candidates(solved("table"), POINTS, "table", Reach(), lambda _: False, 5, np.random.default_rng(0)) == []


@pytest.mark.slow
def test_what_is_said_to_be_visible_is_what_is_seen() -> None:
    calibration = solved("held")
    rng = np.random.default_rng(5)
    turns = Rotation.from_rotvec(rng.uniform(-1.2, 1.2, (200, 3))) * shown("held").rotation
    poses = RigidTransform.from_components(np.array([0.5, 0, 0.15]) + rng.uniform(-0.3, 0.3, (200, 3)), turns)
    told = visible(calibration, POINTS, "held", poses).any(axis=2)
    rig = Rig(rng)
    took = [rig.take("held", poses[row]) for row in range(len(poses))]
    seen = np.array([[name in cameras for cameras in took] for name in ("front", "side")])
    assert 0.1 < told.mean() < 0.9
    assert (told == seen).mean() > 0.95
