"""How sure a share is."""

from __future__ import annotations

from functools import lru_cache

from scipy.stats import binomtest


@lru_cache(maxsize=4096)
def wilson(wins: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share; all of it where there is nothing to go by."""
    if n == 0:
        return 0.0, 1.0
    interval = binomtest(wins, n).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)
