"""Lines over the attempts of a session: success in a moving window, and how far cameras have wandered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.svg import Axis, axes, line, svg
from .rates import Rate
from .style import COLOURS

WIDTH, HEIGHT = 1100, 260
WINDOW = 50
"""Attempts with a verdict, at most; a quarter of a short session."""
SHORTEST = 5
"""At the start a window may be so many times shorter."""
PLACES = 240
"""At most so many places of a curve are worked out."""

Point = tuple[float, float]


def window_of(count: int) -> int:
    """How many attempts are taken together."""
    return int(np.clip(count // 4, 1, WINDOW))


def over_time(won: Sequence[bool], overall: Rate, resumes: Sequence[int]) -> Markup:
    """Success of the attempts up to each place; `resumes` are places at which a run began anew."""
    size, sums = window_of(len(won)), np.concatenate([[0], np.cumsum(won)])
    first = max(size // SHORTEST, 1)
    places = np.unique(np.linspace(first, len(won), min(PLACES, len(won) - first + 1)).round().astype(int))
    spans = [(max(place - size, 0), place) for place in places.tolist()]
    rates = [Rate.of(int(sums[last] - sums[begin]), last - begin) for begin, last in spans]
    x, y = Axis(0, max(len(won), 1), 46, WIDTH - 12), Axis(0, 100, HEIGHT - 44, 24)
    low = [(x.at(place), y.at(100 * one.ci95[0])) for place, one in zip(places, rates, strict=True)]
    high = [(x.at(place), y.at(100 * one.ci95[1])) for place, one in zip(places, rates, strict=True)]
    mean = [(x.at(place), y.at(100 * one.success)) for place, one in zip(places, rates, strict=True)]
    level = y.at(100 * overall.success)
    return svg(
        WIDTH, HEIGHT, "Success over time",
        axes(x, y, "attempts with a verdict", f"success of the last {size} [%]", most_x=10),
        tag("path", d=path([*low, *reversed(high)]) + "Z", class_="band"),
        line(x.start, level, x.end, level, "overall"),
        [line(x.at(place), y.start, x.at(place), y.end, "resume") for place in resumes],
        tag("path", d=path(mean), class_="spine") if len(mean) > 1 else _dot(mean[0]),
    )  # fmt: skip


def _dot(at: Point) -> Markup:
    return tag("circle", cx=at[0], cy=at[1], r=4.5, class_="dot")


def wanderings(cameras: Mapping[str, Sequence[Point]]) -> Markup:
    """Shift of each camera's background, px, by attempt; of many, the largest of each stretch."""
    every = [point for points in cameras.values() for point in points]
    last, most = max(point[0] for point in every), max(point[1] for point in every)
    x, y = Axis(0, max(last, 1), 46, WIDTH - 12), Axis(0, max(1.15 * most, 0.5), HEIGHT - 44, 24)
    parts = []
    for place, (name, points) in enumerate(sorted(cameras.items())):
        drawn = [(x.at(a), y.at(b)) for a, b in thinned(points)]
        colour = COLOURS[place % len(COLOURS)]
        line_ = tag("path", d=path(drawn), fill="none", stroke=colour, stroke_width=1.8)
        parts.append(
            tag("g", tag("title", name), line_, [tag("circle", cx=a, cy=b, r=2, fill=colour) for a, b in drawn])
        )
    grid = axes(x, y, "attempts", "shift of the background [px]", most_x=10)
    return svg(WIDTH, HEIGHT, "Drift of the cameras", grid, joined(parts))


def thinned(points: Sequence[Point]) -> list[Point]:
    """The largest of each of so many stretches."""
    if not points:
        return []
    return [
        max((points[place] for place in stretch), key=lambda point: point[1])
        for stretch in np.array_split(np.arange(len(points)), min(PLACES, len(points)))
    ]


def path(points: Sequence[Point]) -> str:
    """Straight from each to the next."""
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
