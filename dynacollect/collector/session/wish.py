"""What the next attempt shall be: whatever the data set has least of so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...controllers.machine import TaskName
from ...rig.stage import Request, Side
from ...training.trials import SEVERAL
from .settings import SLOWEST, Settings

SIDES: tuple[Side, ...] = ("left", "middle", "right")
SECTORS = 8
"""Directions of travel."""
FAILED_COUNTS = 0.5
"""A failed attempt counts as this much of a kept one: what never succeeds must not hold up the rest for ever."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What attempts are counted by."""

    task: TaskName
    object: str
    bin: int
    sector: int | None = None
    """Of the direction of travel; None for what stands still."""
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One attempt, before anything is on the table."""

    attempt: int
    kind: Kind
    speed: float
    seed: int

    @property
    def heading(self) -> float | None:
        return None if self.kind.sector is None else float(2 * np.pi / SECTORS * self.kind.sector)

    def request(self, room: int, *, anyhow: bool = False) -> Request:
        """For the stage; `anyhow` leaves direction and side to chance, where there is no room for them."""
        kind = self.kind
        return Request(
            target=kind.object, speed=self.speed, place=kind.task == "place", several=SEVERAL[kind.task],
            heading=None if anyhow else self.heading, side=None if anyhow else kind.side, room=room,
        )  # fmt: skip


class Quotas:
    """Keeps count of what there is of every kind, and says what is wanted next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._weights: dict[Kind, float] = defaultdict(float)
        self._ways: dict[tuple[int | None, Side | None], float] = defaultdict(float)
        self.quarantined: set[str] = set()

    def count(self, kind: Kind, *, kept: bool) -> None:
        """An attempt has ended with a verdict."""
        self._weights[kind] += 1.0 if kept else FAILED_COUNTS
        self._ways[kind.sector, kind.side] += 1

    def next(self, attempt: int) -> Wish:
        """The same counts give the same wish."""
        settings = self._settings
        seed = settings.seed * 100_003 + attempt
        rng = np.random.default_rng([settings.seed, attempt, 0xA5])
        objects = [name for name in settings.objects if name not in self.quarantined]
        coarse: dict[tuple[TaskName, str, int], float] = defaultdict(float)
        for kind, weight in self._weights.items():
            coarse[kind.task, kind.object, kind.bin] += weight
        wanted: list[tuple[TaskName, str, int]] = [
            (task, name, number) for task in settings.tasks for name in objects for number in range(len(settings.bins))
        ]
        task, name, number = _least(wanted, coarse, rng)
        low, high = settings.bins[number]
        still = high == 0.0
        ways: list[tuple[int | None, Side | None]] = [
            (None if still else sector, side) for sector in range(1 if still else SECTORS) for side in SIDES
        ]
        sector, side = _least(ways, self._ways, rng)
        speed = 0.0 if still else float(rng.uniform(max(low, SLOWEST), high))
        return Wish(attempt, Kind(task, name, number, sector, side), speed, seed)


def _least[T](options: Iterable[T], weights: Mapping[T, float], rng: np.random.Generator) -> T:
    """One of those with the least weight."""
    listed = list(options)
    least = min(weights.get(option, 0.0) for option in listed)
    fewest = [option for option in listed if weights.get(option, 0.0) == least]
    return fewest[int(rng.integers(len(fewest)))]
