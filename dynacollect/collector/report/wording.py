"""Numbers and times as people read them."""

from __future__ import annotations

import math

UNIT = "\u00a0%"
"""Stays on the line of its number."""


def percent(share: float, places: int = 0) -> str:
    """Of a share."""
    return "-" if math.isnan(share) else f"{100 * share:.{places}f}{UNIT}"


def interval(ci95: tuple[float, float]) -> str:
    """Of a share."""
    return f"{100 * ci95[0]:.0f} to {100 * ci95[1]:.0f}{UNIT}"


def span(seconds: float) -> str:
    """How long."""
    minutes = round(seconds / 60)
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


def size(count: int) -> str:
    """Of bytes."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return f"{count} bytes"


def plural(count: int, what: str, many: str = "") -> str:
    """So many of something."""
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def cut(text: str, most: int) -> str:
    """No longer than so many letters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
