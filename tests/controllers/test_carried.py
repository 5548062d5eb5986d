"""What the hand carries is kept off table and arm: measured against the places of its own corners and of the links."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.controllers.carried import CLEARANCE_M, HAND_LINKS, WOULD_TOUCH, Carried, middle
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.cell.plates import held_box
from dynacollect.rig.nouns import Vector
from dynacollect.rig.stage import HeldBox, Panel

ALL_ARMS = pytest.mark.parametrize("arm", ARMS.values(), ids=lambda arm: arm.name)
PLATE = Panel(np.full((296, 408), 255, np.uint8), 0.408, 0.296)
DEEP = -10.0
"""A table that nothing reaches."""
FIRST_FREE = 2
"""The first link that can come near anything but the base."""
FAR_M = 0.12
"""More than any part of a link is thick, and than the clearance that is kept."""


@lru_cache
def box_of(arm: ArmModel) -> HeldBox:
    return held_box(PLATE, arm)


def corners(arm: ArmModel, joints: Vector) -> Vector:
    """(8, 3), base frame."""
    flange = kinematics.forward(arm, joints) * arm.T_flange_tool.inv()
    return flange.apply(box_of(arm).corners)


def about_home(arm: ArmModel, count: int, spread: float, seed: int) -> Vector:
    turns = np.random.default_rng(seed).normal(0.0, spread, (count, arm.joints))
    return np.clip(arm.home + turns, arm.lower, arm.upper)


def depth_of(said: str, what: str) -> float:
    """The millimetres of a refusal."""
    found = re.fullmatch(rf"{WOULD_TOUCH} (\d+) mm too near to the {what}", said)
    assert found is not None, said
    return float(found[1])


@ALL_ARMS
def test_a_table_that_comes_too_near_is_told_by_how_much(arm: ArmModel) -> None:
    for joints in about_home(arm, 5, 0.1, 0):
        lowest = float(corners(arm, joints)[:, 2].min())
        assert Carried(box_of(arm), arm, DEEP).breach(joints[None]) == ""
        for depth in (0.004, 0.05, 0.3):
            carried = Carried(box_of(arm), arm, lowest - CLEARANCE_M + depth)
            assert depth_of(carried.breach(joints[None]), "table") == pytest.approx(1e3 * depth, abs=0.51)
        assert Carried(box_of(arm), arm, lowest - CLEARANCE_M - 1e-4).breach(joints[None]) == ""


@ALL_ARMS
def test_a_plate_that_hangs_in_the_air_is_clear(arm: ArmModel) -> None:
    carried = Carried(box_of(arm), arm, DEEP)
    for joints in about_home(arm, 20, 0.1, 1):
        assert carried.breach(joints[None]) == ""


def spread_out(arm: ArmModel, seed: int, count: int = 3000) -> Vector:
    return np.random.default_rng(seed).uniform(arm.lower, arm.upper, (count, arm.joints))


def rod_of(arm: ArmModel) -> HeldBox:
    """Held beside the hand, and so long that it reaches back past the wrist."""
    beside = RigidTransform.from_translation([0.1, 0.0, 0.0])
    return HeldBox(arm.T_flange_tool * beside, np.array([0.02, 0.02, 0.4]))


def gaps(arm: ArmModel, box: HeldBox, many: Vector) -> Vector:
    """(n,): from a box to the nearest of points along the axes of inner links, m; negative where inside."""
    out = np.full(len(many), np.inf)
    frames, tools = kinematics.many_links(arm, many), kinematics.many(arm, many)[0]
    T_box_tool = (box.T_flange_box.inv() * arm.T_flange_tool).as_matrix()
    to_box = T_box_tool @ np.linalg.inv(tools)
    for number in range(FIRST_FREE, arm.joints - HAND_LINKS + 1):
        for hull in arm.links[number].hulls:
            for place in np.linspace(*hull.ends, 5) if hull.ends else [hull.position]:
                local = (to_box @ frames[:, number - 1] @ np.append(place, 1.0))[:, :3]
                out = np.minimum(out, (np.abs(local) - box.half).max(axis=1))
    return out


SEVEN = [arm for arm in ARMS.values() if arm.joints == 7]
"""A Piper's wrist does not turn far enough to bring a plate beyond its fingers against its forearm."""


@pytest.mark.parametrize(
    ("arm", "box"),
    [*((arm, rod_of(arm)) for arm in ARMS.values()), *((arm, box_of(arm)) for arm in SEVEN)],
    ids=[*(f"{name}, rod" for name in ARMS), *(f"{arm.name}, plate" for arm in SEVEN)],
)
def test_what_is_turned_into_the_arm_is_refused(arm: ArmModel, box: HeldBox) -> None:
    carried, many = Carried(box, arm, DEEP), spread_out(arm, 2)
    distances = gaps(arm, box, many)
    inside = np.flatnonzero(distances < 0)[:40]
    assert len(inside) > 10
    for row in inside:
        depth = depth_of(carried.breach(many[row : row + 1]), "arm")
        assert depth > 1e3 * (CLEARANCE_M - distances[row]) - 1


@ALL_ARMS
def test_what_is_far_from_the_arm_is_clear(arm: ArmModel) -> None:
    many = spread_out(arm, 4)
    far = many[gaps(arm, box_of(arm), many) > FAR_M]
    assert len(far) > 1000
    assert Carried(box_of(arm), arm, DEEP).breach(far) == ""


@ALL_ARMS
def test_all_of_a_way_counts(arm: ArmModel) -> None:
    """A way is refused where any of its places is, and says the worst; its two ends alone would pass."""
    lowest = np.array([corners(arm, joints)[:, 2].min() for joints in about_home(arm, 60, 0.2, 3)])
    low_to_high = about_home(arm, 60, 0.2, 3)[np.argsort(lowest)]
    worst, clear = low_to_high[0], low_to_high[-1]
    carried = Carried(box_of(arm), arm, float(np.median(lowest)) - CLEARANCE_M)
    assert carried.breach(np.array([clear, low_to_high[-2]])) == ""
    way = np.linspace(clear, worst, 20)
    there_and_back = np.concatenate([way, way[::-1]])
    assert carried.breach(there_and_back[[0, -1]]) == ""
    assert carried.breach(there_and_back) == carried.breach(worst[None]) != ""


@ALL_ARMS
def test_from_where_it_is_too_near_there_is_a_way_out_and_none_farther_in(arm: ArmModel) -> None:
    lowest = np.array([corners(arm, joints)[:, 2].min() for joints in about_home(arm, 30, 0.1, 5)])
    up = about_home(arm, 30, 0.1, 5)[np.argsort(lowest)]
    carried = Carried(box_of(arm), arm, float(np.sort(lowest)[10]) - CLEARANCE_M + 0.003)
    assert carried.breach(up[10][None]) != ""
    assert carried.breach(up[10:], begun=True) == ""
    assert carried.breach(up[10:]) == carried.breach(up[10][None])
    assert carried.breach(up[[10, 5, 29]], begun=True) == carried.breach(up[5][None]) != ""
    assert carried.breach(up[[29, 10]], begun=True) != ""


def test_the_middle_is_that_of_the_corners() -> None:
    for arm in ARMS.values():
        np.testing.assert_allclose(middle(box_of(arm)), box_of(arm).corners.mean(axis=0), atol=1e-12)
