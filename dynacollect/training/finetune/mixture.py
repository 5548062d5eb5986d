"""Several data sets trained on at once, each with its share of the samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from lerobot.datasets import EpisodeAwareSampler
from torch.utils.data import Dataset


class Mixture(Dataset[dict[str, Any]]):
    """Data sets one after another. For everything but its samples it is the first of them, the robot's own."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = parts
        self._begins = np.cumsum([0, *(len(part) for part in parts)])
        self._keys = set.intersection(*(set(part[0]) for part in parts))

    def __getattr__(self, name: str) -> Any:
        # Unpickling asks before there are parts.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._parts[0], name)

    def __len__(self) -> int:
        return int(self._begins[-1])

    def __getitem__(self, index: int) -> dict[str, Any]:
        part = int(np.searchsorted(self._begins, index, side="right")) - 1
        found = self._parts[part][index - int(self._begins[part])]
        return {key: found[key] for key in self._keys}

    @property
    def num_frames(self) -> int:
        return len(self)

    @property
    def others(self) -> Sequence[Any]:
        """All parts but the first."""
        return self._parts[1:]

    @property
    def begins(self) -> Sequence[int]:
        """Where each part's samples begin."""
        return self._begins[:-1].tolist()


class SharedSampler:
    """Stands for LeRobot's sampler, which a training that goes on sets back to its first epoch (lerobot#4692).

    Each part is an endless row of shuffled rounds through it, of which every epoch takes the next piece: as long as
    the first part, and of the others as many as their shares ask for. Epochs are whole numbers of steps, so that no
    batch is filled up or short. The order follows from the seed and the epoch alone.
    """

    def __init__(self, parts: Sequence[Sequence[int]], shares: Sequence[float], seed: int, step: int = 1) -> None:
        """`parts` are positions in the data set, `shares` of all parts but the first, `step` the samples of one."""
        self._parts = [np.asarray(part) for part in parts]
        own = len(self._parts[0])
        others = [max(1, round(own / (1.0 - sum(shares)) * share)) for share in shares]
        self._counts = [own + -(own + sum(others)) % step, *others]
        self._seed, self._epoch, self._start = seed, 0, 0

    def __len__(self) -> int:
        return sum(self._counts)

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._epoch, self._start = state["epoch"], state["start_index"]

    def __iter__(self) -> Iterator[int]:
        epoch, start = self._epoch, self._start
        self._epoch, self._start = epoch + 1, 0
        return iter(self.order(epoch)[start:])

    def order(self, epoch: int) -> list[int]:
        """Of one epoch."""
        drawn = [self._drawn(number, epoch * count, count) for number, count in enumerate(self._counts)]
        every = np.concatenate(drawn)
        return every[self._shuffled(len(every), len(self._parts), epoch)].tolist()

    def _drawn(self, number: int, begin: int, count: int) -> np.ndarray:
        """So many of a part's row."""
        part = self._parts[number]
        rounds = range(begin // len(part), math.ceil((begin + count) / len(part)))
        row = np.concatenate([part[self._shuffled(len(part), number, turn)] for turn in rounds])
        first = begin - rounds.start * len(part)
        return row[first : first + count]

    def _shuffled(self, count: int, *which: int) -> np.ndarray:
        return np.random.default_rng([self._seed, *which]).permutation(count)


def sampler_of(
    dataset: Any, first: EpisodeAwareSampler, shares: Sequence[float], seed: int, step: int
) -> SharedSampler:
    """All frames of the other parts, and those of the first that LeRobot would take."""
    mixed = isinstance(dataset, Mixture)
    begins, others = (dataset.begins[1:], dataset.others) if mixed else ([], [])
    ranges = [range(begin, begin + len(part)) for begin, part in zip(begins, others, strict=True)]
    return SharedSampler([first.indices, *ranges], shares, seed, step)
