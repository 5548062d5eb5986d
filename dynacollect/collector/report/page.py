"""The page: first what came of the session, then why, then the pictures."""

from __future__ import annotations

from pathlib import Path

from ...calibration.report.markup import Markup, joined, tag
from .coverage import coverage
from .events import day, printable
from .failures import doubtful, failures
from .gallery import gallery
from .headline import headline
from .mishaps import faults, resets
from .reel import Reel
from .stability import checks, disk, stability
from .story import Story
from .style import CSS
from .success import success
from .summary import summarised
from .timing import timing

NAMES = {
    "success": "Success", "coverage": "Coverage", "failures": "Failures", "doubtful": "Doubtful", "faults": "Faults",
    "resets": "Resets", "timing": "Timing", "calibration": "Calibration and drift", "gallery": "Gallery",
    "disk": "Disk",
}  # fmt: skip
"""What the list at the top leads to."""


def page_of(story: Story, session: Path, page: Path) -> str:
    """One HTML file that needs nothing else; the same session always gives the same bytes."""
    title = f"Session {printable(session.absolute().name)}"
    reel = Reel(session, page)
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(CSS)),
    )
    body = joined(
        tag("h1", title),
        tag("p", _dates(story), class_="soft"),
        tag("nav", [tag("a", name, href=f"#{key}") for key, name in NAMES.items()]),
        headline(story, summarised(story), session),
        success(story), coverage(story), failures(story, reel), doubtful(story, reel), faults(story), resets(story),
        timing(story), stability(story, session), checks(story), gallery(story, reel), disk(story),
    )  # fmt: skip
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def _dates(story: Story) -> str:
    if not story.runs:
        return "Told by its episodes alone: the journal is missing or empty."
    return f"{day(story.runs[0].began.at)} to {day(story.runs[-1].last)}"
