"""The household catalogue: every built-in object by name."""

from __future__ import annotations

from collections.abc import Callable

from . import containers, food, packages, tableware, tools, toys
from .build import Sketch

RECIPES: dict[str, Callable[[], Sketch]] = {
    **food.RECIPES,
    **packages.RECIPES,
    **tableware.RECIPES,
    **toys.RECIPES,
    **tools.RECIPES,
    **containers.RECIPES,
}

CONTAINERS = frozenset(containers.RECIPES)
UNSEEN = frozenset({"lime", "pear", "jar", "sponge", "light_bulb_box", "toy_car"})
"""Kept out of training, for tests of generalisation."""
