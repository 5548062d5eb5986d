"""One success of each object at each speed, as far as there are."""

from __future__ import annotations

from ...calibration.report.markup import Markup, tag
from .attempts import Attempt, bin_name
from .failures import about, spread
from .parts import section
from .reel import SHORT, Reel
from .story import Story

MOST = 48
"""Strips."""
TRIED = 3
"""Episodes of a cell that are tried, where some have no pictures."""


def gallery(story: Story, reel: Reel) -> Markup:
    """By object, then speed."""
    cells: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in sorted(story.kept, key=lambda each: (each.object, each.bin or (9.0, 9.0))):
        cells.setdefault((attempt.object, bin_name(attempt.bin)), []).append(attempt)
    shown = spread(list(cells.values()), MOST)
    strips = [strip for cell in shown if (strip := _strip(cell, reel)) is not None]
    if not strips:
        return section("gallery", "Gallery", "No success has pictures that can be read.")
    words = "A success of each object at each speed. Each strip leads to the episode's folder."
    if len(strips) < len(cells):
        words += f" {len(strips)} of {len(cells)} are shown."
    return section("gallery", "Gallery", words, tag("div", strips, class_="pair"))


def _strip(cell: list[Attempt], reel: Reel) -> Markup | None:
    for attempt in spread(cell, TRIED):
        if attempt.episode is not None:
            found = reel.strip(attempt.episode, SHORT, *about(attempt))
            if found is not None:
                return found
    return None
