"""Which true object a name stands for, and where a tracker mixes objects up."""

from __future__ import annotations

from collections.abc import Sequence as Several

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..sequences.sequence import Sequence
from ..tracked import HEALTHY, Tracked

NEAR_M = 0.02
"""Nearer to another object than this, and farther from its own: mixed up."""
FAR_M = 0.2
"""Distances beyond count as this."""


def matched(sequence: Sequence, tracked: Several[Tracked]) -> dict[str, str]:
    """Tracker's name -> true object. Only alike objects can bear each other's: theirs go by the smallest distance."""
    names = {name: name for name in sequence.truth}
    for number in {sequence.objects[name].object_id for name in sequence.truth}:
        alike = [name for name in sequence.truth if sequence.objects[name].object_id == number]
        if len(alike) > 1:
            cost = np.array([[_distance(sequence, tracked, name, true) for true in alike] for name in alike])
            rows, columns = linear_sum_assignment(cost)
            names |= {alike[row]: alike[column] for row, column in zip(rows, columns, strict=True)}
    return names


def is_mixed_up(sequence: Sequence, states: Tracked, name: str, true: str) -> bool:
    """Whether a healthy state sits on another object than its own."""
    state = states.states.get(name)
    if state is None or state.health < HEALTHY:
        return False
    off = {
        key: float(np.linalg.norm(state.position - truth.at(state.valid_at).translation))
        for key, truth in sequence.truth.items()
        if truth.knows(state.valid_at)
    }
    return off.get(true, 0.0) > NEAR_M and min(off.values(), default=FAR_M) < NEAR_M


def _distance(sequence: Sequence, tracked: Several[Tracked], name: str, true: str) -> float:
    truth = sequence.truth[true]
    states = (one.states[name] for one in tracked if name in one.states)
    off = [
        min(FAR_M, float(np.linalg.norm(state.position - truth.at(state.valid_at).translation)))
        for state in states
        if truth.knows(state.valid_at)
    ]
    return float(np.mean(off)) if off else FAR_M
