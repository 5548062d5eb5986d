"""How long a tracker takes to follow: velocity after a sudden change, and objects that come into sight again."""

from __future__ import annotations

from collections.abc import Sequence as Several

import numpy as np

from .motion import Event
from .samples import Reference, Sample

WITHIN, AT_LEAST_MM_S = 0.10, 20.0
"""The velocity is right within this share of the larger of the speeds before and after, or this."""
ROOM_S = 0.2
"""So long nothing else happens after an event that is judged."""
GRACE_S = 0.2
"""So long after it came into sight an object may be lost."""
BEFORE_S = 0.02


def event_delays(samples: Several[Sample], ref: Reference) -> list[float]:
    """Seconds from the end of each sudden change until the velocity is right at two takes in a row.

    Where it never is, the time that there was counts: the least that it can be.
    """
    found = []
    for event, end in zip(ref.events, _ends(ref.events, samples[-1].time), strict=True):
        after = [sample for sample in samples if event.end <= sample.time < end]
        if end - event.end < ROOM_S or len(after) < 2:
            continue
        speeds = [np.linalg.norm(ref.motion.velocity(time)) for time in (event.begin - BEFORE_S, event.end + BEFORE_S)]
        limit = max(1e3 * WITHIN * float(max(speeds)), AT_LEAST_MM_S)
        right = [sample.healthy and sample.velocity_mm_s <= limit for sample in after]
        first = next((i for i in range(len(right) - 1) if right[i] and right[i + 1]), None)
        found.append((end if first is None else after[first].time) - event.end)
    return found


def _ends(events: Several[Event], last: float) -> list[float]:
    return [*(event.begin for event in events[1:]), last][: len(events)]


def found_again(samples: Several[Sample]) -> list[float]:
    """Seconds from each time that the object comes into sight until a state of it is healthy.

    Where it never is before it is hidden again, the time that there was counts.
    """
    delays, since = [], None
    for before, sample in zip([None, *samples], samples, strict=False):
        appears = sample.views > 0 and (before is None or before.views == 0)
        since = sample.time if appears else since
        ends = sample.views == 0 or sample is samples[-1]
        if since is not None and (sample.healthy or ends):
            delays.append(sample.time - since)
            since = None
    return delays


def is_due(samples: Several[Sample]) -> list[bool]:
    """For each sample, whether the object is visible and has been for long enough to be found."""
    due, since = [], None
    for sample in samples:
        since = None if sample.views == 0 else sample.time if since is None else since
        due.append(since is not None and sample.time - since >= GRACE_S - 1e-9)
    return due
