"""What follows from the numbers of a robot: which actions are differences, which are angles, how they spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .rows import ACTION, STATE, Numbers, Rows
from .sources import DataSet

LEAST = {STATE: 1e-2, ACTION: 1e-3}
"""Deviations are taken for no less than this [m, rad]: what never changed while collecting may do so later."""
TURNS = ("roll", "yaw")
"""Angles that `dataset build` writes between 0 and a full turn, or around zero; pitch has no seam."""
APART_S = 0.08
"""Between the two pictures that DynamicVLA takes, as it was published."""


def own_fields(data: DataSet) -> dict[str, Any]:
    """Of a DynamicVLA configuration that is made for this data, with no weights to agree with."""
    state, action = data.names(STATE), data.names(ACTION)
    # The gripper, which is last, stays absolute.
    alike = bool(action) and action[:-1] == state[: len(action) - 1] and data.action_kind() != "delta"
    wrapped = [place for place, name in enumerate(action[:-1]) if name in TURNS] if alike else []
    # Nothing is frozen that nobody has trained.
    whole = dict.fromkeys(("freeze_vision_model", "freeze_connector", "freeze_text_model"), False)
    return whole | {
        "use_delta_action": alike, "delta_statistics": alike, "wrapped_dims": tuple(wrapped),
        "mask_action_padding": True, "loss_on_real_dims": True,
        "observation_steps": (-max(1, round(APART_S * data.fps)), 0),
    }  # fmt: skip


def spread_of_differences(rows: Rows, dims: int, wrapped: Sequence[int], chunk: int) -> tuple[Numbers, Numbers]:
    """Mean and deviation over all chunks of what a policy of differences learns; nothing beyond an episode's end."""
    last = np.repeat(rows.ends, rows.ends - rows.begins)
    total, squares, count = np.zeros(rows.action.shape[1]), np.zeros(rows.action.shape[1]), 0
    # Shifted by a typical value, the squares keep their digits.
    typical = _ahead(rows, np.arange(len(rows.state)), 0, dims, wrapped).mean(0)
    for ahead in range(chunk):
        here = np.flatnonzero(np.arange(len(last)) + ahead < last)
        apart = _ahead(rows, here, ahead, dims, wrapped) - typical
        total += apart.sum(0)
        squares += np.square(apart).sum(0)
        count += len(here)
    mean = total / count
    return typical + mean, np.sqrt(np.maximum(squares / count - mean**2, 0.0))


def _ahead(rows: Rows, here: np.ndarray, ahead: int, dims: int, wrapped: Sequence[int]) -> Numbers:
    found = rows.action[here + ahead]
    found[:, :dims] -= rows.state[here, :dims]
    for angle in wrapped:
        found[:, angle] = np.mod(found[:, angle] + np.pi, 2 * np.pi) - np.pi
    return found
