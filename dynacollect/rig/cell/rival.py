"""A second object of the target's kind that is pushed at the same moment, the same way, on a lane beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..errors import DynacollectError
from ..objects import catalogue
from .episode_plan import Launch, Placed
from .table import on_table

APART_M = (0.10, 0.25)
"""Room between the two lanes."""
AHEAD_M = 0.10
"""How far the rival starts before or behind the target, at most."""
HAND_M = 0.10
"""Room of the hand that pushes it, behind its start."""
FOOT_M = 0.2
"""No lane comes nearer to the arm's foot."""


def draw_rival(rng: np.random.Generator, first: Placed, launch: Launch, speed: float) -> tuple[Placed, Launch] | None:
    """Where it starts and how it is pushed; None where no lane is free."""
    if launch.launcher is None:
        raise DynacollectError("a rival moves beside a target that moves; ask for a speed of the target, too")
    way = launch.way
    aside = np.array([-way[1], way[0], 0.0])
    length = float(np.max(catalogue.load(first.object).extent))
    for _ in range(60):
        lane = rng.choice([-1.0, 1.0]) * (length + rng.uniform(*APART_M))
        start = first.T_base_object.translation + lane * aside + rng.uniform(-AHEAD_M, AHEAD_M) * way
        along = np.linspace(-HAND_M, max(speed, HAND_M), 20)[:, None]
        path = start[:2] + along * way[:2]
        if np.hypot(*path.T).min() > FOOT_M and on_table(start) and on_table(start + speed * way, 0.0):
            pose = RigidTransform.from_components(start, first.T_base_object.rotation)
            return replace(first, T_base_object=pose), replace(launch, velocity=speed * way, crossing=start)
    return None
