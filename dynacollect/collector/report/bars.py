"""Bars: how often values occur, and a whole in its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...calibration.report.markup import Markup, tag
from ...calibration.report.svg import Axis, axes, round_up, svg
from .style import COLOURS
from .wording import percent, plural

WIDTH, HEIGHT = 460, 200
BINS = 24
BULK = 0.995
"""Of values; those above are counted in the last bar."""


def histogram(values: Sequence[float], unit: str, label: str) -> Markup:
    """Attempts by a value; the last bar holds all that are larger."""
    found = np.array(values)
    top = float(np.quantile(found, BULK)) if len(found) else 1.0
    step = round_up(max(top, 1e-6) / BINS)
    edges = step * np.arange(int(np.ceil(top / step + 1e-9)) + 1)
    edges = edges if len(edges) > 1 else step * np.arange(2)
    counts, _ = np.histogram(np.clip(found, 0, edges[-1]), edges)
    x, y = Axis(0, float(edges[-1]), 44, WIDTH - 12), Axis(0, float(max(counts.max(), 1)), HEIGHT - 42, 24)
    bars = [
        _bar(x, y, low, high, count, f"{low:g} to {high:g} {unit}: {plural(count, 'attempt')}")
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        if count
    ]
    return svg(WIDTH, HEIGHT, label, axes(x, y, f"[{unit}]", "attempts", most_y=4), bars)


def _bar(x: Axis, y: Axis, low: float, high: float, count: int, said: str) -> Markup:
    place = {"x": x.at(low) + 0.5, "y": y.at(count), "width": max(x.at(high) - x.at(low) - 1, 1)}
    return tag("rect", tag("title", said), **place, height=y.at(0) - y.at(count), class_="bar")


def parts_of(whole: Mapping[str, float], label: str) -> Markup:
    """One bar, from left to right."""
    total = sum(whole.values())
    x, at, parts = Axis(0, total or 1.0, 2, 1098), 0.0, []
    for place, (name, value) in enumerate(whole.items()):
        said = f"{name}: {value:.2f} s, {percent(value / total if total else 0.0)}"
        size = {"x": x.at(at), "y": 2, "width": max(x.at(at + value) - x.at(at) - 1, 0.5), "height": 34}
        parts.append(tag("rect", tag("title", said), **size, fill=COLOURS[place % len(COLOURS)]))
        at += value
    return svg(1100, 38, label, parts)
