"""Shares of success with how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from ...training.intervals import wilson
from .attempts import Attempt


@dataclass(frozen=True, slots=True)
class Rate:
    """Successes among attempts that ended with a verdict."""

    n: int
    wins: int
    success: float
    """Share; NaN of none."""
    ci95: tuple[float, float]
    """Wilson's interval."""

    @classmethod
    def of(cls, wins: int, n: int) -> Self:
        return cls(n, wins, wins / n if n else float("nan"), wilson(wins, n))


def rate(attempts: Sequence[Attempt]) -> Rate:
    """Of those that were judged."""
    judged = [attempt.won for attempt in attempts if attempt.judged]
    return Rate.of(sum(judged), len(judged))


def grouped[T](attempts: Iterable[Attempt], key: Callable[[Attempt], T]) -> dict[T, Rate]:
    """By group, in the order in which they come; those without a verdict count nowhere."""
    members: dict[T, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.judged:
            members.setdefault(key(attempt), []).append(attempt)
    return {name: rate(group) for name, group in members.items()}
