"""A session in the cell, with the truth looking on: how often it succeeds, and whether its verdicts are right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ...controllers.machine import Phase
from ...controllers.runner import Outcome
from ...rig.cell.truth import Truth
from ...rig.nouns import Verdict
from ...rig.rig import Rig
from ..report import SessionSummary, summary_of
from ..session.running import Run, run_session
from ..session.setting import Scene
from ..session.settings import Settings
from ..session.supervisor import Stop
from ..session.wish import Wish


@dataclass(frozen=True, slots=True)
class Judged:
    """One attempt: what the session said, and what was so."""

    attempt: int
    task: str
    object: str
    speed: float
    said: bool | None
    true: bool
    reason: str
    truth: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the verdicts."""

    n: int
    precision: float
    """Share of those said to be successes that are."""
    recall: float
    """Share of the successes that were not set aside as doubtful, and are said to be."""
    doubtful: float
    true_success: float
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class SessionBench:
    """Everything."""

    rates: Rates
    summary: SessionSummary
    wrong: tuple[Judged, ...]
    reason: str


@dataclass(slots=True)
class _Judge:
    attempts: int
    """After so many, the session is stopped."""
    stop: Stop
    seen: list[Judged] = field(default_factory=list)

    def __call__(self, rig: Rig, wish: Wish, scene: Scene, outcome: Outcome, found: Verdict) -> None:
        truth = Truth(rig)
        verdicts = [truth.picked(key) if wish.kind.task == "pick" else truth.placed(key) for key in scene.targets]
        true = outcome.phase == Phase.DONE and all(one.success for one in verdicts)
        self.seen.append(
            Judged(
                wish.attempt, wish.kind.task, wish.kind.object, wish.speed, found.success, true, found.reason,
                "; ".join(one.reason for one in verdicts),
            )
        )  # fmt: skip
        if len(self.seen) >= self.attempts:
            self.stop.reason = "all attempts are done"


def bench_session(folder: Path, settings: Settings, attempts: int, faults: tuple[str, ...] = ()) -> SessionBench:
    """So many attempts that end with a verdict; `settings.episodes` must be out of their reach."""
    stop = Stop()
    judge = _Judge(attempts, stop)
    ran = run_session(folder, settings, Run(faults=faults, judge=judge, stop=stop))
    wrong = tuple(one for one in judge.seen if one.said is None or one.said != one.true)
    return SessionBench(rates_of(judge.seen), summary_of(folder), wrong, ran.reason)


def rates_of(seen: list[Judged]) -> Rates:
    """Precision and recall are of those with a verdict."""
    sure = [one for one in seen if one.said is not None]
    counts = Counter(f"said {one.said}, is {one.true}" for one in seen)
    said, true = sum(bool(one.said) for one in sure), sum(one.true for one in sure)
    both = sum(bool(one.said) and one.true for one in sure)
    nan = float("nan")
    return Rates(
        len(seen), both / said if said else nan, both / true if true else nan,
        1.0 - len(sure) / len(seen) if seen else nan,
        sum(one.true for one in seen) / len(seen) if seen else nan, dict(counts),
    )  # fmt: skip
