"""Phases of a policy's episode follow from what the fingers feel, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynacollect.controllers.machine import Phase
from dynacollect.training.rollout.profile import HOLDING, OPEN, PolicyState

HEIGHT = 0.1


def felt(pattern: str) -> PolicyState:
    """After ticks with something between the fingers (x) and without (.)."""
    state = PolicyState(Phase.MEET)
    for tick in pattern:
        state = state.touched(HEIGHT) if tick == "x" else state.untouched()
    return state


def test_a_touch_is_no_grip() -> None:
    assert not felt("x" * (HOLDING - 1)).holding
    assert felt("x" * HOLDING).holding
    assert not felt("x" * (HOLDING - 1) + "." + "x").holding


def test_a_grip_survives_a_flicker_of_the_sensor_and_ends_with_the_hand_open() -> None:
    grip = "x" * HOLDING
    assert felt(grip + "." * (OPEN - 1)).holding
    let_go = felt(grip + "." * OPEN)
    assert (let_go.holding, let_go.brought) == (False, 1)
    assert felt((grip + "." * OPEN) * 3).brought == 3
    assert felt("x." * 50).brought == 0


@pytest.mark.parametrize("heights", [(0.1, 0.2, 0.3), (0.3, 0.1, 0.2)])
def test_it_is_lifted_from_where_it_was_lowest(heights: tuple[float, ...]) -> None:
    state = PolicyState(Phase.MEET)
    for height in heights:
        state = state.touched(height)
    assert state.took_at == min(heights)
    again = replace(state, felt=0).touched(0.5)
    assert again.took_at == 0.5
