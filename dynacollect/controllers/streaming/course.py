"""What happened to the steps of an episode, and the figures of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

STEP_S = 0.04
"""Actions are 25 a second."""


@dataclass(frozen=True, slots=True)
class Executed:
    """One episode."""

    steps: int
    starved: int
    """Steps without an action."""
    age_ms: float
    """Mean time since the observation behind an executed action; NaN without one."""
    latency_ms: float
    """Mean of its inferences; NaN without one."""
    holds: tuple[tuple[int, str], ...]
    """Steps at which the arm began to hold, or held for another reason, and why."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of many episodes."""

    starved: float
    """Share of the steps without an action."""
    stale_age_ms: float
    latency_ms: float


@dataclass(slots=True)
class Course:
    """An episode as it runs."""

    starved: int = 0
    ages: list[int] = field(default_factory=list)
    """Of the executed actions, in steps."""
    took_s: list[float] = field(default_factory=list)
    """Of each inference."""
    holds: list[tuple[int, str]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return self.starved + len(self.ages)

    def executed(self) -> Executed:
        age_ms, latency_ms = 1e3 * STEP_S * _mean(self.ages), 1e3 * _mean(self.took_s)
        return Executed(self.steps, self.starved, age_ms, latency_ms, tuple(self.holds))


def figures(episodes: Sequence[Executed]) -> Figures | None:
    """Means over the steps of all; None where there are none."""
    steps = np.array([episode.steps for episode in episodes])
    if not steps.sum():
        return None
    starved = np.array([episode.starved for episode in episodes])
    ages, latencies = (np.array([getattr(e, name) for e in episodes]) for name in ("age_ms", "latency_ms"))
    return Figures(float(starved.sum() / steps.sum()), _weighted(ages, steps - starved), _weighted(latencies, steps))


def _weighted(values: np.ndarray, weights: np.ndarray) -> float:
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
