"""What a session came to, in numbers: the one place where they are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .attempts import bins_of
from .rates import Rate, grouped, rate
from .story import Story, read_story


@dataclass(frozen=True, slots=True)
class SpeedRate:
    """Success at one speed bin; `lo` and `hi` in m/s, None where the bin is not known."""

    lo: float | None
    hi: float | None
    n: int
    success: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FaultCount:
    """Of one name."""

    seen: int
    recovered: int
    stopped: int
    """A person was called."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """Of all runs of a session together."""

    wanted: int | None
    episodes: int
    """Kept: committed as successes."""
    attempted: int
    """Begun, however they ended."""
    success: float
    """Share of those that ended with a verdict: success, failure or doubtful."""
    ci95: tuple[float, float]
    failures: int
    doubtful: int
    discarded: int
    by_speed: tuple[SpeedRate, ...]
    by_object: Mapping[str, Rate]
    human_calls: int
    faults: Mapping[str, FaultCount]
    seconds: float
    """On the wall's clock, of all runs."""
    per_hour: float
    """Kept; NaN where no time is known."""


def summary_of(session: Path) -> SessionSummary:
    """Of the session in a folder."""
    return summarised(read_story(session))


def summarised(story: Story) -> SessionSummary:
    """Of all that was told."""
    outcomes = Counter(attempt.outcome for attempt in story.attempts)
    overall, kept = rate(story.attempts), outcomes["success"]
    return SessionSummary(
        wanted=story.settings.episodes,
        episodes=kept,
        attempted=len(story.attempts),
        success=overall.success,
        ci95=overall.ci95,
        failures=outcomes["failure"],
        doubtful=outcomes["doubtful"],
        discarded=outcomes["discarded"],
        by_speed=_by_speed(story),
        by_object=dict(sorted(grouped(story.attempts, lambda attempt: attempt.object).items())),
        human_calls=len(story.troubles.calls),
        faults={
            name: FaultCount(fault.seen, fault.recovered, fault.stopped)
            for name, fault in sorted(story.troubles.faults.items())
        },
        seconds=story.seconds,
        per_hour=3600.0 * kept / story.seconds if story.seconds > 0 else float("nan"),
    )


def _by_speed(story: Story) -> tuple[SpeedRate, ...]:
    rates = grouped(story.attempts, lambda attempt: attempt.bin)
    return tuple(
        SpeedRate(*(bin_ or (None, None)), rates[bin_].n, rates[bin_].success, rates[bin_].ci95)
        for bin_ in bins_of(story.attempts)
        if bin_ in rates
    )
