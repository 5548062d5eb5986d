"""Tracked states as lines of JSON, in the frames that the models' files have."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from ...rig.nouns import ObjectState
from ...tracking.sequences.sequence import KnownObject, Sequence, Take
from ...tracking.tracked import Tracked
from ..output import plain


def lines_of(sequence: Sequence, take: Take, tracked: Tracked) -> Iterator[str]:
    """One line for each object that has a state."""
    for name, state in tracked.states.items():
        row = {"sequence": sequence.name, "frame": take.index, **_row(sequence.objects[name], state), "object": name}
        yield json.dumps(plain(row), allow_nan=False)


def _row(known: KnownObject, state: ObjectState) -> dict[str, object]:
    """The velocity is that of the point whose place is told."""
    arm = state.T_base_object.rotation.apply(-known.origin)
    return {
        "time": state.valid_at,
        "object_id": known.object_id,
        "T_base_object": known.in_file(state.T_base_object).as_matrix(),
        "velocity": state.velocity + np.cross(state.angular_velocity, arm),
        "angular_velocity": state.angular_velocity,
        "covariance": state.covariance,
        "health": float(state.health),
    }
