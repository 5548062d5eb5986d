"""What sections are made of: headings, tables, tiles, figures."""

from __future__ import annotations

from collections.abc import Sequence

from ...calibration.report.markup import Markup, joined, tag
from .style import COLOURS

NOTHING = joined()
"""No markup."""


def section(key: str, heading: str, words: str, *parts: object) -> Markup:
    """One that the list at the top leads to."""
    return tag("section", tag("h2", heading), tag("p", words) if words else NOTHING, *parts, id=key)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], why: int | None = None) -> Markup:
    """Rows of cells; the column `why` holds sentences, which wrap."""
    head = tag("thead", tag("tr", [tag("th", column) for column in columns]))
    body = [
        tag("tr", [tag("td", cell, class_="why" if place == why else None) for place, cell in enumerate(row)])
        for row in rows
    ]
    return tag("div", tag("table", head, tag("tbody", body)), class_="scroll")


def key(place: int, name: str) -> Markup:
    """What the colour at this place of `COLOURS` stands for."""
    square = tag("span", class_="key", style=f"background:{COLOURS[place % len(COLOURS)]}")
    return joined(square, name)


def tile(figure: str, about: str) -> Markup:
    """A number with what it is."""
    return tag("div", tag("b", figure), about, class_="tile")


def figure(heading: str, drawing: Markup, class_: str | None = None) -> Markup:
    """A drawing under its heading."""
    return tag("figure", tag("h3", heading), drawing, class_=class_)


def wide(drawing: Markup) -> Markup:
    """A drawing that scrolls where the screen is narrow."""
    return tag("div", drawing, class_="scroll wide")
