"""What is said of an episode of a suite: its instruction singles the target out in the way that the suite tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...datasets.instructions import Present, Role, instructions
from ...datasets.wording import Split
from ...rig.cell.episode_plan import EpisodePlan, Placed
from ...rig.nouns import Vector
from ...rig.objects import catalogue
from .suite import Suite


def instruction_of(suite: Suite, plan: EpisodePlan, split: Split = "train") -> str | None:
    """The same for the same episode; None where the target cannot be told from the rest in this way."""
    said = instructions(present_in(plan), 1, plan.seed, split, suite.told_by)
    return said[0] if said else None


def present_in(plan: EpisodePlan) -> tuple[Present, ...]:
    """All that is on the table, as it is when the motion begins."""
    moves = {launched.key: launched.launch.velocity for launched in plan.launched}
    groups: tuple[tuple[Role, tuple[Placed, ...]], ...] = (("target", plan.targets), ("distractor", plan.distractors))
    found = [
        _present(f"{role}{index}", role, placed, moves)
        for role, members in groups
        for index, placed in enumerate(members)
    ]
    container = () if plan.container is None else (_present("container", "container", plan.container, moves),)
    return (*found, *container)


def _present(key: str, role: Role, placed: Placed, moves: Mapping[str, Vector]) -> Present:
    model = catalogue.load(placed.object)
    place = np.asarray(placed.T_base_object.translation)
    return Present(key, role, model.words, model.colour, model.extent, place, moves.get(key, np.zeros(3)))
