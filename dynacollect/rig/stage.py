"""Who sets the scene and gives the push: a person, a launcher, or the cell itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .config_cell import Launcher, Motion


@dataclass(frozen=True, slots=True)
class Request:
    """What a session asks of the next episode; what is `None` is left to chance."""

    target: str | None = None
    distractors: tuple[str, ...] | None = None
    container: str | None = None
    place: bool = False
    """A container must be there."""
    speed: float | None = None
    """At the release, m/s."""
    launcher: Launcher | None = None
    motion: Motion | None = None
    several: int = 1
    """How many target objects stand ready (long-horizon tasks); the first is launched."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What is on the table now, by name: what a person would know, and no poses."""

    targets: tuple[str, ...]
    distractors: tuple[str, ...]
    container: str | None
    launcher: Launcher | None


class Stage(Protocol):
    """Puts objects in their starting places and sets the target in motion."""

    def prepare(self, seed: int, request: Request | None = None) -> Staged: ...

    def launch(self) -> None:
        """Set the target in motion; returns at once."""
        ...
