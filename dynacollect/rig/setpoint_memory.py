"""Where an arm was told to be, at any time of the last seconds."""

from __future__ import annotations

from collections import deque

import numpy as np

from .nouns import SetPoints, Vector


class SetPointMemory:
    """Set-points as an arm follows them: each plan holds from its first time until a later plan begins."""

    def __init__(self, keep_s: float = 2.0) -> None:
        self._keep_s = keep_s
        self._plans: deque[SetPoints] = deque()

    def add(self, plan: SetPoints) -> None:
        begin = float(plan.times[0])
        while self._plans and self._plans[-1].times[0] >= begin:
            self._plans.pop()
        self._plans.append(plan)
        while len(self._plans) > 1 and self._plans[1].times[0] < begin - self._keep_s:
            self._plans.popleft()

    def clear(self) -> None:
        self._plans.clear()

    def at(self, time: float) -> Vector | None:
        """The joints wanted at `time`; None before the first plan."""
        for plan in reversed(self._plans):
            if plan.times[0] <= time:
                return _on(plan, time)
        return None

    def acceleration(self, time: float, step: float = 0.008) -> Vector | None:
        """Of the joints, rad/s2; None before the first plan."""
        places = [self.at(time + shift) for shift in (-step, 0.0, step)]
        if any(place is None for place in places):
            return None
        before, here, after = (np.asarray(place) for place in places)
        return (before - 2.0 * here + after) / step**2


def _on(plan: SetPoints, time: float) -> Vector:
    after = int(np.searchsorted(plan.times, time, side="right"))
    if after >= len(plan.times):
        return plan.joints[-1]
    begin, end = plan.times[after - 1], plan.times[after]
    share = (time - begin) / (end - begin)
    return (1.0 - share) * plan.joints[after - 1] + share * plan.joints[after]
