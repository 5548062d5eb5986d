"""The first thing on the page: how many were kept, how sure the success is, and what stands out."""

from __future__ import annotations

from pathlib import Path

from ...calibration.report.markup import Markup, joined, tag
from .calibrated import calibration_name
from .events import day
from .outstanding import sentence
from .parts import NOTHING, table, tile
from .story import Run, Story
from .summary import SessionSummary
from .wording import interval, percent, plural, size, span

MOST_RUNS = 30
"""Rows; of more runs the last ones."""


def headline(story: Story, summary: SessionSummary, session: Path) -> Markup:
    """The answer, its figures, and what the session was."""
    wanted = "" if summary.wanted is None else f" of {summary.wanted:,}"
    grade = _grade(summary)
    box = tag(
        "div", tag("b", f"{summary.episodes:,}{wanted} kept"), sentence(story.attempts), class_=f"verdict {grade}"
    )
    return joined(box, tag("div", _tiles(story, summary), class_="tiles"), _facts(story, session), _damage(story))


def _grade(summary: SessionSummary) -> str:
    if not summary.episodes:
        return "bad"
    return "good" if summary.wanted is not None and summary.episodes >= summary.wanted else "usable"


def _tiles(story: Story, summary: SessionSummary) -> list[Markup]:
    pace = "-" if summary.per_hour != summary.per_hour else f"{summary.per_hour:,.1f}"
    judged = summary.episodes + summary.failures + summary.doubtful
    share = f"success of {plural(judged, 'attempt')} with a verdict, 95 % {interval(summary.ci95)}"
    return [
        tile(percent(summary.success, 1), share if judged else "success; no attempt has a verdict"),
        tile(f"{summary.failures:,}", "failures"),
        tile(f"{summary.doubtful:,}", "doubtful: the cues disagree"),
        tile(f"{summary.discarded:,}", f"discarded, of {summary.attempted:,} begun"),
        tile(f"{summary.human_calls:,}", "calls of a person"),
        tile(span(summary.seconds), plural(len(story.runs), "run")),
        tile(pace, "kept an hour"),
        tile(size(story.disk.bytes.total()), plural(story.disk.episodes, "episode") + " on the disk"),
    ]


def _facts(story: Story, session: Path) -> Markup:
    settings = story.settings
    pictures = {True: "recorded", False: "none", None: "-"}[settings.images]
    rows = [
        ("robot", settings.robot or "-"),
        ("rig", settings.rig or "-"),
        ("calibration", calibration_name(session)),
        ("object states from", settings.state or "-"),
        ("tasks", ", ".join(settings.tasks or ()) or "-"),
        ("pictures", pictures),
        ("time in attempts", f"{span(_cycles(story))} on the session's clock"),
        ("seed", "-" if settings.seed is None else settings.seed),
    ]
    cells = [tag("tr", tag("th", name), tag("td", said, class_="why")) for name, said in rows]
    return joined(
        tag("h3", "What it was"),
        tag("div", tag("table", tag("tbody", cells)), class_="scroll facts"),
        _runs(story.runs),
    )


def _cycles(story: Story) -> float:
    endings = [attempt.ending for attempt in story.attempts if attempt.ending is not None]
    return sum(max(one.cycle_s or 0.0, 0.0) for one in endings)


def _runs(runs: list[Run]) -> Markup:
    if not runs:
        return tag("p", "The journal tells of no run.")
    shown = runs[-MOST_RUNS:]
    rows = [
        (first, day(run.began.at), span(run.seconds), _end(run, last=run is runs[-1]), run.began.version or "-")
        for first, run in enumerate(shown, start=len(runs) - len(shown) + 1)
    ]
    heading = "Runs" if len(shown) == len(runs) else f"Runs, the last {MOST_RUNS} of {len(runs)}"
    return joined(tag("h3", heading), table(("run", "began", "took", "ended", "version"), rows, why=3))


def _end(run: Run, *, last: bool) -> str:
    if run.end is not None:
        return run.end or "in order"
    return "no end is told: it still runs, or was killed" if last else "killed"


def _damage(story: Story) -> Markup:
    disk = story.disk
    untold = [one.ending.episode for one in disk.untold]
    said = [
        (disk.unreadable, "cannot be read; run: dynacollect dataset repair"),
        (disk.missing, "told of in the journal, but no longer there"),
        (untold, "committed, but not told of in the journal; counted by their own records"),
    ]  # fmt: skip
    lines = [
        tag("li", f"{plural(len(numbers), 'episode')} ({_listed(numbers)}) {words}")
        for numbers, words in said
        if numbers
    ]
    return tag("ul", lines) if lines else NOTHING


def _listed(numbers: list[int] | list[int | None], most: int = 8) -> str:
    shown = ", ".join(str(number) for number in numbers[:most])
    return shown + (", …" if len(numbers) > most else "")
