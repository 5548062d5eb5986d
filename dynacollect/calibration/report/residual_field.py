"""Where in a picture predictions are off, and which way: noise points anywhere, a wrong lens makes a pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector
from .markup import Markup, tag
from .svg import Axis, axes, dots, line, round_up, svg, text

COLUMNS, ROWS = 10, 8
LEAST = 3
"""Corners that a mean needs."""
WIDTH = 620
SHARE = 0.6
"""Of a cell: how long one sigma's arrow is at most."""
CLEAR = 4.0
"""Sigmas of a mean beyond which its arrow stands out."""
REACH = 6.0
"""Sigmas shown of single errors."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Mean errors of the cells that have corners."""

    middle: Vector
    """(c, 2) pixels."""
    mean: Vector
    """(c, 2): predicted less seen [px]."""
    count: Vector
    """(c,)."""

    def against_noise(self, sigma_px: float) -> float:
        """How large the means are next to what noise alone would leave of them; 1 where the lens fits."""
        if not len(self.count):
            return 1.0
        return float(np.sqrt((self.count[:, None] * self.mean**2).mean()) / sigma_px)


def field(pixels: Vector, errors: Vector, size: tuple[int, int]) -> Field:
    """Means on a grid over the picture."""
    shares = np.clip(pixels / np.array(size, float), 0, 1 - 1e-9)
    cell = (shares * (COLUMNS, ROWS)).astype(int) @ (1, COLUMNS)
    count = np.bincount(cell, minlength=COLUMNS * ROWS)
    kept = np.flatnonzero(count >= LEAST)
    mean = np.stack([np.bincount(cell, part, COLUMNS * ROWS)[kept] / count[kept] for part in errors.T], axis=1)
    middle = (np.stack([kept % COLUMNS, kept // COLUMNS], axis=1) + 0.5) / (COLUMNS, ROWS) * size
    return Field(middle, mean, count[kept].astype(np.float64))


def arrows(found: Field, size: tuple[int, int], sigma_px: float) -> Markup:
    """Mean errors, exaggerated; those that noise hardly makes stand out."""
    wide = WIDTH - 70.0
    tall = wide * size[1] / size[0]
    x, y = Axis(0, size[0], 50, 50 + wide), Axis(0, size[1], 22, 22 + tall)
    zoom = round_up(0.5 * SHARE * size[0] / COLUMNS / max(sigma_px, 1e-6))
    parts = [axes(x, y, "picture x [px]", f"mean errors, drawn {zoom:g} times as long; y [px]")]
    for (a, b), off, count in zip(found.middle, found.mean, found.count, strict=True):
        clear = np.linalg.norm(off) * np.sqrt(count) > CLEAR * sigma_px
        said = f"{np.hypot(*off):.3f} px, mean of {count:.0f} corners"
        parts.append(_arrow((x.at(a), y.at(b)), zoom * off * (wide / size[0]), clear, said))
    key = zoom * sigma_px * wide / size[0]
    parts.append(_arrow((WIDTH - 20 - key, tall + 64), np.array([key, 0.0]), False, "one sigma"))
    parts.append(text(WIDTH - 26 - key, tall + 68, f"one sigma of a corner, {sigma_px:.3f} px", "end"))
    return svg(WIDTH, tall + 78, "Mean errors over the picture", parts)


def _arrow(tail: tuple[float, float], along: Vector, clear: bool, said: str) -> Markup:
    tip = tail + along
    length = float(np.hypot(*along))
    ahead = along / max(length, 1e-9)
    side = np.array([-ahead[1], ahead[0]])
    back = min(6.0, length / 2)
    barbs = [tip - back * ahead + 0.5 * back * sign * side for sign in (1, -1)]
    points = [tail, tip, barbs[0], tip, barbs[1]]
    path = "M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in points)
    return tag("path", tag("title", said), d=path, class_="mean clear" if clear else "mean")


def scatter(errors: Vector, left_out: Vector, sigma_px: float) -> Markup:
    """Every error of a corner; the circle is one sigma, left out ones are on the rim where they are farther off."""
    reach = REACH * sigma_px
    x, y = Axis(-reach, reach, 50, 330), Axis(-reach, reach, 22, 302)
    circle = tag("circle", cx=x.at(0), cy=y.at(0), r=x.at(sigma_px) - x.at(0), class_="sigma")
    inside = np.clip(left_out, -reach, reach)
    parts = [
        axes(x, y, "error in x [px]", "error in y [px]"),
        dots(x, y, np.clip(errors, -reach, reach), "dots seen"),
        dots(x, y, inside, "dots off"),
        circle,
        line(50, y.at(0), 330, y.at(0), "grid"),
        text(330, 14, f"circle: {sigma_px:.3f} px", "end"),
    ]
    return svg(344, 340, "Errors of single corners", parts)
