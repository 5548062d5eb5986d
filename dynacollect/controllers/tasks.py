"""The tasks as data: the released waits and time limits, and where each arm starts and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from .grasp import finger_length, hand_down
from .machine import Phase, Task, TaskName

_PICK_WAITS = {
    Phase.INIT: 0.48,
    Phase.RESET: 0.08,
    Phase.APPROACH_ABOVE: 0.40,
    Phase.APPROACH: 0.72,
    Phase.GRASP: 0.72,
    Phase.LIFT: 0.20,
    Phase.TO_GOAL: 0.60,
}
_PLACE_WAITS = {
    Phase.INIT: 0.28,
    Phase.RESET: 0.08,
    Phase.APPROACH_ABOVE: 0.40,
    Phase.APPROACH: 0.72,
    Phase.GRASP: 0.72,
    Phase.LIFT: 0.0,
    Phase.APPROACH_ABOVE_TARGET: 0.40,
    Phase.APPROACH_TARGET: 0.60,
    Phase.PLACE: 0.40,
    Phase.TO_GOAL: 0.60,
}

PICK = Task("pick", 10.0, MappingProxyType(_PICK_WAITS))
PLACE = Task("place", 12.0, MappingProxyType(_PLACE_WAITS))
LONG_HORIZON = Task("long-horizon", 20.0, MappingProxyType(_PLACE_WAITS))
"""Places one object after the other, with the waits of a place."""

TASKS: Mapping[TaskName, Task] = MappingProxyType({task.name: task for task in (PICK, PLACE, LONG_HORIZON)})

PLACED_CHECKS = 5
"""So many ticks running an object must be seen in the container, or out of it, to count."""

_FRANKA = ((0.3, 0.0, 0.3), 0.045)
_PIPER = ((0.373, 0.0, 0.271), 0.09)
_RELEASED = {"franka-panda": _FRANKA, "franka-fr3": _FRANKA, "piper": _PIPER}


@dataclass(frozen=True, slots=True)
class Station:
    """Where an arm starts and ends, and the finger length that the released machine counts on."""

    start: RigidTransform
    """T_base_tool at home."""
    goal: RigidTransform
    """T_base_tool at the end: hand down, fingers closing along the base's y."""
    finger: float
    """m."""


@lru_cache(maxsize=16)
def station(arm: ArmModel) -> Station:
    """The released figures of an arm; another arm ends over its start, with its own fingers."""
    start = kinematics.forward(arm, arm.home)
    place, finger = _RELEASED.get(arm.name, (tuple(start.translation), finger_length(arm)))
    return Station(start, hand_down(np.array(place), 0.0), finger)
