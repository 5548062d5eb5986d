"""What the intercept profile remembers from tick to tick."""

from __future__ import annotations

from dataclasses import dataclass, field

from .machine import Phase
from .track import Track


@dataclass(frozen=True, slots=True)
class InterceptState:
    """Plain values, so that a log can hold them."""

    phase: Phase
    entered_at: float
    target: str
    track: Track = field(default_factory=Track)
    yaw: float | None = None
    """Of the closing axis in the base frame."""
    horizon: float = 0.5
    meet_at: float = 0.0
    closed_at: float | None = None
    opening: float = 0.0
    width: float = 0.0
    """Of the gripper, one tick ago."""
    expected: float = 0.0
    """Width of the object across the closing axis."""
    entry: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Tool position when the phase began."""
    offset: float = 0.0
    """Of the object's middle from its origin, along the closing axis."""
    drift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Velocity of the tool when the phase began, level."""
    checks: int = 0
    attempts: int = 0
