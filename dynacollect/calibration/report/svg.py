"""What every figure is drawn from: a canvas, axes with ticks, dots and a ramp of colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from .markup import Markup, joined, tag

RAMP = np.array([[238, 246, 214], [143, 208, 164], [53, 160, 168], [43, 106, 153], [43, 47, 107]], float)
"""From little to much, red, green, blue."""
TICK_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to pixels of the figure."""

    low: float
    high: float
    start: float
    """Where the low end is."""
    end: float

    def at(self, value: float) -> float:
        """Where a value is."""
        return self.start + (float(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values inside, about so many; none for 0."""
        if not most:
            return []
        step = round_up((self.high - self.low) / most)
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        return [float(index * step) + 0.0 for index in np.arange(first, last + 1)]


def round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if not value > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * next(step for step in TICK_STEPS if step * power >= value * (1 - 1e-9)))


def svg(width: float, height: float, label: str, *parts: object) -> Markup:
    """A figure that shrinks with the page; `label` says what it shows."""
    box = f"0 0 {width:g} {height:g}"
    size = {"width": width, "height": height}
    xmlns = "http://www.w3.org/2000/svg"
    return tag("svg", tag("title", label), *parts, xmlns=xmlns, viewBox=box, role="img", **size)


def text(x: float, y: float, words: object, anchor: str = "middle", class_: str | None = None) -> Markup:
    """A short line of words."""
    return tag("text", words, x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def axes(x: Axis, y: Axis, x_label: str, y_label: str, *, most_x: int = 6, most_y: int = 5) -> Markup:
    """Ticks with their grid and the names of both axes."""
    left, right = min(x.start, x.end), max(x.start, x.end)
    top, bottom = min(y.start, y.end), max(y.start, y.end)
    parts = [line(x.at(tick), top, x.at(tick), bottom, "grid") for tick in x.ticks(most_x)]
    parts += [line(left, y.at(tick), right, y.at(tick), "grid") for tick in y.ticks(most_y)]
    parts += [text(x.at(tick), bottom + 14, f"{tick:g}") for tick in x.ticks(most_x)]
    parts += [text(left - 5, y.at(tick) + 4, f"{tick:g}", "end") for tick in y.ticks(most_y)]
    parts.append(text((left + right) / 2, bottom + 30, x_label))
    if y_label:
        parts.append(text(left, top - 6, y_label, "start"))
    return joined(parts)


def dots(x: Axis, y: Axis, places: Vector, class_: str) -> Markup:
    """All of (n, 2) as one path of round points."""
    path = "".join(f"M{x.at(a):.1f} {y.at(b):.1f}h0" for a, b in places)
    return tag("path", d=path or "M0 0", class_=class_)


def histogram(values: Vector, width: float, height: float, label: str, unit: str, bins: Vector) -> Markup:
    """How many of the values are in each bin."""
    counts, _ = np.histogram(values, bins)
    x = Axis(float(bins[0]), float(bins[-1]), 34, width - 10)
    y = Axis(0, max(float(counts.max(initial=0)), 1.0), height - 40, 20)
    bars = [
        tag(
            "rect",
            tag("title", f"{low:g} to {high:g} {unit}: {count}"),
            x=x.at(low) + 0.5,
            y=y.at(count),
            width=x.at(high) - x.at(low) - 1,
            height=y.at(0) - y.at(count),
            class_="bar",
        )
        for low, high, count in zip(bins[:-1], bins[1:], counts.tolist(), strict=True)
    ]
    return svg(width, height, label, axes(x, y, f"{label} [{unit}]", "views", most_y=4), bars)


def ramp(share: float) -> str:
    """A colour for 0 (little) to 1 (much)."""
    at = float(np.clip(share, 0, 1)) * (len(RAMP) - 1)
    low = min(int(at), len(RAMP) - 2)
    red, green, blue = (RAMP[low] + (at - low) * (RAMP[low + 1] - RAMP[low])).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def ink_on(share: float) -> str:
    """The class of words that can be read on that colour."""
    return "on-light" if share < 0.5 else "on-dark"
