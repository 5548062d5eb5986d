"""Weights averaged over the steps of a training (EMA), which do better than the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

FILE = "averaged.safetensors"


class Averaged:
    """Of everything in a policy that is trained."""

    def __init__(self, policy: nn.Module, decay: float) -> None:
        self._trained = {name: value for name, value in policy.named_parameters() if value.requires_grad}
        self._mean = {name: value.detach().clone() for name, value in self._trained.items()}
        self._average = get_ema_multi_avg_fn(decay)

    @torch.no_grad()
    def update(self) -> None:
        """After each step."""
        present = [value.detach() for value in self._trained.values()]
        self._average(list(self._mean.values()), present, 0)  # type: ignore[arg-type]

    @contextmanager
    @torch.no_grad()
    def in_place(self) -> Iterator[None]:
        """The policy has the averaged weights meanwhile."""
        own = {name: value.detach().clone() for name, value in self._trained.items()}
        self._put(self._mean)
        try:
            yield
        finally:
            self._put(own)

    def save(self, folder: Path) -> None:
        save_file({name: value.contiguous() for name, value in self._mean.items()}, folder / FILE)

    def load(self, folder: Path) -> None:
        found = load_file(folder / FILE)
        self._mean = {name: found[name].to(value.device) for name, value in self._mean.items()}

    def _put(self, values: dict[str, Tensor]) -> None:
        for name, value in self._trained.items():
            value.data.copy_(values[name])
