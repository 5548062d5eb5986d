"""How a training is asked to end before its time: whoever watches it lets go of its input, or it has learnt enough."""

from __future__ import annotations

import select
import sys

import torch
from accelerate import Accelerator


class StoppedError(Exception):
    """The training has saved a checkpoint and ends."""


class Stop:
    """Of all processes together."""

    def __init__(self, watched: bool) -> None:
        self.wanted = False
        """In this process."""
        self.agreed = False
        """In all of them."""
        self._watched = watched

    def agree(self, accelerator: Accelerator) -> bool:
        """Called once a step by all processes: does any of them want to end?"""
        wanted = self.wanted or (self._watched and accelerator.is_main_process and _let_go())
        if accelerator.num_processes > 1:
            count = torch.tensor(float(wanted), device=accelerator.device)
            wanted = bool(accelerator.reduce(count, reduction="sum") > 0)  # type: ignore[operator]
        self.agreed = self.agreed or wanted
        return self.agreed


def _let_go() -> bool:
    """Standard input, to which nothing is written, has reached its end."""
    return bool(select.select([sys.stdin], [], [], 0)[0])
