"""Putting an end to what changes the disk, at any instant that one chooses."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

SYSTEM = ("link", "mkdir", "rename", "fsync", "rmdir")
"""What changes a disk: between any two of these a process may be killed."""


class KilledError(BaseException):
    """Nothing may catch it, as nothing catches a kill."""


def die_at(step: int, patches: pytest.MonkeyPatch) -> None:
    """The process ends before the disk is changed for the given time."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise KilledError
            return real(*args, **more)

        return call

    for name in SYSTEM:
        patches.setattr(os, name, counted(getattr(os, name)))
