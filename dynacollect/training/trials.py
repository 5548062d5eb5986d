"""What episodes are asked for: objects at speeds of all kinds, and as many of them as a task needs."""

from __future__ import annotations

from collections.abc import Mapping

from ..controllers.machine import TaskName

BINS = ((0.0, 0.0), (0.0, 0.15), (0.15, 0.35), (0.35, 0.55), (0.55, 0.75))
"""Speeds at the release, m/s; the first is still."""
SEVERAL: Mapping[TaskName, int] = {"pick": 1, "place": 1, "long-horizon": 3}
"""Target objects on the table."""
