"""What a capture is asked for, and what it tells meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...calibration.capture.coverage import Coverage
from ...calibration.capture.stakes import Uncertainty
from ...calibration.capture.stop import Enough
from ...calibration.sightings import Mounting


@dataclass(frozen=True, slots=True)
class Wish:
    """What is captured, and when that is enough."""

    mountings: tuple[Mounting, ...] = ("held", "table")
    rule: Enough = field(default_factory=Enough)
    seed: int = 0

    def chance(self, mounting: Mounting) -> np.random.Generator:
        """The same for a mounting each time, so that what is rehearsed is what is driven."""
        return np.random.default_rng([self.seed, 0xCA9, ("held", "table").index(mounting)])


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What the terminal shows."""

    mounting: Mounting
    doing: str
    views: dict[str, int]
    coverage: Coverage | None
    uncertainty: Uncertainty | None
    refused: tuple[str, ...]
    """The latest pictures and poses that did not serve, and why."""


Watch = Callable[[Progress], None]
