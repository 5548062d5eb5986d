"""Things whose motion is known, and measurements of it with known noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import PoseEstimate, Vector

FRAME_S, FINE_S = 0.04, 0.002
TURN_SIGMA = np.deg2rad(2.0)
HEIGHT = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """At a time the velocity becomes, or changes by, `velocity`; from then on it loses `drag` and turns by `turn`."""

    time: float
    velocity: ArrayLike = (0.0, 0.0)
    adds: bool = False
    drag: float = 0.12
    turn: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Places and velocities (n, 3) at fine times (n,)."""

    times: Vector
    places: Vector
    velocities: Vector

    def at(self, time: float) -> tuple[Vector, Vector]:
        index = round(time / FINE_S)
        return self.places[index], self.velocities[index]

    def frames(self, offset: float = 0.0) -> list[float]:
        """Times of pictures, on the fine grid."""
        return [float(FINE_S * round(time / FINE_S)) for time in np.arange(offset, self.times[-1], FRAME_S)]


def moving(*events: Event, lasts: float = 2.4) -> Motion:
    """A level motion from (0.4, 0)."""
    times = np.asarray(np.linspace(0.0, lasts, round(lasts / FINE_S) + 1), dtype=np.float64)
    places, velocities = np.zeros((len(times), 3)), np.zeros((len(times), 3))
    place, velocity, drag, turn = np.array([0.4, 0.0]), np.zeros(2), 0.0, 0.0
    waiting = list(events)
    for index, time in enumerate(times):
        place = place + velocity * FINE_S if index else place
        speed = float(np.hypot(*velocity))
        velocity = velocity * max(0.0, 1.0 - drag * FINE_S / speed) if speed > 0.0 else velocity
        c, s = np.cos(turn * FINE_S), np.sin(turn * FINE_S)
        velocity = np.array([c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]])
        while waiting and waiting[0].time <= time:
            event = waiting.pop(0)
            velocity = np.asarray(event.velocity, dtype=float) + (velocity if event.adds else 0.0)
            drag, turn = event.drag, event.turn
        places[index], velocities[index] = (*place, HEIGHT), (*velocity, 0.0)
    return Motion(times, places, velocities)


def way(rng: np.random.Generator, speed: float) -> Vector:
    """A level velocity in any direction."""
    angle = rng.uniform(0.0, 2.0 * np.pi)
    return speed * np.array([np.cos(angle), np.sin(angle)])


def estimate(
    time: float,
    place: Vector,
    turn: Rotation,
    rng: np.random.Generator,
    sigma: float = 1e-3,
    turn_sigma: float = TURN_SIGMA,
    claimed: float = 1.0,
) -> PoseEstimate:
    """A measurement with this noise, that claims `claimed` times as much."""
    pose = RigidTransform.from_components(
        place + rng.normal(0.0, sigma, 3), Rotation.from_rotvec(rng.normal(0.0, turn_sigma, 3)) * turn
    )
    variance = np.diag(np.repeat(np.square([claimed * sigma, turn_sigma]), 3))
    return PoseEstimate("thing", pose, variance, float(time), 1.0)


def measured(
    motion: Motion, times: Sequence[float], seed: int, sigma: float = 1e-3, claimed: float = 1.0
) -> list[PoseEstimate]:
    """A thing that keeps its orientation, measured at these times."""
    rng = np.random.default_rng([seed, 0xF1])
    return [estimate(t, motion.at(t)[0], Rotation.identity(), rng, sigma, claimed=claimed) for t in times]


def rolled(motion: Motion, time: float, radius: float) -> Rotation:
    """The orientation of what rolled straight on its way."""
    x, y, _ = motion.at(time)[0] - motion.places[0]
    return Rotation.from_rotvec(np.array([-y, x, 0.0]) / radius)
