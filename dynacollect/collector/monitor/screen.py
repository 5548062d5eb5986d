"""The live view on a terminal of any size: what does not fit is left out, nothing wraps."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from . import sections
from .drawing import Pen, Row, Section
from .reading import Reading
from .thumbnails import shows_pictures, thumbnails

TWO_COLUMNS = 120
"""Narrower terminals show everything in one column."""
LEFT = 78
"""Cells that the left column takes at most."""
GAP = 2
JOURNAL_ROWS = 7
"""That the columns leave to the journal below them."""


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """One reading; fills what the terminal has."""

    reading: Reading

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or options.size.height
        rows = _rows(self.reading, Pen(console), width, height, pictures=shows_pictures(console))
        rows += [[Segment(" " * width)]] * (height - len(rows))
        for index, row in enumerate(rows[:height]):
            if index:
                yield Segment.line()
            yield from row


def _rows(reading: Reading, pen: Pen, width: int, height: int, *, pictures: bool) -> list[Row]:
    top = [sections.header(reading, width), sections.waits(reading, width)]
    if width < TWO_COLUMNS:
        below = [
            sections.attempt(reading), sections.objects(reading), sections.loop(reading, width),
            sections.disk(reading), sections.success(reading, width), sections.troubles(reading),
            sections.journal(reading),
        ]  # fmt: skip
        return pen.stacked([*top, *below], width, height)
    rows = pen.stacked(top, width, height)
    height -= len(rows)
    columns = _columns(reading, pen, width, height - JOURNAL_ROWS, pictures=pictures)
    rows += columns
    return rows + pen.stacked([sections.journal(reading)], width, height - len(columns))


def _columns(reading: Reading, pen: Pen, width: int, height: int, *, pictures: bool) -> list[Row]:
    left_width = min(LEFT, (width - GAP) // 2)
    right_width = width - GAP - left_width
    left = [
        sections.attempt(reading), sections.objects(reading), sections.loop(reading, left_width),
        sections.disk(reading), sections.troubles(reading),
    ]  # fmt: skip
    right = [sections.success(reading, right_width)]
    if pictures:
        views = thumbnails(reading.now.pictures, right_width)
        right.insert(0, Section("cameras", views, rank=8, least=len(views)))
    stacks = pen.stacked(left, left_width, height), pen.stacked(right, right_width, height)
    return pen.beside(*stacks, (left_width, right_width), GAP)
