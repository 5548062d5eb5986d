"""Which launcher suits an object and a motion."""

from __future__ import annotations

import numpy as np

from ..arms.model import ArmModel
from ..config_cell import CellEpisodes, Launcher, Motion
from ..errors import DynacollectError
from ..objects.model import ObjectModel
from ..stage import Request
from .rolling import rolls_straight, stands
from .self_launch import can_shove

ROLLING_MOTIONS: tuple[Motion, ...] = ("curved", "bounce", "knocked")
"""Motions that only what rolls can make."""


def must_roll(motion: Motion, request: Request) -> bool:
    """Whether only what rolls will do; a rival keeps to its lane only so."""
    return motion in ROLLING_MOTIONS or bool(request.rival)


def rolling_launchers(motion: Motion, request: Request) -> tuple[Launcher, ...]:
    """What can launch a thing that must roll: a ramp has no room beside it, and takes its own time."""
    return ("push",) if motion == "knocked" or request.rival else ("push", "ramp")


def choose_launcher(
    rng: np.random.Generator,
    arm: ArmModel,
    model: ObjectModel,
    motion: Motion,
    options: CellEpisodes,
    request: Request,
) -> Launcher | None:
    """What rolls is pushed or let down a ramp; what stands rides the belt, or stops a hand's breadth after a push.

    Where the options leave none that suits, the first that does is taken.
    """
    rolls = rolls_straight(model)
    fitting: tuple[Launcher, ...] = ("push", "push", "ramp") if rolls else ("conveyor", "conveyor", "push")
    if must_roll(motion, request):
        fitting = rolling_launchers(motion, request)
    elif rolls and stands(model):
        fitting = (*fitting, "conveyor")
    if request.launcher is not None:
        _check_launcher(arm, model, request.launcher, motion, request)
        return request.launcher
    if not options.launchers:
        return None
    if "self" in options.launchers and not must_roll(motion, request) and can_shove(arm, model):
        fitting = (*fitting, "self")
    usable: tuple[Launcher, ...] = tuple(kind for kind in fitting if kind in options.launchers) or fitting[:1]
    return usable[int(rng.integers(len(usable)))]


def _check_launcher(arm: ArmModel, model: ObjectModel, launcher: Launcher, motion: Motion, request: Request) -> None:
    usable = rolling_launchers(motion, request)
    if must_roll(motion, request) and launcher not in usable:
        what = "object beside a rival" if request.rival else f"{motion} motion"
        raise DynacollectError(f"{launcher} launches no {what}; ask for {' or '.join(usable)}")
    if launcher == "ramp" and not rolls_straight(model):
        raise DynacollectError(f"{model.name} does not roll down a ramp; ask for push, conveyor or self")
    if launcher == "self" and not can_shove(arm, model):
        raise DynacollectError(f"{arm.name} cannot shove {model.name} with its hand; ask for push, ramp or conveyor")
