"""Pictures that are one and the same: a camera that froze shows them again under another robot pose."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .sightings import Sighting

SAME_PX = 1e-3
"""Two pictures of one scene differ by their noise; corners nearer than this are of the same picture."""


def copies(sightings: Iterable[Sighting]) -> dict[int, int]:
    """The frame of the original, by `id` of each sighting that repeats an earlier one of its camera."""
    first: dict[tuple[str, bytes], Sighting] = {}
    out: dict[int, int] = {}
    for sighting in sorted(sightings, key=lambda sighting: sighting.frame):
        corners = np.column_stack([sighting.ids, np.round(sighting.pixels / SAME_PX)])
        original = first.setdefault((sighting.camera, corners.tobytes()), sighting)
        if original is not sighting:
            out[id(sighting)] = original.frame
    return out
