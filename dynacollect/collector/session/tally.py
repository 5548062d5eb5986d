"""What a session has so far: from its episodes, and from its journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...datasets.raw.record import read_record
from .board import Share
from .journal import read_journal
from .settings import Settings
from .wish import Kind, Quotas


@dataclass(slots=True)
class Tally:
    """Counts; grows with every attempt."""

    settings: Settings
    quotas: Quotas
    outcomes: Counter[str] = field(default_factory=Counter)
    by_bin: dict[int, Counter[str]] = field(default_factory=dict)
    by_object: dict[str, Counter[str]] = field(default_factory=dict)
    attempts: int = 0
    seconds: float = 0.0
    """Of all attempts."""
    runs: int = 0
    killed: bool = False
    """The last run did not come to its end."""

    @property
    def kept(self) -> int:
        return self.outcomes["success"]

    @property
    def left(self) -> int:
        """Of the episodes that are wanted."""
        done = self.outcomes.total() - self.outcomes["discarded"] if self.settings.done_by_attempts else self.kept
        return max(self.settings.episodes - done, 0)

    def count(self, kind: Kind, outcome: str) -> None:
        """An attempt has ended."""
        self.outcomes[outcome] += 1
        if outcome == "discarded":
            return
        self.by_bin.setdefault(kind.bin, Counter())[outcome] += 1
        self.by_object.setdefault(kind.object, Counter())[outcome] += 1
        self.quotas.count(kind, kept=outcome == "success")

    def shares(self) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
        """By speed and by object."""
        bins = self.settings.bins
        labels = {number: "still" if high == 0 else f"{low:g} to {high:g}" for number, (low, high) in enumerate(bins)}
        by_bin = tuple(_share(labels[number], counts) for number, counts in sorted(self.by_bin.items()))
        return by_bin, tuple(_share(name, counts) for name, counts in sorted(self.by_object.items()))


def _share(label: str, counts: Counter[str]) -> Share:
    return Share(label, counts.total(), counts["success"])


def tally(session: Path, settings: Settings) -> Tally:
    """Of what is there; an episode counts that was committed, even if its line in the journal is lost."""
    found = Tally(settings, Quotas(settings))
    told: dict[int, Mapping[str, Any]] = {}
    for line in read_journal(session):
        match line["event"]:
            case "session":
                found.runs, found.killed = found.runs + 1, True
            case "end":
                found.killed = False
            case "attempt":
                found.attempts = max(found.attempts, int(line["attempt"]))
            case "verdict":
                told[int(line["attempt"])] = line
                found.seconds += float(line.get("cycle_s") or 0.0)
            case _:
                pass
    kinds = _kinds(session)
    for attempt, (kind, outcome) in kinds.items():
        found.count(kind, outcome)
        found.attempts = max(found.attempts, attempt)
    for attempt, line in told.items():
        if attempt not in kinds and line["outcome"] == "discarded":
            found.outcomes["discarded"] += 1
    return found


def _kinds(session: Path) -> dict[int, tuple[Kind, str]]:
    """Of the committed episodes, by attempt."""
    found: dict[int, tuple[Kind, str]] = {}
    folder = session / "episodes"
    # One record at a time: there may be tens of thousands.
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not path.name.isdigit():
            continue
        record = read_record(path)
        wish = record.provenance.get("wish")
        if isinstance(wish, Mapping):
            kind = Kind(wish["task"], wish["object"], wish["bin"], wish["sector"], wish["side"])
            found[int(wish["attempt"])] = kind, outcome_of(record.verdict.success)
    return found


def outcome_of(success: bool | None) -> str:
    return "doubtful" if success is None else "success" if success else "failure"
