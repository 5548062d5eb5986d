"""Whether four rows of four numbers are a pose in metres, and what to write where they are not."""

from __future__ import annotations

import numpy as np

from ..rig.nouns import Vector

RIGID = 1e-3
"""How far a rotation matrix may be from one, in any of its numbers."""


def flaw_of(T: Vector, farthest: float) -> tuple[str, str] | None:
    """What is wrong with (4, 4), and the remedy; None where it is a rotation and no more than `farthest` metres."""
    turn, place, last = T[:3, :3], T[:3, 3], T[3]
    if np.abs(turn @ turn.T - np.eye(3)).max() > RIGID or np.linalg.det(turn) < 0:
        return "it is no rigid transform", "write a rotation and a translation, row by row"
    if np.abs(last - [0, 0, 0, 1]).max() > RIGID:
        return "its last row is not 0 0 0 1", "write the translation in the last column"
    if (away := float(np.abs(place).max())) > farthest:
        return f"{away:g} m is too far away", "write metres, not millimetres"
    return None
