"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .rule import Finding

Progress = Callable[[int, int], None]
"""Episodes done, and episodes in all."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, worst first."""

    folder: Path
    episodes: int
    seconds: float
    """Of what was recorded."""
    took: float
    """s."""
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not any(finding.severity == "error" for finding in self.findings)


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, and of each kind what is about the whole set."""
    return tuple(
        sorted(findings, key=lambda each: (each.severity != "error", each.episode is not None, each.episode or 0))
    )
