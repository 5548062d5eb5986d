"""Which measurement is of which object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...rig.nouns import PoseEstimate
from .object_filter import ObjectFilter

GATE = 4.0
"""No measurement further (sigmas) from what is foreseen is of an object."""
NEVER = 1e6


def assign(filters: Sequence[ObjectFilter], estimates: Sequence[PoseEstimate], gate: float = GATE) -> dict[int, int]:
    """Index of a filter -> index of the measurement that is its own: all together as likely as can be.

    A filter that knows nothing yet gets none, and what lies outside every gate is left over.
    """
    cost = np.full((len(filters), len(estimates)), NEVER)
    for i, one in enumerate(filters):
        for j, estimate in enumerate(estimates):
            fit = one.fit(estimate)
            if fit is not None and fit.distance <= gate:
                cost[i, j] = fit.cost
    rows, columns = linear_sum_assignment(cost)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < NEVER}
