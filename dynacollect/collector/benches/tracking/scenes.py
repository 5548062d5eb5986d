"""What the sequences show: one scene for every way in which tracked objects move or are hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ....rig.arms.model import ArmModel
from ....rig.cell.episode_plan import EpisodePlan, Push, Scenery
from ....rig.cell.plan import draw
from ....rig.config_cell import CellEpisodes, Launcher, Motion
from ....rig.nouns import Vector
from ....rig.objects import catalogue
from ....rig.stage import Request

Kind = Literal[
    "still", "rolling", "sliding", "conveyor", "curved", "bounced", "pushed", "arm", "passed", "crowd", "alike",
    "light", "blocked",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

MOTIONS: dict[Kind, Motion] = {"curved": "curved", "bounced": "bounce"}
LAUNCHERS: dict[Kind, Launcher] = {"rolling": "push", "sliding": "push", "curved": "push", "bounced": "push"}
LAUNCH_S = 0.3
"""Into the sequence, the target is set in motion."""
EVENT_S = 1.1
"""Into the sequence, something else happens: a second push, another light, a blocked view."""
HIDDEN_S = 0.8
SLIPPERY = 0.3
"""Friction of what is to slide a good way, over its own."""


@dataclass(frozen=True, slots=True)
class Roller:
    """A thing on the table that is set rolling past the target."""

    key: str
    velocity: Vector
    after: float
    """Into the sequence, s."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One sequence before it is recorded."""

    kind: Kind
    plan: EpisodePlan
    learnt_in: Scenery
    """The room, as it is lit while objects are learnt and the empty scene is taken."""
    roller: Roller | None = None
    light: float = 1.0
    """Lamps over their normal from the event on."""
    camera: int | None = None
    """Before which of the cameras the arm passes, or something hangs."""


def draw_scene(kind: Kind, target: str, seed: int, speed: float, arm: ArmModel) -> Scene:
    """The scene of this seed; the same for the same arguments."""
    rng = np.random.default_rng([seed, 0x5E9])
    distractors = {"crowd": 4, "alike": 1, "passed": 1}.get(kind, 0)
    others = [str(name) for name in rng.permutation([name for name in catalogue.names() if name != target])]
    if kind == "alike":
        others = [target]
    if kind == "passed":
        others = [name for name in others if catalogue.load(name).symmetry.kind == "sphere"]
    options = CellEpisodes(friction=(0.8, 1.2))
    launcher = LAUNCHERS.get(kind, "conveyor") if speed > 0 and kind != "pushed" else None
    request = Request(
        target=target, distractors=tuple(others[:distractors]), speed=speed, launcher=launcher, motion=MOTIONS.get(kind)
    )
    plan = draw(seed, arm, options, request)
    plan = replace(plan, launch=replace(plan.launch, delay=LAUNCH_S))
    if kind in ("sliding", "pushed"):
        first, *rest = plan.targets
        plan = replace(plan, targets=(replace(first, friction_scale=SLIPPERY), *rest))
    scene = Scene(kind, plan, plan.scenery)
    return _with_event(scene, rng)


def _with_event(scene: Scene, rng: np.random.Generator) -> Scene:
    plan, which = scene.plan, int(rng.integers(2))
    if scene.kind == "pushed":
        angle, size = rng.uniform(-np.pi, np.pi), rng.uniform(0.3, 0.6)
        push = Push(EVENT_S - LAUNCH_S, size * np.array([np.cos(angle), np.sin(angle), 0.0]))
        return replace(scene, plan=replace(plan, pushes=(push,)))
    if scene.kind == "passed":
        return _passed(scene, rng)
    if scene.kind == "light":
        there = replace(plan.scenery, kelvin=4200.0, lumen=700.0, lamp=(0.9, 0.7, 1.8))
        return replace(scene, learnt_in=there, light=float(rng.choice([0.75, 1.2])))
    if scene.kind in ("arm", "blocked"):
        return replace(scene, camera=which)
    return scene


def _passed(scene: Scene, rng: np.random.Generator) -> Scene:
    """A ball rolls between target and camera, a hand's breadth from the target's way."""
    plan, speed = scene.plan, 0.45
    middle = plan.launch.crossing[:2] + np.array([0.10, 0.08])
    heading = float(rng.choice([-1.0, 1.0])) * np.array([1.0, -1.0]) / np.sqrt(2)
    ball = plan.distractors[0]
    start = middle - 0.35 * heading
    place = np.array([*start, catalogue.load(ball.object).rest_height])
    pose = type(ball.T_base_object).from_components(place, ball.T_base_object.rotation)
    roller = Roller("distractor0", np.array([*(speed * heading), 0.0]), EVENT_S - 0.7)
    return replace(scene, plan=replace(plan, distractors=(replace(ball, T_base_object=pose),)), roller=roller)
