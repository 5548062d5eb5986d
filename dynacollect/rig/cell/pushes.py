"""Shoves that disturb a target on its way: at random, or one knock that turns it."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ..arms.model import ArmModel
from ..config_cell import CellEpisodes
from ..objects import catalogue
from .episode_plan import Launch, Placed, Push
from .reach import catchable
from .rolling import rolling_drag

KNOCK_S = (0.4, 0.8)
"""When a knock comes, after the launch; no arm is there so soon."""
KNOCK_RAD = (0.7, 1.6)
"""How far it turns the way of a ball, to either side."""

KNOCK_SPEED = (0.3, 0.8)
"""How fast it rolls on, as a share of its speed at the launch."""


def draw_pushes(rng: np.random.Generator, options: CellEpisodes) -> tuple[Push, ...]:
    """Small ones every now and then, where the options ask for them."""
    if options.perturbation_m_s <= 0:
        return ()
    times = np.cumsum(rng.uniform(0.5, 1.0, 24))
    headings = rng.uniform(-np.pi, np.pi, 24)
    sizes = rng.uniform(0.3, 1.0, 24) * options.perturbation_m_s
    return tuple(
        Push(float(t), size * np.array([np.cos(angle), np.sin(angle), 0.0]))
        for t, angle, size in zip(times, headings, sizes, strict=True)
    )


def draw_knocks(rng: np.random.Generator, arm: ArmModel, first: Placed, launch: Launch) -> tuple[Push, ...] | None:
    """The one from which on the object rolls another way, within reach.

    None where no way is; nothing for an object that stays.
    """
    if launch.launcher is None:
        return ()
    model, start = catalogue.load(first.object), first.T_base_object.translation
    drag = rolling_drag(model)
    for _ in range(30):
        after = float(rng.uniform(*KNOCK_S))
        rolling = min(after, launch.speed / drag)
        left = launch.speed - drag * rolling
        place = start + launch.way * 0.5 * (launch.speed + left) * rolling
        # What has an axis rolls across it only: back.
        turn = rng.uniform(*KNOCK_RAD) * rng.choice([-1.0, 1.0]) if model.symmetry.kind == "sphere" else np.pi
        way = Rotation.from_euler("z", float(turn)).apply(launch.way)
        speed = launch.speed * float(rng.uniform(*KNOCK_SPEED))
        if catchable(arm, place, way, speed):
            return (Push(after, speed * way - left * launch.way),)
    return None
