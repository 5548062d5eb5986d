"""What tracking does to the truth, for benches: error of position and velocity, and delay."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import ObjectState

UNITS = {"mm": 1e-3, "m": 1.0, "mm/s": 1e-3, "m/s": 1.0, "ms": 1e-3, "s": 1.0}
FIELDS = {"pos": ("mm", "m"), "vel": ("mm/s", "m/s"), "latency": ("ms", "s")}


@dataclass(frozen=True, slots=True)
class StateNoise:
    """Standard deviations per axis (m, m/s) and age of what is seen (s)."""

    position: float = 0.0
    velocity: float = 0.0
    latency: float = 0.0


def parse_noise(text: str) -> StateNoise:
    """`pos=2mm vel=30mm/s latency=80ms`, any of them."""
    values: dict[str, float] = {}
    for word in text.replace(",", " ").split():
        match = re.fullmatch(r"(\w+)=([\d.]+)([a-z/]+)", word)
        if match is None or match[1] not in FIELDS or match[3] not in FIELDS[match[1]]:
            raise DynacollectError(f"--noise: '{word}' is not understood; write e.g. 'pos=2mm vel=30mm/s latency=80ms'")
        values[match[1]] = float(match[2]) * UNITS[match[3]]
    return StateNoise(values.get("pos", 0.0), values.get("vel", 0.0), values.get("latency", 0.0))


def noisy(
    truth: Callable[[], Mapping[str, ObjectState]], noise: StateNoise, seed: int
) -> Callable[[float], Mapping[str, ObjectState]]:
    """The truth as a tracker would give it: late, off, and moved on to now at constant velocity by whoever asks."""
    rng = np.random.default_rng([seed, 0x5E])
    past: deque[tuple[float, Mapping[str, ObjectState]]] = deque()

    def look(now: float) -> Mapping[str, ObjectState]:
        past.append((now, truth()))
        while len(past) > 1 and past[1][0] <= now - noise.latency + 1e-9:
            past.popleft()
        return {name: _disturbed(state, noise, rng) for name, state in past[0][1].items()}

    return look


def _disturbed(state: ObjectState, noise: StateNoise, rng: np.random.Generator) -> ObjectState:
    if noise.position == 0.0 and noise.velocity == 0.0:
        return state
    place = np.asarray(state.position) + rng.normal(0.0, noise.position, 3)
    variance = np.diag(np.repeat([noise.position**2, 1e-4, noise.velocity**2, 1e-2], 3))
    return replace(
        state,
        T_base_object=RigidTransform.from_components(place, state.T_base_object.rotation),
        velocity=state.velocity + rng.normal(0.0, noise.velocity, 3) * (1, 1, 0),
        covariance=variance,
    )
