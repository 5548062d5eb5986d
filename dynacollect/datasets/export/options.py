"""What a data set shall hold, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Format = Literal["v3.0", "v2.1"]
Action = Literal["absolute", "delta", "joint"]
Angles = Literal["dom", "signed"]


@dataclass(frozen=True, slots=True)
class Options:
    """Of one data set; they stay the same for as long as it grows."""

    format: Format = "v3.0"
    """LeRobot's: v3.0 for lerobot 0.4 and later, v2.1 for 0.3, which upstream's trainer uses."""
    where: str = "success"
    """Which episodes; see `where.py`."""
    cameras: tuple[str, ...] = ()
    """All that were recorded, where none are named."""
    size: tuple[int, int] | None = None
    """Width and height, px; as recorded where not given."""
    action: Action = "absolute"
    ahead: int = 5
    """Ticks between an observation and the pose that is its action."""
    angles: Angles = "dom"
    """First and third Euler angle: both from 0 to 2 pi as in DOM, or the third from -pi to pi."""
    trim: bool = False
    """Leave out what comes before anything moves."""
    instructions: int = 8
    """Grounded instructions for each episode, beside the recorded ones."""
    validation: float = 0.05
    """Share of the episodes that the split file sets aside."""
    licence: str | None = None
    """SPDX name of the data's licence."""

    def as_dict(self) -> Mapping[str, Any]:
        """In JSON's types."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
