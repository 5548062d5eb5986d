"""The expert for one episode: profile, motion and safety made for a rig, a task and what is on the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..rig.config import RigConfig
from ..rig.objects import ObjectModel, catalogue
from ..rig.rig import Rig
from .dom import DomProfile
from .intercept import Intercept
from .machine import Profile, Scene, TaskName
from .motion import Motion
from .safety import Safety
from .surroundings import Workspace
from .tasks import TASKS

ProfileName = Literal["dom", "intercept"]
SERVO_LAG_S = 0.004
"""By which an arm's own servos trail its set-points."""


@dataclass(frozen=True, slots=True)
class Expert:
    """What a runner needs."""

    profile: Profile[Any]
    motion: Motion
    safety: Safety
    limit_s: float


def expert_for(
    rig: Rig, task: TaskName, profile: ProfileName, names: Mapping[str, str], targets: tuple[str, ...],
    measured: Mapping[str, ObjectModel] | None = None,
) -> Expert:  # fmt: skip
    """The expert for objects by observation key; their models are those `measured` by now, else the catalogue's."""
    arm = rig.arm.model
    models = {key: catalogue.load(name) for key, name in names.items()} if measured is None else measured
    scene = Scene(arm, TASKS[task], models, targets)
    lag = lag_of(rig.config, arm.command_delay)
    box = rig.config.safety.box
    workspace = Workspace(arm, box.lower, box.upper)
    chosen: Profile[Any] = Intercept(scene, lag, workspace) if profile == "intercept" else DomProfile(scene)
    motion = Motion(arm, table_z=rig.config.safety.table_z)
    return Expert(chosen, motion, Safety(rig.config.safety, arm), TASKS[task].time_limit)


def lag_of(config: RigConfig, published_s: float) -> float:
    """From a set-point's time to the motion, s: as configured, else as published, and the servos' own."""
    own = config.cell.arm.command_delay_s
    return (published_s if own is None else own) + SERVO_LAG_S
