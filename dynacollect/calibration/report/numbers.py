"""Numbers as people read them: no more digits than are sure."""

from __future__ import annotations

import math


def digits(sigma: float) -> int:
    """Decimals that show two figures of one sigma."""
    return min(max(1 - math.floor(math.log10(sigma)), 0), 6) if 0 < sigma < math.inf else 3


def sure(value: float, sigma: float) -> str:
    """A value and its one sigma."""
    places = digits(sigma)
    return f"{value:.{places}f} ± {sigma:.{places}f}"


def short(value: float) -> str:
    """Three figures."""
    if not math.isfinite(value):
        return "-"
    places = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{min(max(places, 0), 6)}f}"
