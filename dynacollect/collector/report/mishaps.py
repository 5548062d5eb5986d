"""Faults with what became of them, calls of a person, objects that are no longer used, and resets."""

from __future__ import annotations

from collections import Counter

from ...calibration.report.markup import Markup, joined, tag
from .events import day
from .parts import NOTHING, section, table
from .story import Story
from .troubles import Fault, Troubles
from .wording import percent, plural, span

MOST = 60
"""Rows of a table."""
COLUMNS = (
    "fault", "seen", "recovered", "person called", "no deed helped", "mean time to recovery", "device", "done",
    "for example",
)  # fmt: skip


def faults(story: Story) -> Markup:
    """One row for each name."""
    troubles = story.troubles
    ordered = sorted(troubles.faults.items(), key=lambda item: (-item[1].seen, item[0]))
    if not ordered:
        return section("faults", "Faults and recoveries", "No fault was seen.", _calls(troubles), _quarantine(troubles))
    rows = [_row(name, fault) for name, fault in ordered[:MOST]]
    rows.append(_row("all", _total([fault for _, fault in ordered])))
    words = (
        "What was seen, what the session did about it, and whether that helped. Where no deed helped and nobody was"
        " called, the fault went away by itself, or what it concerned was set aside."
    )
    return section(
        "faults", "Faults and recoveries", words, table(COLUMNS, rows, why=8), _calls(troubles), _quarantine(troubles)
    )  # fmt: skip


def _total(faults: list[Fault]) -> Fault:
    return Fault(
        seen=sum(one.seen for one in faults),
        recovered=sum(one.recovered for one in faults),
        stopped=sum(one.stopped for one in faults),
        seconds=sum(one.seconds for one in faults),
    )


def _row(name: str, fault: Fault) -> tuple[object, ...]:
    mean = f"{fault.seconds / fault.recovered:.1f} s" if fault.recovered else "-"
    return (
        tag("b", name), fault.seen, fault.recovered, fault.stopped, fault.passed, mean, _counted(fault.devices),
        _counted(fault.deeds), fault.detail,
    )  # fmt: skip


def _counted(counts: Counter[str], most: int = 3) -> Markup:
    shown = [tag("div", f"{name} {count}") for name, count in counts.most_common(most)]
    return joined(shown, tag("div", "…") if len(counts) > most else NOTHING)


def _calls(troubles: Troubles) -> Markup:
    if not troubles.calls:
        return joined(tag("h3", "Calls of a person"), tag("p", "Nobody was called."))
    rows = [
        (
            day(one.call.at), "not answered" if one.seconds is None else span(one.seconds), one.call.reason or "-",
            one.call.remedy or "",
        )
        for one in troubles.calls[-MOST:]
    ]  # fmt: skip
    waited = sum(one.seconds or 0.0 for one in troubles.calls)
    words = f"{plural(len(troubles.calls), 'call')}, {span(waited)} in all until help came."
    if len(troubles.calls) > MOST:
        words += f" The last {MOST} are listed."
    return joined(
        tag("h3", "Calls of a person"), tag("p", words), table(("when", "waited", "reason", "remedy"), rows, why=2)
    )


def _quarantine(troubles: Troubles) -> Markup:
    if not troubles.quarantined:
        return NOTHING
    rows = [(one.object or "-", day(one.at), one.reason or "") for one in troubles.quarantined[-MOST:]]
    return joined(tag("h3", "Objects no longer used"), table(("object", "since", "reason"), rows, why=2))


def resets(story: Story) -> Markup:
    """How many tries it took to set the table."""
    if not story.resets:
        return section("resets", "Resets", "No reset is told of.")
    done = Counter(one.tries for one in story.resets if one.ok)
    rows: list[tuple[object, ...]] = [
        ("-" if tries is None else tries, count, percent(count / len(story.resets)))
        for tries, count in sorted(done.items(), key=lambda item: (item[0] is None, item[0] or 0))[:MOST]
    ]
    failed = [one for one in story.resets if not one.ok]
    if failed:
        rows.append(("given up", len(failed), percent(len(failed) / len(story.resets))))
    why = Counter(one.reason or "no reason was told" for one in failed)
    reasons = [tag("li", f"{plural(count, 'time')}: {words}") for words, count in why.most_common(8)]
    words = f"{plural(len(story.resets), 'time')} the table was set and looked at."
    more = joined(tag("h3", "Why resets were given up"), tag("ul", reasons)) if reasons else NOTHING
    return section("resets", "Resets", words, table(("tries", "resets", "share"), rows), more)
