"""A board on a sheet of paper at true scale, with a ruler to check the printer by. Millimetres, y down."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..rig.errors import DynacollectError
from .boards import Board, Patch

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4), "A3": (297.0, 420.0)}
"""Width and height, upright."""
MARGIN = 5.0
"""What printers leave white at each side."""
BAND = 7.0
"""Height of the strip under the board that holds the ruler and the words."""
RULER = 100.0
LEAST_WIDTH = 160.0
"""The ruler and the words beside it."""
LETTER = 2.4
"""Height of the words, in millimetres."""
SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text: where its baseline starts, and how high its letters are."""

    x: float
    y: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed: black rectangles and a few words."""

    width: float
    height: float
    patches: tuple[Patch, ...]
    words: tuple[Words, ...]


def paper_size(name: str) -> tuple[float, float]:
    """Width and height of a paper by its name or as `300x200mm`."""
    for known, size in PAPERS.items():
        if known.lower() == name.lower():
            return size
    given = re.fullmatch(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)mm", name.strip(), re.IGNORECASE)
    if given is None or not all(50.0 <= float(side) <= 5000.0 for side in given.groups()):
        raise DynacollectError(f"There is no paper '{name}'; choose A4, A3, Letter, or a size such as 300x200mm.")
    return float(given[1]), float(given[2])


def lay_out(board: Board, paper: str) -> Sheet:
    """The board in the middle of the paper, lying if it fits so and else upright."""
    width, height = _turned(board, paper)
    wide, high = (1e3 * side for side in board.size_m)
    left, top = (width - wide) / 2, MARGIN + (height - 2 * MARGIN - BAND - high) / 2
    drawn = [Patch(left + 1e3 * p.x, top + 1e3 * p.y, 1e3 * p.width, 1e3 * p.height) for p in board.black()]
    foot, start = height - MARGIN, (width - max(wide, LEAST_WIDTH)) / 2
    beside = start + RULER + 4.0
    space = width - MARGIN - beside
    lines = (board.describe(), "Print at 100 %, no fitting to the page. The ruler is 100 mm long: measure it.")
    size = min(LETTER, *(space / (0.5 * len(line)) for line in lines))
    words = tuple(Words(beside, foot - 0.8 - 2.9 * (1 - row), size, line) for row, line in enumerate(lines))
    return Sheet(width, height, (*drawn, *_ruler(start, foot)), words)


def _ruler(left: float, foot: float) -> list[Patch]:
    """A line of 100 mm with a tick every 5 mm, its end ticks' outer edges exactly 100 mm apart."""
    thin = 0.2
    ticks = [Patch(left, foot - 4.0, thin, 4.0), Patch(left + RULER - thin, foot - 4.0, thin, 4.0)]
    for step in range(1, 20):
        high = 2.5 if step % 2 == 0 else 1.5
        ticks.append(Patch(left + 5.0 * step - thin / 2, foot - thin - high, thin, high))
    return [*ticks, Patch(left + thin, foot - thin, RULER - 2 * thin, thin)]


def _needs(board: Board) -> tuple[float, float]:
    wide, high = (1e3 * side for side in board.size_m)
    return max(wide, LEAST_WIDTH) + 2 * MARGIN, high + 2 * MARGIN + BAND


def _fits(needs: tuple[float, float], paper: tuple[float, float]) -> tuple[float, float] | None:
    """The paper as it must lie, or `None`."""
    short, long = sorted(paper)
    for size in ((long, short), (short, long)):
        if needs[0] <= size[0] + SLACK and needs[1] <= size[1] + SLACK:
            return size
    return None


def _turned(board: Board, paper: str) -> tuple[float, float]:
    needs, given = _needs(board), paper_size(paper)
    if size := _fits(needs, given):
        return size
    larger = next((name for name, size in PAPERS.items() if _fits(needs, size)), "")
    remedy = f"use --paper {larger}" if larger else f"use --paper {needs[0]:.0f}x{needs[1]:.0f}mm"
    wide, high = (1e3 * side for side in board.size_m)
    raise DynacollectError(
        f"A board of {wide:g}x{high:g} mm does not fit on {paper} with its ruler; {remedy} or smaller squares."
    )
