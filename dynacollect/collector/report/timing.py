"""How long things took: the loop's own work, the age of the pictures, ticks that were missed, and the cycle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...calibration.report.markup import Markup, joined, tag
from .bars import histogram, parts_of
from .events import Verdict
from .parts import NOTHING, figure, key, section, table
from .story import Story
from .wording import percent, plural

PHASES = 7
"""Parts of the cycle; of more the shortest are one."""
AROUND = "setting up, reset, recovery"
REST = "other phases"


def timing(story: Story) -> Markup:
    """Of all attempts that ended."""
    endings = [attempt.ending for attempt in story.attempts if attempt.ending is not None]
    if not endings:
        return section("timing", "Timing", "No attempt has ended.")
    words = "Work is the loop's own time in a tick; latency is from the capture of the pictures to the command."
    return section("timing", "Timing", words, _loop(endings), _missed(endings), _cycle(endings))


def _loop(endings: Sequence[Verdict]) -> Markup:
    works = [one.work_ms for one in endings if one.work_ms is not None]
    ages = [one.age_ms for one in endings if one.age_ms is not None]
    groups = {
        "Work in a tick, median of each attempt": (each.median for each in works),
        "Work in a tick, 99th percentile of each attempt": (each.p99 for each in works),
        "Latency, median of each attempt": (each.median for each in ages),
        "Latency, 99th percentile of each attempt": (each.p99 for each in ages),
    }
    figures = [
        figure(name, histogram(known, "ms", name)) for name, values in groups.items() if (known := _known(values))
    ]
    return tag("div", figures, class_="pair")


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and value >= 0]


def _missed(endings: Sequence[Verdict]) -> Markup:
    told = [(one.ticks, one.missed) for one in endings if one.ticks is not None and one.missed is not None]
    ticks, missed = sum(all_ for all_, _ in told), sum(lost for _, lost in told)
    if not ticks:
        return NOTHING
    late = sum(lost > 0 for _, lost in told)
    words = f"{missed:,} of {ticks:,} ticks were missed ({percent(missed / ticks, 3)}), in {plural(late, 'attempt')}."
    return tag("p", words)


def cycle(endings: Sequence[Verdict]) -> dict[str, float]:
    """Mean seconds of an attempt in each phase, and around them."""
    sums: dict[str, float] = {}
    told = [one for one in endings if one.cycle_s is not None and one.phases]
    for one in told:
        for name, seconds in one.phases or ():
            if name and seconds is not None:
                sums[name] = sums.get(name, 0.0) + max(seconds, 0.0)
        inside = sum(seconds or 0.0 for _, seconds in one.phases or ())
        sums[AROUND] = sums.get(AROUND, 0.0) + max((one.cycle_s or 0.0) - inside, 0.0)
    return {name: total / len(told) for name, total in sums.items()}


def _cycle(endings: Sequence[Verdict]) -> Markup:
    whole = _fewer(cycle(endings))
    total = sum(whole.values())
    if not total:
        return NOTHING
    rows = [
        (
            key(place, name),
            f"{seconds:.2f} s", percent(seconds / total),
        )
        for place, (name, seconds) in enumerate(whole.items())
    ]  # fmt: skip
    return joined(
        tag("h3", f"Where the {total:.1f} s of a cycle go"),
        tag("div", parts_of(whole, "Mean seconds of a cycle by phase")),
        table(("phase", "mean", "share"), rows),
    )


def _fewer(parts: dict[str, float]) -> dict[str, float]:
    """The longest ones in their order, the others as one."""
    shown = sorted(parts, key=lambda name: -parts[name])[:PHASES]
    found = {name: seconds for name, seconds in parts.items() if name in shown}
    rest = sum(seconds for name, seconds in parts.items() if name not in shown)
    return found | ({REST: rest} if rest else {})
