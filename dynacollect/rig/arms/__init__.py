"""The arms that the software knows, as data: kinematics, limits, links, grippers."""

from __future__ import annotations

from difflib import get_close_matches

from ..errors import DynacollectError
from .franka import FR3, PANDA
from .model import ArmModel
from .piper import PIPER

__all__ = ["ARMS", "ArmModel", "arm"]

ARMS: dict[str, ArmModel] = {model.name: model for model in (PANDA, FR3, PIPER)}


def arm(name: str) -> ArmModel:
    """The arm of that name."""
    if name in ARMS:
        return ARMS[name]
    near = get_close_matches(name, ARMS, n=1, cutoff=0.4)
    remedy = f"did you mean '{near[0]}'?" if near else f"use one of {', '.join(ARMS)}."
    raise DynacollectError(f"No arm is called '{name}'; {remedy}")
