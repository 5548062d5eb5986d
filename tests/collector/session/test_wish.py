"""Quotas: everything gets its share, nothing that fails holds up the rest, the same counts give the same wish."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dynacollect.collector.session.settings import Settings
from dynacollect.collector.session.wish import SECTORS, SIDES, Quotas, Wish
from dynacollect.rig.config import load_rig

OBJECTS = ("apple", "can", "mug")


def settings(seed: int = 0, top_speed: float = 0.75) -> Settings:
    return Settings(load_rig("cell"), ("pick", "place"), OBJECTS, 100, seed, "truth", False, top_speed)


def run(quotas: Quotas, count: int, works: dict[str, float], seed: int = 0) -> list[Wish]:
    rng, wishes = np.random.default_rng(seed), []
    for attempt in range(1, count + 1):
        wish = quotas.next(attempt)
        quotas.count(wish.kind, kept=bool(rng.random() < works.get(wish.kind.object, 1.0)))
        wishes.append(wish)
    return wishes


def test_kept_episodes_are_spread_evenly() -> None:
    wishes = run(Quotas(settings()), 600, {})
    kinds = Counter((wish.kind.task, wish.kind.object, wish.kind.bin) for wish in wishes)
    assert len(kinds) == 2 * 3 * 5
    assert max(kinds.values()) - min(kinds.values()) <= 1
    moving = [wish.kind for wish in wishes if wish.kind.bin]
    ways = Counter((kind.sector, kind.side) for kind in moving)
    assert len(ways) == SECTORS * len(SIDES)
    assert max(ways.values()) - min(ways.values()) <= 2


def test_what_never_succeeds_takes_no_more_than_twice_its_share() -> None:
    wishes = run(Quotas(settings()), 900, {"can": 0.0})
    names = Counter(wish.kind.object for wish in wishes)
    assert names["can"] <= 2 * names["mug"] + 30
    assert names["mug"] >= 200


def test_the_same_counts_give_the_same_wishes() -> None:
    assert run(Quotas(settings(4)), 50, {"mug": 0.5}) == run(Quotas(settings(4)), 50, {"mug": 0.5})
    assert run(Quotas(settings(4)), 50, {}) != run(Quotas(settings(5)), 50, {})


def test_order_of_counting_does_not_matter() -> None:
    first, later = Quotas(settings()), Quotas(settings())
    kinds = [wish.kind for wish in run(Quotas(settings()), 40, {})]
    for kind in kinds:
        first.count(kind, kept=True)
    for kind in reversed(kinds):
        later.count(kind, kept=True)
    assert first.next(41) == later.next(41)


def test_what_is_given_up_is_not_asked_for_again() -> None:
    quotas = Quotas(settings())
    quotas.quarantined.add("can")
    assert {wish.kind.object for wish in run(quotas, 60, {})} == {"apple", "mug"}


@pytest.mark.parametrize("top_speed", [0.1, 0.35, 0.75])
def test_speeds_lie_in_their_bins(top_speed: float) -> None:
    chosen = settings(top_speed=top_speed)
    for wish in run(Quotas(chosen), 200, {}):
        low, high = chosen.bins[wish.kind.bin]
        assert low <= wish.speed <= high <= top_speed
        assert (wish.kind.sector is None) == (wish.speed == 0.0)


def test_requests_say_what_is_wished() -> None:
    for wish in run(Quotas(settings()), 60, {}):
        request = wish.request(7)
        assert (request.target, request.speed, request.room) == (wish.kind.object, wish.speed, 7)
        assert request.place == (wish.kind.task == "place")
        assert request.side == wish.kind.side
        assert wish.request(7, anyhow=True).side is None
