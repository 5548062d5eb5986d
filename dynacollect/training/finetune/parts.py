"""A step of a training over several parts of its batch, for machines that do not hold the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator


def update_in_parts(
    update: Callable[..., Any], count: int, metrics: Any, policy: Any, batch: dict[str, Any], *more: Any,
    accelerator: Accelerator, **how: Any,
) -> Any:  # fmt: skip
    """Follows LeRobot's `update_policy`, which does the last part, and the step.

    The accelerator divides each loss by its number of accumulated parts, which is `count`.
    """
    *first, last = split(batch, count)
    policy.train()
    for part in first:
        with accelerator.no_sync(policy):
            with accelerator.autocast():
                loss, _ = policy.forward(part)
            accelerator.backward(loss)
        metrics.loss = loss.item()
    return update(metrics, policy, last, *more, accelerator=accelerator, **how)


def split(batch: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """A batch in up to so many parts of its samples, nearly alike in size."""
    if count == 1:
        return [batch]
    size = next(len(value) for value in batch.values() if isinstance(value, torch.Tensor) and value.ndim)
    edges = np.unique(np.linspace(0, size, count + 1).round().astype(int))
    return [
        {key: _some(value, begin, end, size) for key, value in batch.items()}
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]


def _some(value: Any, begin: int, end: int, size: int) -> Any:
    per_sample = isinstance(value, torch.Tensor | list) and not (isinstance(value, torch.Tensor) and value.ndim == 0)
    return value[begin:end] if per_sample and len(value) == size else value
