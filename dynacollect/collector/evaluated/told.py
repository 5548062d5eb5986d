"""All figures of a run of `dynacollect evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...training.bound import Possible
from ...training.evaluation import Evaluation, SpeedBin
from ...training.suites.figures import MeanFigures, SuiteFigures, mean_of
from ...training.suites.table import SUITES


@dataclass(frozen=True, slots=True)
class Told:
    """Without suites, `suites` is empty."""

    controller: str
    found: Evaluation
    suites: Mapping[str, SuiteFigures]
    possible: Possible | None = None

    @property
    def title(self) -> str:
        found = self.found
        driver = f"{found.profile} expert" if self.controller == "expert" else self.controller
        return f"{found.task}, {found.robot}, {driver}"

    @property
    def mean(self) -> MeanFigures | None:
        """As the paper's, of all nine suites; None where some were left out."""
        return mean_of(self.suites) if len(self.suites) == len(SUITES) else None

    def document(self) -> dict[str, Any]:
        said: dict[str, Any] = {field.name: getattr(self.found, field.name) for field in fields(self.found)}
        if self.suites:
            said |= {"by_suite": self.suites, "mean": mean_of(self.suites)}
        return said | ({"possible": self.possible} if self.possible else {})


def speed_name(row: SpeedBin) -> str:
    """As m/s."""
    return "still" if row.hi == 0 else f"{row.lo:g} to {row.hi:g}"
