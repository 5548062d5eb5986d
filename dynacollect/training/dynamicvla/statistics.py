"""Means and deviations that are part of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

STATE, ACTION = "observation.state", "action"
LEAST = 1e-6
"""Deviation below which a number never changes; it is then not scaled."""


class Statistics(nn.Module):
    """Of one feature. Not trained, yet saved as parameters, as in the published weights."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(size), requires_grad=False)
        self.std = nn.Parameter(torch.ones(size), requires_grad=False)

    def normalise(self, x: Tensor) -> Tensor:
        return (x - self.mean) / (self.std + 1e-8)

    def unnormalise(self, x: Tensor) -> Tensor:
        return x * self.std + self.mean

    def take(self, found: Mapping[str, Any]) -> None:
        for name, parameter in (("mean", self.mean), ("std", self.std)):
            value = torch.as_tensor(found[name], dtype=torch.float32).flatten()
            if name == "std":
                value = torch.where(value < LEAST, 1.0, value)
            parameter.data.copy_(value)


def statistics_of(feature: str, size: int) -> nn.ModuleDict:
    """Under the name that the feature has in the weights."""
    return nn.ModuleDict({f"buffer_{feature.replace('.', '_')}": Statistics(size)})
