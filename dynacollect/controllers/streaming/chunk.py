"""A chunk: a policy's actions for the steps from the one it looked at on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.nouns import Vector

WIDTH = 7
"""Numbers of an action: x, y, z (m), Euler angles x, y, z (rad), fingers (+1 open, -1 shut)."""
FARTHEST_M, LARGEST_RAD, WIDEST = 10.0, 7.0, 3.0
"""Beyond these the numbers of an action are nonsense; angles run from -pi to 2 pi."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """One inference's actions (n, width), a row for each step."""

    actions: Vector
    made_at: int
    """Step of the observation that it was made from."""
    begins: int
    """Step that its first action is meant for: `made_at`, or later where the policy was told a future state."""
    episode: int = 0


def nonsense(actions: Vector) -> str:
    """What is wrong with a policy's numbers; empty where nothing is."""
    if actions.ndim != 2 or actions.shape[1] != WIDTH or not len(actions):
        return f"the policy gave actions of shape {actions.shape}, not (n, {WIDTH})"
    if not np.isfinite(actions).all():
        return "the policy gave NaN or infinite numbers"
    most = np.abs(actions).max(axis=0)
    if most[:3].max() > FARTHEST_M or most[3:6].max() > LARGEST_RAD or most[6] > WIDEST:
        return "the policy gave numbers that are no poses"
    return ""
