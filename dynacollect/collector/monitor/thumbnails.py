"""Pictures in a terminal: two pixels to a cell, in true colour."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment
from rich.text import Text

from ...rig.nouns import Image
from .drawing import QUIET, Row
from .worded import clean

WIDEST, NARROWEST = 44, 16
"""Cells that a picture takes across."""
GAP = 1


def shows_pictures(console: Console) -> bool:
    """Whether the terminal says, by COLORTERM, that it can."""
    return console.color_system == "truecolor" and not console.options.ascii_only


def thumbnails(pictures: Mapping[str, Image], width: int) -> list[Text | Row]:
    """All side by side with their names below; nothing where they would be too small."""
    if not pictures:
        return []
    across = min(WIDEST, width // len(pictures) - GAP)
    if across < NARROWEST:
        return []
    columns = [half_blocks(picture, across) for picture in pictures.values()]
    down = max(map(len, columns))
    rows: list[Text | Row] = []
    for index in range(down):
        row: Row = []
        for column in columns:
            row += _painted(column[index] if index < len(column) else "", across)
            row.append(Segment(" " * GAP))
        rows.append([*row, Segment(" " * (width - len(columns) * (across + GAP)))])
    names = (clean(name)[:across].ljust(across + GAP) for name in pictures)
    return [*rows, Text("".join(names), QUIET)]


def half_blocks(picture: Image, across: int) -> list[str]:
    """One string of escape sequences for each row of cells; upper and lower pixel are its two colours."""
    height, width = picture.shape[:2]
    down = max(1, round(across * height / width / 2))
    step = max(1, width // (4 * across))
    small = cv2.resize(picture[::step, ::step], (across, 2 * down), interpolation=cv2.INTER_AREA)
    rows = []
    for upper, lower in zip(small[0::2].tolist(), small[1::2].tolist(), strict=True):
        cells = (f"\x1b[38;2;{a};{b};{c};48;2;{d};{e};{f}m▀" for (a, b, c), (d, e, f) in zip(upper, lower, strict=True))
        rows.append("".join(cells) + "\x1b[0m")
    return rows


def _painted(cells: str, across: int) -> Row:
    """Blank cells that keep the place, then the pixels over them, as a control code that counts for no cells."""
    blank = Segment(" " * across)
    if not cells:
        return [blank]
    back = Control((ControlType.CURSOR_BACKWARD, across)).segment
    return [blank, back, Segment(cells, None, back.control)]
