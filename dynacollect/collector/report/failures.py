"""Why attempts failed, with film strips, and which ones a person should look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...calibration.report.markup import Markup, joined, tag
from .attempts import Attempt, bin_name
from .events import Cue
from .parts import NOTHING, section, table
from .reel import LONG, Reel
from .story import Story
from .wording import percent, plural

REASONS, EXAMPLES = 12, 3
"""Reasons with strips, and strips of each."""
TRIED = 8
"""Episodes that are tried for a reason's strips, where some have no pictures."""
DOUBTFUL, DOUBTFUL_STRIPS = 60, 8
"""Rows, and strips."""
METER = 240
"""Pixels of the longest bar."""


@dataclass(slots=True)
class Reason:
    """Failures whose reasons differ in numbers only."""

    words: str
    """Of the first."""
    attempts: list[Attempt] = field(default_factory=list)


def ranked(attempts: Sequence[Attempt]) -> list[Reason]:
    """The most frequent first."""
    found: dict[str, Reason] = {}
    for attempt in attempts:
        words = (attempt.ending.reason if attempt.ending else None) or "no reason was told"
        key = re.sub(r"\d+(?:[.,]\d+)?", "#", words)
        found.setdefault(key, Reason(words)).attempts.append(attempt)
    return sorted(found.values(), key=lambda reason: -len(reason.attempts))


def failures(story: Story, reel: Reel) -> Markup:
    """Reasons by how often they come."""
    reasons = ranked([attempt for attempt in story.attempts if attempt.outcome == "failure"])
    if not reasons:
        return section("failures", "Failures", "No attempt failed.")
    total = sum(len(reason.attempts) for reason in reasons)
    most = len(reasons[0].attempts)
    rows = [
        (
            f"{len(reason.attempts)}",
            percent(len(reason.attempts) / total),
            _meter(len(reason.attempts) / most),
            reason.words,
        )
        for reason in reasons[:REASONS]
    ]
    if rest := sum(len(reason.attempts) for reason in reasons[REASONS:]):
        rows.append((f"{rest}", percent(rest / total), _meter(rest / most), f"{len(reasons) - REASONS} other reasons"))
    strips = [_examples(reason, reel) for reason in reasons[:REASONS]]
    words = f"{plural(total, 'attempt')} failed. Reasons that differ in numbers only are counted together."
    return section("failures", "Failures", words, table(("failures", "share", "", "reason"), rows, why=3), strips)


def _meter(share: float) -> Markup:
    return tag("span", class_="meter", style=f"width:{max(METER * share, 2):.0f}px")


def _examples(reason: Reason, reel: Reel) -> Markup:
    strips = list[Markup]()
    for attempt in spread(reason.attempts, TRIED):
        if len(strips) == EXAMPLES or attempt.episode is None:
            continue
        if (strip := reel.strip(attempt.episode, LONG, *about(attempt))) is not None:
            strips.append(strip)
    return joined(tag("h3", reason.words), strips) if strips else NOTHING


def about(attempt: Attempt) -> tuple[object, ...]:
    """What a strip shows."""
    speed = bin_name(attempt.bin)
    said = f" {attempt.task} {attempt.object}, {speed}{'' if attempt.bin in (None, (0.0, 0.0)) else ' m/s'}"
    reason = attempt.ending.reason if attempt.ending else None
    return tag("b", f"Episode {attempt.episode}:"), said, "" if attempt.won or not reason else f": {reason}"


def spread[T](items: Sequence[T], most: int) -> list[T]:
    """Some of them, from all over, the first among them."""
    step = max(len(items) / most, 1.0)
    return [items[int(place * step)] for place in range(min(most, len(items)))]


def doubtful(story: Story, reel: Reel) -> Markup:
    """Those that a person should judge."""
    found = [attempt for attempt in story.attempts if attempt.outcome == "doubtful"]
    if not found:
        return section("doubtful", "Doubtful", "No verdict is in doubt.")
    rows = [_doubt(attempt) for attempt in found[:DOUBTFUL]]
    more = f" The first {DOUBTFUL} are listed." if len(found) > DOUBTFUL else ""
    words = f"Of {plural(len(found), 'attempt')} the two cues disagree, or neither is sure. They are kept apart.{more}"
    strips = [
        strip
        for attempt in spread(found, DOUBTFUL_STRIPS)
        if attempt.episode is not None
        and (strip := reel.strip(attempt.episode, LONG, *about(attempt))) is not None
    ]  # fmt: skip
    columns = ("episode", "object", "speed [m/s]", "the gripper says", "what is seen says", "confidence", "reason")
    return section("doubtful", "Doubtful", words, table(columns, rows, why=6), strips)


def _doubt(attempt: Attempt) -> tuple[object, ...]:
    ending = attempt.ending
    cues = (ending.cues if ending else None) or {}
    sure = ending.confidence if ending else None
    return (
        "-" if attempt.episode is None else attempt.episode, attempt.object, bin_name(attempt.bin),
        _cue(cues.get("gripper")), _cue(cues.get("seen")), "-" if sure is None else percent(sure),
        (ending.reason if ending else None) or "",
    )  # fmt: skip


def _cue(cue: Cue | None) -> Markup:
    if cue is None:
        return joined("-")
    word, kind = {True: ("success", "yes"), False: ("failure", "no"), None: ("not sure", "soft")}[cue.says]
    return joined(tag("span", word, class_=kind), f": {cue.detail}" if cue.detail else "")
