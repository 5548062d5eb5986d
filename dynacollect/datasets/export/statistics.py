"""Statistics as LeRobot keeps them: of each feature in each episode, and of all episodes together.

The same numbers as LeRobot's own code gives, but for quantiles, which are exact within an episode here; loading that
code takes longer than the export of a small set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Image, Vector
from .columns import Column

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
Stats = Mapping[str, NDArray[Any]]
"""Statistic -> value; `count` has one number."""


def of_column(column: Column) -> Stats:
    """(k,) each."""
    values = column.values.reshape(len(column.values), -1).astype(np.float64)
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    return {
        "min": values.min(axis=0), "max": values.max(axis=0), "mean": values.mean(axis=0), "std": values.std(axis=0),
        "count": np.array([len(values)]), **dict(zip(QUANTILES, quantiles, strict=True)),
    }  # fmt: skip


def of_pictures(pictures: Sequence[Image]) -> Stats:
    """(3, 1, 1) each, of values from 0 to 1."""
    counts = sum(
        np.stack([np.bincount(image[..., channel].ravel(), minlength=256) for channel in range(3)])
        for image in pictures
    )
    found = [_of_counts(channel) for channel in np.asarray(counts)]
    stats = {name: np.array([each[name] for each in found]).reshape(3, 1, 1) / 255.0 for name in found[0]}
    return {**stats, "count": np.array([len(pictures)])}


def _of_counts(counts: NDArray[np.int64]) -> dict[str, float]:
    """Of whole numbers from 0 on, by how often each was seen."""
    levels, total, sums = np.arange(len(counts)), counts.sum(), np.cumsum(counts)
    seen = np.flatnonzero(counts)
    mean = float(levels @ counts / total)
    quantiles = {name: float(np.searchsorted(sums, share * total)) for name, share in QUANTILES.items()}
    spread = float(np.sqrt(((levels - mean) ** 2) @ counts / total))
    return {"min": float(seen[0]), "max": float(seen[-1]), "mean": mean, "std": spread, **quantiles}


def together(episodes: Iterable[Stats]) -> Stats:
    """Of all episodes, by their counts; quantiles are averaged, as LeRobot does."""
    every = list(episodes)
    counts: Vector = np.array([each["count"][0] for each in every], float)
    weights = (counts / counts.sum()).reshape(-1, *[1] * every[0]["mean"].ndim)

    def averaged(name: str) -> Vector:
        return (weights * np.stack([each[name] for each in every])).sum(axis=0)

    means = np.stack([each["mean"] for each in every])
    variance = np.stack([each["std"] ** 2 for each in every]) + (means - averaged("mean")) ** 2
    return {
        "min": np.min([each["min"] for each in every], axis=0), "max": np.max([each["max"] for each in every], axis=0),
        "mean": averaged("mean"), "std": np.sqrt((weights * variance).sum(axis=0)),
        "count": np.array([int(counts.sum())]), **{name: averaged(name) for name in QUANTILES},
    }  # fmt: skip
