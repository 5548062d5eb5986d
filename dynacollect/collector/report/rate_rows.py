"""Success by group: one row each, with its interval and its counts."""

from __future__ import annotations

from collections.abc import Sequence

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.svg import Axis, line, svg, text
from .rates import Rate
from .wording import cut, interval, percent

WIDTH, ROW, LEFT, RIGHT, TOP = 470, 24, 144, 96, 8
MOST = 30
"""Rows; of more groups those with most attempts are shown."""

Row = tuple[str, Rate]


def rate_rows(rows: Sequence[Row], overall: Rate, label: str) -> Markup:
    """A dot at each share with its 95 % interval; the dashed line is the whole session."""
    shown = largest(rows)
    bottom = TOP + ROW * len(shown)
    x = Axis(0, 100, LEFT, WIDTH - RIGHT)
    grid = [line(x.at(tick), TOP, x.at(tick), bottom, "grid") for tick in x.ticks(4)]
    grid += [text(x.at(tick), bottom + 15, f"{tick:g}") for tick in x.ticks(4)]
    if overall.n:
        grid.append(line(x.at(100 * overall.success), TOP, x.at(100 * overall.success), bottom, "overall"))
    parts = [_row(name, rate, x, TOP + ROW * (place + 0.5)) for place, (name, rate) in enumerate(shown)]
    notes = [text(LEFT, bottom + 30, "success [%], 95 % interval; dashed: all", "start")]
    if len(shown) < len(rows):
        notes.append(text(LEFT, bottom + 45, f"the {MOST} of {len(rows)} with most attempts", "start"))
    return svg(WIDTH, bottom + 22 + 15 * len(notes), label, grid, parts, notes)


def largest(rows: Sequence[Row]) -> list[Row]:
    """No more than can be shown, in their order."""
    if len(rows) <= MOST:
        return list(rows)
    least = sorted((rate.n for _, rate in rows), reverse=True)[MOST - 1]
    return [row for row in rows if row[1].n >= least][:MOST]


def _row(name: str, rate: Rate, x: Axis, y: float) -> Markup:
    said = f"{name}: {rate.wins} of {rate.n}, {percent(rate.success, 1)}, 95 % {interval(rate.ci95)}"
    parts = [tag("title", said), text(LEFT - 8, y + 4, cut(name, 21), "end", "label")]
    if rate.n:
        low, high = (x.at(100 * end) for end in rate.ci95)
        parts += [
            line(low, y, high, y, "whisker"),
            line(low, y - 4, low, y + 4, "whisker"),
            line(high, y - 4, high, y + 4, "whisker"),
            tag("circle", cx=x.at(100 * rate.success), cy=y, r=4.5, class_="dot"),
        ]
    parts.append(text(WIDTH - RIGHT + 8, y + 4, f"{rate.wins:,} of {rate.n:,}", "start"))
    return tag("g", joined(parts))
