"""What stands out: the group of attempts that fails more than the others, beyond what chance does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

from .attempts import STILL, UNKNOWN, Attempt, bin_name
from .rates import Rate, grouped, rate
from .wording import interval, percent

SURE = 0.05
"""Chance does so at most in this share of sessions, all groups taken together."""
FEWEST = 5
"""Attempts that a group, and the rest, must have."""

Key = Callable[[Attempt], str]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A group that fails more than the rest."""

    factor: str
    name: str
    rate: Rate
    rest: Rate
    chance: float
    """That a group fares so where nothing differs, Bonferroni's correction included."""


FACTORS: Mapping[str, Key] = {
    "object": lambda attempt: attempt.object,
    "speed": lambda attempt: bin_name(attempt.bin),
    "direction": lambda attempt: attempt.direction,
    "launcher": lambda attempt: attempt.launcher,
    "task": lambda attempt: attempt.task,
    "place": lambda attempt: attempt.place,
}
WORDS = {
    "object": "Attempts with the {}",
    "speed": "Objects at {} m/s",
    "direction": "Objects that move {}",
    "launcher": "Objects set in motion by {}",
    "task": "Attempts to {}",
    "place": "Objects on the {} of the table",
    "time": "Attempts in the {} third of the session",
}
THIRDS = ("first", "middle", "last")


def outlier(attempts: Sequence[Attempt]) -> Outlier | None:
    """The surest one; None where chance explains all."""
    judged = [attempt for attempt in attempts if attempt.judged]
    whole = rate(judged)
    tested = [
        (factor, name, one, Rate.of(whole.wins - one.wins, whole.n - one.n))
        for factor, rates in _groups(judged).items()
        for name, one in rates.items()
        if name != UNKNOWN and one.n >= FEWEST and whole.n - one.n >= FEWEST
    ]
    found = [
        Outlier(factor, name, one, rest, min(_chance(one, rest) * len(tested), 1.0))
        for factor, name, one, rest in tested
        if one.success < rest.success
    ]
    sure = [one for one in found if one.chance < SURE]
    return min(sure, key=lambda one: one.chance, default=None)


def _groups(judged: Sequence[Attempt]) -> dict[str, dict[str, Rate]]:
    groups = {factor: grouped(judged, key) for factor, key in FACTORS.items()}
    third = {id(attempt): THIRDS[3 * place // len(judged)] for place, attempt in enumerate(judged)}
    return groups | {"time": grouped(judged, lambda attempt: third[id(attempt)])}


def _chance(one: Rate, rest: Rate) -> float:
    """Of both sides."""
    table = [[one.wins, one.n - one.wins], [rest.wins, rest.n - rest.wins]]
    return float(np.asarray(fisher_exact(table), np.float64)[1])


def sentence(attempts: Sequence[Attempt]) -> str:
    """What stands out, in words."""
    if not any(attempt.judged for attempt in attempts):
        return "No attempt has ended with a verdict yet."
    found = outlier(attempts)
    if found is None:
        return (
            "Nothing stands out: no object, speed, direction, launcher, task or time fails more than chance explains."
        )
    who = "Still objects" if found.name == STILL else WORDS[found.factor].format(found.name.replace("_", " "))
    return (
        f"{who} fail most: {found.rate.wins} of {found.rate.n} succeeded ({percent(found.rate.success)}, interval"
        f" {interval(found.rate.ci95)}), of all others {percent(found.rest.success)}. {_odds(found.chance)}"
    )


def _odds(chance: float) -> str:
    least = max(chance, 1e-6)
    return f"Chance alone would do so in fewer than one of {round_down(1 / least):,} sessions."


def round_down(value: float) -> int:
    """To one digit."""
    power = 10 ** (len(str(int(value))) - 1)
    return int(value // power * power)
