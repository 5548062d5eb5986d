"""The figures of each suite of a run, and their mean as the paper has it: every suite counts the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...controllers.streaming.course import Figures
from ..evaluation import Result, Settings, SpeedBin, summarise


@dataclass(frozen=True, slots=True)
class SuiteFigures:
    """Unlike elsewhere `path_m` and `time_s` are means over all episodes, failures among them, as in the paper."""

    n: int
    success: float
    ci95: tuple[float, float]
    path_m: float
    time_s: float
    """From the target's first motion to the end."""
    failures: dict[str, int]
    by_speed: tuple[SpeedBin, ...]
    executor: Figures | None


@dataclass(frozen=True, slots=True)
class MeanFigures:
    """Over suites."""

    success: float
    path_m: float
    time_s: float


def by_suite(settings: Settings, results: Iterable[Result]) -> dict[str, SuiteFigures]:
    """Of each suite that was run, in its order; empty where none was."""
    members: dict[str, list[Result]] = {}
    for result in results:
        if result.suite is not None:
            members.setdefault(result.suite, []).append(result)
    return {name: _figures(settings, group) for name, group in members.items()}


def mean_of(suites: Mapping[str, SuiteFigures]) -> MeanFigures:
    rows = np.array([(each.success, each.path_m, each.time_s) for each in suites.values()])
    return MeanFigures(*rows.mean(axis=0).tolist())


def _figures(settings: Settings, group: list[Result]) -> SuiteFigures:
    found = summarise(settings, group)
    path, time = (float(np.mean([getattr(result, name) for result in group])) for name in ("path_m", "time_s"))
    return SuiteFigures(
        found.n, found.success, found.ci95, path, time, found.failures, found.by_speed, found.executor
    )  # fmt: skip
