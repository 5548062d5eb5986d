"""What a tracker says after a tick, and what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..rig.camera_model import CameraModel
from ..rig.nouns import ArmState, FrameSet, ObjectState

HEALTHY = 0.5
"""A state of at least this health is one to act on."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The outcome of one tick."""

    states: Mapping[str, ObjectState]
    """By object; without those that are lost."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """What each stage took."""


class Follower(Protocol):
    """A tracker, whatever it knows of the objects."""

    cameras: dict[str, CameraModel]

    def step(self, frames: FrameSet, arm: ArmState | None = None) -> Tracked:
        """What all objects do at the time of these frames."""
        ...
