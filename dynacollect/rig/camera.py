"""What every camera driver offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .nouns import Fault, Frame


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """What a camera says of itself after its settings were made: read back, not echoed."""

    driver: str
    serial: str
    firmware: str
    width: int
    height: int
    fps: float
    exposure_s: float


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A driver's own account of its stream since it was connected."""

    received: int = 0
    dropped: int = 0
    repeated: int = 0
    restarts: int = 0
    clock_jumps: int = 0
    age_s: float = float("inf")
    """Since the newest frame was captured."""
    latency_s: float = float("nan")
    """Capture to arrival, median of the last second."""
    rate_hz: float = float("nan")
    clock_drift_ppm: float = float("nan")
    brightness: float = float("nan")
    """Mean grey value over the one at connecting; 1 = unchanged."""
    tint: float = float("nan")
    """Largest change of a channel's share; 0 = unchanged."""
    sharpness: float = float("nan")
    """Image gradient energy over the one at connecting; 1 = unchanged."""
    shift_px: float = float("nan")
    """How far the still background moved since connecting."""
    temperature_c: float = float("nan")
    faults: tuple[Fault, ...] = field(default=())
    """What is wrong right now, worst first."""


@runtime_checkable
class Camera(Protocol):
    """A stream of frames. Frames are read, never waited for: who paces is the clock."""

    @property
    def name(self) -> str: ...

    def connect(self) -> CameraInfo:
        """Open by serial, apply the settings, read them back; DynacollectError if they differ."""
        ...

    def latest(self) -> Frame | None:
        """The newest frame that has arrived; the same one again if none is newer."""
        ...

    def health(self) -> CameraHealth: ...

    def restart(self) -> None:
        """Bring back a stalled stream; counted in health."""
        ...

    def rebase(self) -> None:
        """The view is right as it is now: what its health compares with is taken anew."""
        ...

    def close(self) -> None: ...
