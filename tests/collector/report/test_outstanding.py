"""What stands out is said where it is there, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.collector.report.attempts import Attempt
from dynacollect.collector.report.events import AttemptBegan, Verdict
from dynacollect.collector.report.outstanding import SURE, outlier, round_down, sentence

OBJECTS = ("apple", "egg", "mug", "cube")
SPEEDS = ((0.0, 0.0), (0.0, 0.15), (0.15, 0.35))


def session(rng: np.random.Generator, count: int, **worse: object) -> list[Attempt]:
    """Attempts that succeed nine times of ten; those with `worse` half the time."""
    found = []
    for number in range(count):
        begun = AttemptBegan.model_validate(
            {
                "attempt": number, "task": str(rng.choice(["pick", "place"])), "object": str(rng.choice(OBJECTS)),
                "bin": SPEEDS[rng.integers(3)], "heading_deg": 45 * int(rng.integers(8)),
                "launcher": str(rng.choice(["push", "ramp"])), "place": str(rng.choice(["left", "right"])),
            }
        )  # fmt: skip
        bad = bool(worse) and all(getattr(begun, name) == value for name, value in worse.items())
        won = rng.random() < (0.5 if bad else 0.9)
        found.append(Attempt(begun, None, Verdict(outcome="success" if won else "failure")))
    return found


@pytest.mark.parametrize(
    ("worse", "factor", "name"),
    [({"object": "egg"}, "object", "egg"), ({"bin": (0.15, 0.35)}, "speed", "0.15 to 0.35"),
     ({"launcher": "ramp"}, "launcher", "ramp"), ({"heading_deg": 90.0}, "direction", "left")],
)  # fmt: skip
def test_the_group_that_fails_most_is_named(worse: dict[str, object], factor: str, name: str) -> None:
    attempts = session(np.random.default_rng(5), 900, **worse)
    found = outlier(attempts)
    assert found is not None
    assert (found.factor, found.name) == (factor, name)
    mine, rest = found.rate, found.rest
    assert mine.n + rest.n == 900
    assert mine.wins + rest.wins == sum(attempt.won for attempt in attempts)
    assert f"{mine.wins} of {mine.n} succeeded" in sentence(attempts)


def test_a_session_that_went_worse_in_the_end_says_so() -> None:
    rng = np.random.default_rng(2)
    attempts = session(rng, 200) + session(rng, 100, task="pick") + session(rng, 1)
    for attempt in attempts[210::2]:
        attempt.ending = Verdict(outcome="failure")
    assert sentence(attempts).startswith("Attempts in the last third of the session fail most")


@pytest.mark.slow
def test_chance_is_not_taken_for_a_finding() -> None:
    """Where nothing differs, at most so many sessions as stated say that something does."""
    rng = np.random.default_rng(0)
    said = sum(outlier(session(rng, 150)) is not None for _ in range(60))
    assert said <= 60 * SURE + 3
    assert sentence(session(rng, 60)[:2]).startswith("Nothing stands out")
    assert sentence([]) == "No attempt has ended with a verdict yet."


def test_odds_are_never_overstated() -> None:
    assert [round_down(value) for value in (20.9, 99.9, 100, 4321.0, 1e6)] == [20, 90, 100, 4000, 1_000_000]
