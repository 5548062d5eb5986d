"""Where and when attempts succeed."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from ...calibration.report.markup import Markup, tag
from .attempts import UNKNOWN, Attempt, bin_name, bins_of
from .curves import over_time
from .parts import NOTHING, figure, section, wide
from .rate_rows import Row, rate_rows
from .rates import Rate, grouped, rate
from .rose import rose
from .story import Story

WORDS = (
    "Successes among the attempts that ended with a verdict; a doubtful one is no success. Intervals are Wilson's,"
    " 95 %: where they do not overlap, two groups differ by more than chance."
)


def success(story: Story) -> Markup:
    """Over time, then by what was asked for."""
    judged = story.judged
    if not judged:
        return section("success", "Success", "No attempt has ended with a verdict.")
    overall = rate(judged)
    time = over_time([attempt.won for attempt in judged], overall, _resumes(story))
    figures = [
        figure("By object", rate_rows(_rows(judged, attrgetter("object")), overall, "Success by object")),
        figure("By speed of the object [m/s]", rate_rows(_by_speed(judged), overall, "Success by speed")),
        figure("By direction of motion", rose(_by_sector(judged)))
        if any(attempt.sector is not None for attempt in judged)
        else NOTHING,
    ]
    for name in ("launcher", "task", "place"):
        rows = _rows(judged, attrgetter(name))
        if rows and [label for label, _ in rows] != [UNKNOWN]:
            figures.append(figure(f"By {name}", rate_rows(rows, overall, f"Success by {name}")))
    note = "Dashed: the whole session. Dotted upright lines: a run began anew."
    return section(
        "success", "Success", WORDS, wide(time), tag("p", note, class_="soft"), tag("div", figures, class_="pair")
    )  # fmt: skip


def _rows(judged: list[Attempt], key: Callable[[Attempt], str]) -> list[Row]:
    return sorted(grouped(judged, key).items())


def _by_speed(judged: list[Attempt]) -> list[Row]:
    rates = grouped(judged, lambda attempt: attempt.bin)
    return [(bin_name(bin_), rates[bin_]) for bin_ in bins_of(judged)]


def _by_sector(judged: list[Attempt]) -> dict[int, Rate]:
    rates = grouped(judged, lambda attempt: attempt.sector)
    return {sector: one for sector, one in rates.items() if sector is not None}


def _resumes(story: Story) -> list[int]:
    """How many attempts with a verdict there were before each later run."""
    return [sum(attempt.judged for attempt in story.attempts[: run.first_attempt]) for run in story.runs[1:]]
