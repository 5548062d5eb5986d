"""What a camera's driver has to know of its device; everything else is the same for all."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..camera import CameraInfo
from ..nouns import Image


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture as a device hands it over."""

    image: Image
    """(height, width, 3), RGB; nobody writes to it any more."""
    sequence: int
    """The device's own number; a gap is a lost picture."""
    device_time: float
    """On the device's own clock, s."""
    arrived_at: float
    """On the host's clock, s."""
    captured_at: float | None = None
    """Mid-exposure on the host's clock, where that is known; else device time and arrivals tell."""
    temperature_c: float = math.nan


class Device(ABC):
    """One camera. Its calls come from one thread at a time, and may fail with any exception of its SDK."""

    warm_up_s: float = 0.5
    """Pictures that come so soon after opening are not used: their stamps and their light are still settling."""
    first_s: float = 5.0
    """How long connecting waits for the first picture to use; a camera without one is not connected."""

    @abstractmethod
    def open(self) -> CameraInfo:
        """Find the device, apply the settings, read them back, and stream; DynacollectError where it cannot."""

    @abstractmethod
    def read(self) -> Shot | None:
        """The next picture; None if none came within a fraction of a second."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the device, also of one that is gone or was never opened."""

    def reopen(self, hard: bool) -> None:
        """Bring back a stream that has stalled; `hard` where closing and opening did not help."""
        self.close()
        if hard:
            self.reset()
        self.open()

    def reset(self) -> None:
        """The device's own reset, for those that have one."""
        return
