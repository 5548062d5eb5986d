"""The cell as the person who shows one object at a time to the cameras, and who clears the table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..objects import catalogue
from .episode_plan import EpisodePlan, Placed
from .world import World

AWAY = np.array([-6.0, 0.0, 1.0])
"""Where things are put that no camera shall see."""
SHOWN = ((0.42, 0.12), (0.55, -0.12), (0.50, 0.16), (0.60, 0.05))
"""Where an object is shown by itself, one after the other, as shares of the reach of the arm."""


def alone(world: World, name: str, number: int) -> EpisodePlan:
    """The clear table of this room with one object on it; each `number` lies it down elsewhere and otherwise."""
    model, room = catalogue.load(name), world.plan.cleared()
    place = world.arm.reach * np.array(SHOWN[number % len(SHOWN)])
    rng = np.random.default_rng([room.seed, 0x1EA, number, *name.encode()])
    turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi)) * model.rests[number % len(model.rests)]
    pose = RigidTransform.from_components([*place, model.rest_height_in(turn)], turn)
    return EpisodePlan(room.seed, (Placed(name, pose),), scenery=room.scenery)


def swapped(plan: EpisodePlan) -> EpisodePlan:
    """The first target and the first other object of about its size have changed places, as a person might err."""
    if not plan.targets or not plan.distractors:
        return plan
    first, other = plan.targets[0], plan.distractors[0]
    there = replace(other, T_base_object=_lying(first.object, other.T_base_object))
    here = replace(first, T_base_object=_lying(other.object, first.T_base_object))
    targets = (replace(here, object=other.object), *plan.targets[1:])
    return replace(plan, targets=targets, distractors=(replace(there, object=first.object), *plan.distractors[1:]))


def _lying(name: str, where: RigidTransform) -> RigidTransform:
    model = catalogue.load(name)
    turn = model.rests[0]
    return RigidTransform.from_components([*where.translation[:2], model.rest_height_in(turn)], turn)


def take_away(world: World, keys: Collection[str] | None = None) -> None:
    """These objects off the table, or all; what launches them stays."""
    for number, key in enumerate(world.scene.bodies):
        if keys is not None and key not in keys:
            continue
        address = int(world.model.joint(f"{key}/free").qposadr[0])
        world.data.qpos[address : address + 3] = AWAY + np.array([0.0, 0.5 * number, 0.0])
    # A launcher holds its object in place.
    for number, launcher in enumerate(world.launchers):
        if keys is None or launcher.key in keys:
            launcher.hold_at(AWAY + np.array([0.0, 0.5 * number, 0.0]))
