"""Objects by speeds: how many were kept of each, and how often it went well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.svg import ink_on, ramp, svg, text
from .rates import Rate
from .wording import cut, interval, percent

LEFT, TOP, HIGH, WIDE = 132, 24, 25, 64
FEW = 0.5
"""Less than this share of what would be even is marked."""
MOST = 40
"""Rows."""

Cell = tuple[str, str]
"""Object and speed."""
Draw = Callable[[Cell, float, float], Markup]
"""Of a cell, at its corner."""


def kept_map(objects: Sequence[str], speeds: Sequence[str], rates: Mapping[Cell, Rate]) -> Markup:
    """Kept episodes in each cell; dark is many, a red rim is less than half of an even share."""
    counts = {cell: rate.wins for cell, rate in rates.items()}
    even = sum(counts.values()) / max(len(objects) * len(speeds), 1)
    most = max([*counts.values(), 1])

    def drawn(cell: Cell, x: float, y: float) -> Markup:
        count = counts.get(cell, 0)
        said = f"{cell[0]}, {cell[1]}: {count} kept; {even:.1f} in each would be even"
        share = count / most
        few = " few" if count < FEW * even else ""
        return _cell(x, y, said, f"{count}", ramp(share), ink_on(share), few)

    return _grid(objects, speeds, "Kept episodes by object and speed", drawn)


def success_map(objects: Sequence[str], speeds: Sequence[str], rates: Mapping[Cell, Rate]) -> Markup:
    """Share of success in each cell."""

    def drawn(cell: Cell, x: float, y: float) -> Markup:
        rate = rates.get(cell)
        if rate is None or not rate.n:
            return _cell(x, y, f"{cell[0]}, {cell[1]}: not tried", "", None, None, " none")
        said = f"{cell[0]}, {cell[1]}: {rate.wins} of {rate.n}, 95 % {interval(rate.ci95)}"
        return _cell(x, y, said, percent(rate.success), ramp(rate.success), ink_on(rate.success), "")

    return _grid(objects, speeds, "Success by object and speed", drawn)


def _grid(objects: Sequence[str], speeds: Sequence[str], label: str, drawn: Draw) -> Markup:
    shown = objects[:MOST]
    wide, high = LEFT + WIDE * len(speeds) + 4, TOP + HIGH * len(shown)
    short = [speed.replace(" to ", "-") for speed in speeds]
    heads = [text(LEFT + WIDE * (place + 0.5), TOP - 8, speed) for place, speed in enumerate(short)]
    names = [
        text(LEFT - 8, TOP + HIGH * (row + 0.5) + 4, cut(name, 19), "end", "label") for row, name in enumerate(shown)
    ]
    cells = [
        drawn((name, speed), LEFT + WIDE * column, TOP + HIGH * row)
        for row, name in enumerate(shown)
        for column, speed in enumerate(speeds)
    ]
    foot = [text(LEFT, high + 16, "speed [m/s]", "start")]
    if len(shown) < len(objects):
        foot.append(text(wide - 4, high + 16, f"the first {MOST} of {len(objects)} objects", "end"))
    return svg(wide, high + 24, label, heads, names, joined(cells), foot)


def _cell(x: float, y: float, said: str, words: str, fill: str | None, ink: str | None, extra: str) -> Markup:
    square = tag("rect", x=x + 1, y=y + 1, width=WIDE - 2, height=HIGH - 2, fill=fill, class_="cell" + extra)
    return tag("g", tag("title", said), square, text(x + WIDE / 2, y + HIGH / 2 + 4, words, class_=ink))
