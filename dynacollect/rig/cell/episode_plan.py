"""What happens in one episode of the cell, start to end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..config_cell import Launcher, Motion
from ..nouns import Vector
from .plates import Plate

RIVAL = "distractor0"
"""Key of the rival, where there is one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it stands before the launch."""

    object: str
    T_base_object: RigidTransform
    friction_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How an object is set in motion."""

    launcher: Launcher | None
    """`None`: it stays where it stands."""
    motion: Motion
    velocity: Vector
    """Where to and how fast at the release, m/s (3,)."""
    crossing: Vector
    """Where its path crosses the middle of the reachable table (3,); of a rival, where it starts."""
    delay: float
    """From the order to launch until the motion begins, s."""
    bend: float = 0.0
    """Sideways (curved) or forward (accelerating) acceleration, m/s2."""

    @property
    def speed(self) -> float:
        return float(np.linalg.norm(self.velocity))

    @property
    def way(self) -> Vector:
        """Direction of the velocity (3,); zero for what stays."""
        return self.velocity / self.speed if self.speed > 0 else self.velocity


@dataclass(frozen=True, slots=True)
class Push:
    """A planar shove of the target."""

    after: float
    """Since the launch, s."""
    velocity: Vector


@dataclass(frozen=True, slots=True)
class Scenery:
    """Light and surfaces."""

    table: str = "oak"
    floor: str = "concrete"
    wall: str = "painted"
    seed: int = 0
    lamp: tuple[float, float, float] = (0.3, -0.5, 1.9)
    kelvin: float = 6000.0
    lumen: float = 500.0
    shadows: bool = True


@dataclass(frozen=True, slots=True)
class Launched:
    """An object that may be set in motion."""

    key: str
    """Its body in the scene."""
    object: str
    launch: Launch
    pushes: tuple[Push, ...] = ()


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """One episode, start to end, as chance would have it."""

    seed: int
    targets: tuple[Placed, ...]
    distractors: tuple[Placed, ...] = ()
    container: Placed | None = None
    launch: Launch = field(default_factory=lambda: Launch(None, "straight", np.zeros(3), np.zeros(3), 0.0))
    pushes: tuple[Push, ...] = ()
    """Of the first target."""
    rival: Launch | None = None
    """Of the first distractor, which is of the target's kind; None: it stays where it stands."""
    scenery: Scenery = Scenery()
    plates: tuple[Plate, ...] = ()
    """Boards that are shown; nothing else is on the table then."""

    def cleared(self, plates: tuple[Plate, ...] = ()) -> EpisodePlan:
        """The same room with nothing on the table but these plates."""
        return EpisodePlan(self.seed, (), scenery=self.scenery, plates=plates)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Everything on the table."""
        return (*self.targets, *self.distractors, *((self.container,) if self.container else ()))

    @property
    def launched(self) -> tuple[Launched, ...]:
        """The first target, and its rival if it has one."""
        if not self.targets:
            return ()
        first = Launched("target0", self.targets[0].object, self.launch, self.pushes)
        return (first,) if self.rival is None else (first, Launched(RIVAL, self.distractors[0].object, self.rival))

    @property
    def held(self) -> Plate | None:
        """The plate in the gripper."""
        return next((plate for plate in self.plates if plate.mounting == "held"), None)

    @property
    def speed(self) -> float:
        return self.launch.speed
