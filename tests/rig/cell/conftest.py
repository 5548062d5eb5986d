"""Small rigs that render little, and an arm that keeps moving."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from dynacollect.rig.config import RigConfig, load_rig
from dynacollect.rig.nouns import Grip, SetPoints
from dynacollect.rig.rig import Rig, open_rig
from dynacollect.rig.stage import Request

TICK_S = 0.04

MakeConfig = Callable[..., RigConfig]
Exercise = Callable[..., Iterator[float]]


def _config(name: str = "cell", cameras: tuple[str, ...] | None = None, size: int = 160, **cell: Any) -> RigConfig:
    """A built-in rig with fewer and smaller cameras; `sensor` and `episodes` change these knobs."""
    config = load_rig(name)
    chosen = config.cameras if cameras is None else {key: config.cameras[key] for key in cameras}
    shrunk = {key: item.model_copy(update={"width": size, "height": size * 3 // 4}) for key, item in chosen.items()}
    parts = {part: getattr(config.cell, part).model_copy(update=changes) for part, changes in cell.items()}
    return config.model_copy(update={"cameras": shrunk, "cell": config.cell.model_copy(update=parts)})


@pytest.fixture(scope="session")
def small() -> MakeConfig:
    return _config


@pytest.fixture(scope="session")
def opened(small: MakeConfig) -> Callable[..., Rig]:
    """A rig, not yet entered, on a table that was set for `request`."""

    def make(seed: int = 0, request: Request | None = None, faults: tuple[str, ...] = (), **config: Any) -> Rig:
        rig = open_rig(small(**config), seed=seed, faults=faults)
        if request is not None:
            rig.stage.prepare(seed, request)
        return rig

    return make


def _setpoints(rig: Rig, now: float) -> SetPoints:
    """A slow swing of all joints about home, and fingers that close and open every two seconds."""
    home, gripper = rig.arm.model.home, rig.arm.model.gripper
    times = now + 0.02 * np.arange(10, dtype=np.float64)
    sizes = np.full(len(home), 0.06)
    sizes[0] = 0.35
    swing = sizes * (1.0 - np.cos(1.5 * times[:, None])) * 0.5
    open_now = int(now / 2.0) % 2 == 0
    return SetPoints(times, home + swing, Grip(gripper.max_width if open_now else 0.0, gripper.max_force / 2))


@pytest.fixture(scope="session")
def exercise() -> Exercise:
    """Ticks of a loop that moves the arm, reads everything, and yields the time; `see=False` renders nothing."""

    def run(rig: Rig, seconds: float, *, see: bool = True, move: bool = True) -> Iterator[float]:
        end = rig.clock.now() + seconds
        while rig.clock.now() < end:
            now = rig.clock.now()
            if move:
                rig.arm.command(_setpoints(rig, now))
            rig.clock.wait_until(now + TICK_S)
            if see:
                rig.see()
            rig.feel()
            yield rig.clock.now()

    return run
