"""Rows of exactly so many cells, and how sections share the rows that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

Row = list[Segment]

QUIET = "bright_black"
STYLES = {"plain": "", "quiet": QUIET, "good": "green", "warn": "yellow", "bad": "red",
          "alarm": "bold white on red"}  # fmt: skip
"""Of the tones."""
HEIGHTS = "▁▂▃▄▅▆▇█"
ASCII = str.maketrans("─━▸●○…→“”█▁▂▃▄▅▆▇", '-=>*o.>""#__..::#')
"""For terminals that have no others."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Something to show, and how much of it must be seen for it to be worth showing."""

    title: str
    """Empty for a section without a title row."""
    lines: Sequence[Text | Row]
    rank: int
    """The lowest is given room first."""
    least: int = 1
    keep: Literal["first", "last"] = "first"
    """Which lines stay where there is not room for all."""
    tells: bool = True
    """Whether a line says how many are left out."""

    @property
    def head(self) -> int:
        return 1 if self.title else 0

    @property
    def height(self) -> int:
        return self.head + len(self.lines) if self.lines else 0


def bar(share: float, width: int, style: str) -> Text:
    """A line that is coloured from the left as far as its share."""
    full = round(width * min(1.0, share)) if share > 0.0 else 0
    return Text.assemble(("━" * full, style), ("━" * (width - full), QUIET))


def skyline(values: Sequence[float], most: float) -> str:
    """A column each, as high as its share of `most`."""
    return "".join(HEIGHTS[min(7, int(8 * value / most))] if value >= 0.0 else " " for value in values)


def rooms(sections: Sequence[Section], height: int) -> list[int]:
    """Rows for each: first the least that each needs, by rank, then what is left to those that want more."""
    given, order = [0] * len(sections), sorted(range(len(sections)), key=lambda index: sections[index].rank)
    for index in order:
        section = sections[index]
        need = section.head + min(section.least, len(section.lines))
        if section.lines and need <= height:
            given[index], height = need, height - need
    for index in order:
        more = min(height, sections[index].height - given[index]) if given[index] else 0
        given[index], height = given[index] + more, height - more
    return given


class Pen:
    """Makes rows for one console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ascii = console.options.ascii_only

    def row(self, text: Text, width: int) -> Row:
        """Cut or filled to `width` cells."""
        text = text.copy()
        text.truncate(width, overflow="ellipsis", pad=True)
        text.stylize_before(text.style)
        row = list(text.render(self._console, end=""))
        return [Segment(_ascii(part.text), part.style) for part in row] if self._ascii else row

    def stacked(self, sections: Sequence[Section], width: int, height: int) -> list[Row]:
        """One under the other; never more than `height` rows."""
        rows: list[Row] = []
        for section, room in zip(sections, rooms(sections, height), strict=True):
            if room:
                rows += self._section(section, width, room)
        return rows

    def beside(self, left: list[Row], right: list[Row], widths: tuple[int, int], gap: int) -> list[Row]:
        """Two stacks, each as wide as it says."""
        blanks = [Segment(" " * width) for width in widths]
        pairs = zip_longest(left, right)
        return [[*(a or [blanks[0]]), Segment(" " * gap), *(b or [blanks[1]])] for a, b in pairs]

    def _section(self, section: Section, width: int, room: int) -> list[Row]:
        lines, room = list(section.lines), room - section.head
        if len(lines) > room and section.keep == "last":
            lines = lines[-room:]
        elif len(lines) > room > 1 and section.tells:
            lines = [*lines[: room - 1], Text(f"  … and {len(lines) - room + 1} more", QUIET)]
        head = [self.row(titled(section.title, width), width)] if section.title else []
        return head + [self.row(line, width) if isinstance(line, Text) else line for line in lines[:room]]


def titled(title: str, width: int) -> Text:
    """A rule with a name."""
    rule = "─" * max(0, width - len(title) - 3)
    return Text.assemble(("─ ", QUIET), (title, "bold"), (f" {rule}", QUIET))


def tone_of(share: float) -> str:
    """The style of a rate of success."""
    return "green" if share >= 0.85 else "yellow" if share >= 0.6 else "red"


def _ascii(text: str) -> str:
    return text.translate(ASCII).encode("ascii", "replace").decode()
