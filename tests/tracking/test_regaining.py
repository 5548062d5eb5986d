"""Objects that a hand covered and knocked away: back soon, with little work in each tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import dynacollect.tracking.pose.search as searching
from dynacollect.tracking.health import LEFT_ALONE, UNSURE_AFTER, Health
from dynacollect.tracking.pose.looks import Look
from dynacollect.tracking.pose.multiview import Fit, Guess
from dynacollect.tracking.pose.viewpoints import ViewpointModel
from dynacollect.tracking.tracked import HEALTHY
from dynacollect.tracking.tracker import EAGER

from .test_tracker import BRICK, FOUND_WITHIN, TICK_S, Thing, frames, is_same, off_mm, tracker_of, yawed

SEEN, COVERED = 10, 13
"""Ticks before the hand comes, and while it is there: half a second."""
SPEED = np.array([0.0, 0.3, 0.0])
KNOCKED = np.array([0.2, 0.1, 0.0])


def moment(tick: int, turn: float) -> Thing:
    """The brick goes straight on, and elsewhere from the middle of the time in which it is covered."""
    knock = SEEN + COVERED // 2
    before, after = min(tick, knock) * TICK_S, max(tick - knock, 0) * TICK_S
    turned = yawed(turn) @ BRICK.turn if tick > knock else BRICK.turn
    return replace(BRICK, place=BRICK.place + before * SPEED + after * KNOCKED, turn=turned)


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0.0, 0.8])
def test_what_a_hand_covered_and_knocked_away_is_back_soon(turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = [0]
    plain = searching.fit

    def counted(model: ViewpointModel, looks: Sequence[Look], guess: Guess) -> Fit | None:
        fits[-1] += 1
        return plain(model, looks, guess)

    monkeypatch.setattr(searching, "fit", counted)
    tracker = tracker_of({"brick": BRICK})
    for tick in range(SEEN + COVERED + FOUND_WITHIN + 4):
        thing, covered = moment(tick, turn), SEEN <= tick < SEEN + COVERED
        fits.append(0)
        state = tracker.step(frames(tick, [thing], ("cam0", "cam1") if covered else ())).states.get("brick")
        assert tick < EAGER or fits[-1] <= searching.FEW_FITTED, "a tick is no place for a whole search"
        if tick == SEEN + COVERED - 1:
            assert state is None or state.health < HEALTHY
        if tick >= SEEN + COVERED + FOUND_WITHIN:
            assert state is not None
            assert state.health > HEALTHY
            assert off_mm(state, thing) < 3.0
            assert is_same(state.T_base_object.rotation.as_matrix(), thing.turn)


def test_a_search_comes_to_every_orientation_in_time() -> None:
    quest = searching.Quest()
    pool = {id(searching.anyhow())}
    kinds = []
    for _ in range(2 * searching.ANYHOW_EVERY):
        kinds.append(quest.anyhow)
        quest.ticks += 1
    assert sum(kinds) == 2
    assert pool == {id(searching.anyhow())}, "the orientations are drawn once"


def test_what_should_be_known_better_is_looked_for_and_left_alone_where_it_is() -> None:
    health = Health.new()
    health.saw(1.0, taken=True)
    for _ in range(UNSURE_AFTER):
        health.judged(enough=False)
    assert not health.doubted
    health.judged(enough=False)
    assert health.doubted
    health.is_there()
    for _ in range(LEFT_ALONE + UNSURE_AFTER):
        health.judged(enough=False)
        assert not health.doubted
    health.judged(enough=True)
    assert not health.doubted
