"""The episodes of a suite, each drawn from the suite's name, the seed and the episode's number alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.arms import arm as arm_model
from ...rig.cell.plan import draw
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...rig.stage import Request
from ..trials import BINS
from .instruction import instruction_of
from .suite import Suite
from .table import SLOWEST

TRIES = 200
"""Plans that are drawn for an episode at most: not in all of them the target can be told from the rest."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which episode is run."""

    seed: int
    """Of its cell and plan."""
    bin: int
    """Of speeds, in `BINS`."""
    request: Request


def trial_of(suite: Suite, rig: RigConfig, seed: int, index: int, top_speed: float) -> Trial:
    """Whoever controls the arm, this is the episode; `rig` has the suite's own options already."""
    bins = [number for number, (low, high) in enumerate(BINS) if low < top_speed and (suite.still or high > 0)]
    number, arm = bins[index % len(bins)], arm_model(rig.arm.model)
    why = "its instruction would be true of others as well"
    for attempt in range(TRIES):
        rng = np.random.default_rng([*suite.name.encode(), seed, index, attempt])
        request = suite.asks(rng, _speed(rng, number, top_speed), top_speed)
        plan_seed = int(rng.integers(2**31))
        try:
            plan = draw(plan_seed, arm, rig.cell.episodes, request)
        except DynacollectError as error:
            why = str(error)
            continue
        if instruction_of(suite, plan) is not None:
            return Trial(plan_seed, number, request)
    raise DynacollectError(f"{rig.name} has no episode for suite {suite.name}, episode {index}: {why}")


def _speed(rng: np.random.Generator, number: int, top_speed: float) -> float:
    low, high = BINS[number]
    return 0.0 if high == 0 else float(rng.uniform(max(low, SLOWEST), min(high, top_speed)))
