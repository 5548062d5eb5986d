"""How late answers are: a quantile of the last few, so that one slow answer is forgotten again."""

from __future__ import annotations

from collections import deque

import numpy as np


class Delay:
    """Steps, or seconds, that inferences took."""

    def __init__(self, quantile: float = 0.9, keep: int = 30) -> None:
        self._quantile, self._last = quantile, deque[float](maxlen=keep)

    def add(self, took: float) -> None:
        self._last.append(took)

    @property
    def value(self) -> float:
        """What the given share of the last answers did not exceed; 0 before the first."""
        return float(np.quantile(self._last, self._quantile, method="higher")) if self._last else 0.0
