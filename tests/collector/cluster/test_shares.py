"""Shares always add up to what is wanted, and no two workers ever have an episode's seed in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dynacollect.collector.cluster.shares import MOST, SPACING, home_of, number_of, seed_of, shares, workers_of
from dynacollect.collector.session.settings import Settings
from dynacollect.collector.session.wish import Quotas
from dynacollect.rig.config import load_rig

TABLE = 10_000_019
"""A table that is set again has the episode's seed and this; at most twice."""


@pytest.mark.parametrize("draw", range(40))
def test_shares_add_up_whoever_was_there_before(draw: int) -> None:
    rng = np.random.default_rng(draw)
    workers, have = int(rng.integers(1, 9)), [int(count) for count in rng.integers(0, 30, rng.integers(0, 9))]
    wanted = int(rng.integers(0, 200))
    found = shares(wanted, have, workers)
    before = [*have, *[0] * workers][:workers]
    assert len(found) == workers
    assert all(count >= known for count, known in zip(found, before, strict=True))
    idle = sum(have[workers:])
    assert sum(found) + idle == max(wanted, sum(have))
    new = [count - known for count, known in zip(found, before, strict=True)]
    assert max(new) - min(new) <= 1


def test_no_two_workers_have_a_seed_in_common() -> None:
    seeds = [seed_of(seed, worker) for seed in range(5) for worker in range(MOST)]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) > 0
    assert np.diff(np.sort(seeds)).min() >= SPACING
    # What an episode's seed is made of, from the loop itself.
    at = [episode_seed(seed, 1) for seed in (0, 1)]
    step, each = at[1] - at[0], episode_seed(0, 2) - at[0]
    assert each == 1
    assert SPACING * step - 2 * TABLE > 80_000_000


def episode_seed(seed: int, attempt: int) -> int:
    return Quotas(Settings(load_rig("cell"), ("pick",), ("apple",), 1, seed)).next(attempt).seed


def test_the_workers_of_a_folder(tmp_path: Path) -> None:
    assert workers_of(tmp_path / "nowhere") == ()
    for name in ("worker-00", "worker-10", "worker-999", "worker-02", "episodes", "worker-x"):
        (tmp_path / name).mkdir()
    assert [number_of(home.name) for home in workers_of(tmp_path)] == [0, 2, 10, 999]
    assert home_of(tmp_path, 2) == tmp_path / "worker-02"
