"""Which pictures did not count, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..layout import Layout
from ..result import Calibration


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that did not count."""

    picture: str
    """Its path, without the suffix where it is known by camera and frame only."""
    reason: str
    view: int | None = None
    """Its place in `Calibration.views`."""


def left_out(calibration: Calibration, layout: Layout) -> list[LeftOut]:
    """What the solve rejected, then what showed no board well enough."""
    rejected = [
        LeftOut(f"{view.mounting}/{view.camera}/{view.frame:03d}", view.rejected, number)
        for number, view in enumerate(calibration.views)
        if view.rejected
    ]
    return rejected + [LeftOut(one.picture, one.reason) for one in layout.unused]


def pictures_taken(calibration: Calibration, layout: Layout) -> Counter[str]:
    """By camera: what was solved with, rejected, or showed no board."""
    unused = [one.picture.split("/")[1] for one in layout.unused]
    return Counter([*(view.camera for view in calibration.views), *unused])
