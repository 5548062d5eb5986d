"""What a suite is: one ability that is tested, and how its episodes differ from plain ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...controllers.machine import TaskName
from ...datasets.instructions import Kind
from ...rig.stage import Request
from ..noise import StateNoise

Asks = Callable[[np.random.Generator, float, float], Request]
"""The request for a target of this speed, where the fastest thing shall have that one, m/s."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A dimension of the benchmark."""

    name: str
    title: str
    meaning: str
    """One sentence."""
    asks: Asks
    task: TaskName = "pick"
    episodes: Mapping[str, Any] = field(default_factory=dict)
    """What is not the cell's default of the options that episodes are drawn from (`CellEpisodes`)."""
    told_by: tuple[Kind, ...] = ("noun", "colour", "size")
    """By what an instruction may tell the target from the rest."""
    noise: StateNoise = field(default_factory=StateNoise)
    """Of object states that come from the truth, where no other is asked for."""
    still: bool = False
    """In every fifth episode the target stands still."""

    @property
    def two_of_a_kind(self) -> bool:
        """Neither name nor looks tell the target from the rest."""
        return not {"noun", "colour", "size"}.intersection(self.told_by)
