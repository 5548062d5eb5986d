"""When enough has been seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from .next_view import NextView
from .stakes import Uncertainty, Wanted


@dataclass(frozen=True, slots=True)
class Enough:
    """The rule."""

    wanted: Wanted = field(default_factory=Wanted)
    least_gain: float = 0.02
    """Share by which the next view must lower the error."""
    least_views: int = 12
    most_views: int = 60
    """Of the camera with the fewest views."""


def why_stop(now: Uncertainty, views: int, best: NextView | None, rule: Enough) -> str | None:
    """One sentence; None to go on. `views` are those of the camera with the fewest, `best` the next one proposed."""
    if views >= rule.most_views:
        return f"Stopped at {views} views, the most that are allowed: {now.words()}."
    if best is None:
        return f"Stopped after {views} views: from no other allowed pose does a camera see the board; {now.words()}."
    if views < rule.least_views:
        return None
    if now.reaches(rule.wanted):
        return f"Enough after {views} views: {now.words()}, as wanted."
    if best.gain < rule.least_gain:
        return (
            f"Stopped after {views} views, since the next would lower the error by {100 * best.gain:.1f} % only:"
            f" {now.words()}."
        )
    return None
