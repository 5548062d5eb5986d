"""Whether one run of `evaluate` is better than another: on the episodes that both have run, where there are any.

Paired episodes are compared by McNemar's exact test: of those that only one of the two has won, who won how many?
Without pairs it is Fisher's exact test. Both are two-sided, and not corrected for how many rows are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, fisher_exact, norm

from .documents import Document, Episode
from .intervals import wilson
from .suites.table import SUITES
from .trials import BINS

Pair = tuple[Episode | None, Episode | None]
"""The same episode in both runs; None where a run has it not."""
Z95 = float(norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class Row:
    """A group of episodes."""

    group: str
    n: tuple[int, int]
    success: tuple[float, float]
    difference: float
    """The second's success minus the first's."""
    ci95: tuple[float, float]
    p: float
    won_alone: tuple[int, int] | None
    """Paired episodes that only the first, and only the second, has won; None without pairs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    paired: bool
    left_out: int
    """Episodes that only one of the runs has, where others pair."""
    rows: tuple[Row, ...]


def compare(first: Document, second: Document) -> Comparison:
    """All episodes, then those of each suite, then those of each speed."""
    pairs = _pairs(first, second)
    whole = [pair for pair in pairs if None not in pair]
    used = whole or pairs
    groups: dict[str, Callable[[Episode], bool]] = {"all": lambda _: True}
    groups |= {name: lambda episode, name=name: episode.suite == name for name in SUITES}
    groups |= {_speeds(number): lambda episode, number=number: episode.bin == number for number in range(len(BINS))}
    rows = [_row(name, [pair for pair in used if belongs(_either(pair))]) for name, belongs in groups.items()]
    return Comparison(bool(whole), len(pairs) - len(used), tuple(row for row in rows if row is not None))


def mcnemar(first_alone: int, second_alone: int) -> float:
    """The exact two-sided p of so many wins of one alone and of the other alone."""
    n = first_alone + second_alone
    return float(binomtest(first_alone, n, 0.5).pvalue) if n else 1.0


def paired_interval(first_alone: int, second_alone: int, n: int) -> tuple[float, float]:
    """Bonett and Price's 95 % interval of the second's share minus the first's, of `n` pairs."""
    one, other = (first_alone + 1) / (n + 2), (second_alone + 1) / (n + 2)
    half = Z95 * np.sqrt((one + other - (other - one) ** 2) / (n + 2))
    return max(-1.0, float(other - one - half)), min(1.0, float(other - one + half))


def unpaired_interval(wins: tuple[int, int], n: tuple[int, int]) -> tuple[float, float]:
    """Newcombe's 95 % interval of the second share minus the first, from Wilson's of each."""
    (one, other), (a, b) = (wins[0] / n[0], wins[1] / n[1]), (wilson(wins[0], n[0]), wilson(wins[1], n[1]))
    low, high = np.hypot(other - b[0], a[1] - one), np.hypot(b[1] - other, one - a[0])
    return float(other - one - low), float(other - one + high)


def _pairs(first: Document, second: Document) -> list[Pair]:
    """Every episode of either."""
    left, right = first.by_key(), second.by_key()
    return [(left.get(key), right.get(key)) for key in (*left, *(key for key in right if key not in left))]


def _either(pair: Pair) -> Episode:
    one, other = pair
    found = one or other
    if found is None:
        raise ValueError("a pair holds at least one episode")
    return found


def _row(group: str, pairs: Sequence[Pair]) -> Row | None:
    """None where a run has no such episode."""
    sides = [[episode.success for pair in pairs if (episode := pair[side]) is not None] for side in (0, 1)]
    n, wins = (len(sides[0]), len(sides[1])), (sum(sides[0]), sum(sides[1]))
    if not all(n):
        return None
    success = wins[0] / n[0], wins[1] / n[1]
    if any(None in pair for pair in pairs):
        lost = n[0] - wins[0], n[1] - wins[1]
        p = np.array(fisher_exact([wins, lost]))[1]
        return Row(group, n, success, success[1] - success[0], unpaired_interval(wins, n), float(p), None)
    alone = sum(a and not b for a, b in zip(*sides, strict=True)), sum(b and not a for a, b in zip(*sides, strict=True))
    interval = paired_interval(*alone, n[0])
    return Row(group, n, success, success[1] - success[0], interval, mcnemar(*alone), alone)


def _speeds(number: int) -> str:
    low, high = BINS[number]
    return "still" if high == 0 else f"{low:g} to {high:g} m/s"
