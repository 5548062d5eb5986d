"""Measurements go to the objects that they are of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.kalman import ObjectFilter, assign

from .moving_things import Event, measured, moving

FIRST = moving(Event(0.0, (0.4, 0.0), drag=0.0), lasts=1.2)
SECOND = moving(Event(0.0, (-0.4, 0.0), drag=0.0), lasts=1.2)


def test_two_alike_that_pass_each_other_stay_themselves() -> None:
    """They meet 12 mm apart, and the measurements come in any order."""
    rng = np.random.default_rng(0)
    apart = RigidTransform.from_translation([0.4, 0.012, 0.0])
    others = [replace(one, T_base_object=apart * one.T_base_object) for one in measured(SECOND, SECOND.frames(), 2)]
    filters = [ObjectFilter("one", Symmetry()), ObjectFilter("other", Symmetry())]
    found: dict[int, int] = {}
    for pair in zip(measured(FIRST, FIRST.frames(), 1), others, strict=True):
        order = rng.permutation(2)
        found = assign(filters, [pair[index] for index in order])
        if found:
            assert {one: int(order[seen]) for one, seen in found.items()} == {0: 0, 1: 1}
        for live, one in zip(filters, pair, strict=True):
            live.measure(one)
    assert set(found) == {0, 1}


def test_what_is_far_from_all_is_left_over() -> None:
    estimates = measured(FIRST, FIRST.frames(), 3)
    live, new = ObjectFilter("one", Symmetry()), ObjectFilter("new", Symmetry())
    for one in estimates[:10]:
        live.measure(one)
    here = estimates[10]
    pose = RigidTransform.from_translation([0.0, 0.2, 0.0]) * here.T_base_object
    far = replace(here, T_base_object=pose)
    assert assign([new, live], [far, here]) == {1: 1}
    assert assign([live], [far]) == {}
    assert assign([], []) == {}
    assert live.distance(here) < 4.0 < live.distance(far)
    assert new.distance(here) == float("inf")
