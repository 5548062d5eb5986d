"""Poses that were solved before, as seeds for the next."""

from __future__ import annotations

import numpy as np

from ..rig.nouns import Vector

TURN_M = 0.2
"""Metres that a unit of difference between two rotation matrices counts as."""


class Seeds:
    """The joints of the last few poses; the oldest go first."""

    def __init__(self, keep: int, joints: int) -> None:
        self._places, self._turns = np.full((keep, 3), np.inf), np.zeros((keep, 9))
        self._joints = np.zeros((keep, joints))
        self._next = 0

    def add(self, pose: Vector, joints: Vector) -> None:
        """A pose (4, 4) and its joints."""
        row = self._next % len(self._joints)
        self._places[row], self._turns[row], self._joints[row] = pose[:3, 3], pose[:3, :3].ravel(), joints
        self._next += 1

    def nearest(self, pose: Vector) -> tuple[float, Vector]:
        """How far the nearest pose is, m (inf while there is none), and its joints."""
        way, turn = self._places - pose[:3, 3], self._turns - pose[:3, :3].ravel()
        gaps = np.sqrt((way * way).sum(axis=1)) + TURN_M * np.sqrt((turn * turn).sum(axis=1))
        row = int(gaps.argmin())
        return float(gaps[row]), self._joints[row]
