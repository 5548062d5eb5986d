"""Success by the way that objects moved, as a rose seen from above, the robot at its foot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.svg import line, svg, text
from .attempts import SECTORS
from .rates import Rate
from .wording import interval, percent

WIDTH, HEIGHT, REACH = 460, 400, 130
X, Y = WIDTH / 2, 186
RINGS = (0.5, 1.0)
HALF = np.pi / len(SECTORS) * 0.9
"""Half of a sector's angle, with a gap to its neighbours."""


def rose(rates: Mapping[int, Rate]) -> Markup:
    """By sector; each wedge ends at its share, its shadow reaches over the 95 % interval."""
    parts = [tag("circle", cx=X, cy=Y, r=REACH * ring, fill="none", class_="grid") for ring in RINGS]
    parts += [_wedge(sector, rates[sector]) for sector in sorted(rates)]
    parts += [text(*_at(_angle(-0.5), ring + 0.05), percent(ring), "start", "name") for ring in RINGS]
    parts += [_words(sector, rates.get(sector)) for sector in range(len(SECTORS))]
    robot = (tag("circle", cx=X, cy=HEIGHT - 34, r=5, class_="base"), text(X, HEIGHT - 14, "robot", class_="label"))
    return svg(WIDTH, HEIGHT, "Success by direction of motion", parts, robot)


def _wedge(sector: int, rate: Rate) -> Markup:
    said = f"{SECTORS[sector]}: {rate.wins} of {rate.n}, {percent(rate.success, 1)}, 95 % {interval(rate.ci95)}"
    low, high = rate.ci95
    parts = [tag("title", said), tag("path", d=_ring(sector, rate.success, high), class_="wedge fan")]
    parts.append(tag("path", d=_ring(sector, 0.0, rate.success), class_="wedge"))
    angle = _angle(sector)
    (x0, y0), (x1, y1) = _at(angle, low), _at(angle, high)
    parts.append(line(x0, y0, x1, y1, "whisker"))
    return tag("g", joined(parts))


def _words(sector: int, rate: Rate | None) -> Markup:
    x, y = _at(_angle(sector), 1.12)
    anchor = "middle" if sector % 4 == 0 else "end" if x < X else "start"
    said = "none" if rate is None else percent(rate.success)
    counted = "" if rate is None else f"{rate.wins:,} of {rate.n:,}"
    lift = {0: -14, 4: 12}.get(sector, 0)
    return joined(
        text(x, y + lift, said, anchor, "label"),
        text(x, y + lift + 14, counted, anchor),
    )


def _angle(sector: float) -> float:
    """On the page: away from the robot is up, its left is left."""
    return np.pi / 2 + sector * 2 * np.pi / len(SECTORS)


def _at(angle: float, share: float) -> tuple[float, float]:
    return X + REACH * share * float(np.cos(angle)), Y - REACH * share * float(np.sin(angle))


def _ring(sector: int, low: float, high: float) -> str:
    """Part of a ring, as a path."""
    first, last = _angle(sector) - HALF, _angle(sector) + HALF
    (x0, y0), (x1, y1) = _at(first, high), _at(last, high)
    (x2, y2), (x3, y3) = _at(last, low), _at(first, low)
    outer, inner = REACH * high, REACH * low
    return (
        f"M{x0:.1f} {y0:.1f}A{outer:.1f} {outer:.1f} 0 0 0 {x1:.1f} {y1:.1f}"
        f"L{x2:.1f} {y2:.1f}A{inner:.1f} {inner:.1f} 0 0 1 {x3:.1f} {y3:.1f}Z"
    )
