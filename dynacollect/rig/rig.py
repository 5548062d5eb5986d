"""A rig as a loop sees it: cameras, an arm, a clock, and a stage."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Self

from .arm import Arm, ArmInfo
from .asking import Asks, Terminal
from .camera import Camera, CameraInfo
from .clock import Clock
from .config import RigConfig
from .errors import DynacollectError
from .nouns import ArmState, FrameSet
from .pairing import Pairer
from .stage import Stage


@dataclass(slots=True)
class Rig:
    """Everything that a loop reads and commands. Entering connects; leaving stops the arm and closes all."""

    config: RigConfig
    cameras: Mapping[str, Camera]
    arm: Arm
    clock: Clock
    stage: Stage
    camera_infos: dict[str, CameraInfo] = field(default_factory=dict)
    arm_info: ArmInfo | None = None
    _pairer: Pairer | None = None
    _arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=90))

    def __enter__(self) -> Self:
        self.arm_info = self.arm.connect()
        self.camera_infos = {name: camera.connect() for name, camera in self.cameras.items()}
        pairing = self.config.pairing
        self._pairer = Pairer(tuple(self.cameras), pairing.soft_s, pairing.hard_s)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.arm.stop()
        for camera in self.cameras.values():
            camera.close()
        self.arm.close()

    def see(self) -> FrameSet:
        """The newest frames that belong together."""
        if self._pairer is None:
            raise RuntimeError("enter the rig before reading it")
        for camera in self.cameras.values():
            frame = camera.latest()
            if frame is not None and self._pairer.offer(frame):
                self._arrivals.append(frame.arrived_at)
        return self._pairer.pair()

    def next_start(self, period: float) -> float:
        """When a loop of this period should start: just after the frames of a period have come in.

        Cameras of the same period arrive at fixed phases of it. The longest pause between arrivals is where a tick
        finds all frames there and none about to come.
        """
        now = self.clock.now()
        if not self._arrivals:
            return now
        phases = sorted(arrival % period for arrival in self._arrivals)
        gaps = [after - before for before, after in pairwise([*phases, phases[0] + period])]
        longest = max(range(len(gaps)), key=gaps.__getitem__)
        phase = phases[longest] + 0.3 * gaps[longest]
        return now + (phase - now) % period

    def feel(self) -> ArmState:
        """The newest feedback of the arm."""
        return self.arm.read()


def open_rig(
    config: RigConfig, *, seed: int = 0, faults: tuple[str, ...] = (), realtime: bool = False, asks: Asks | None = None
) -> Rig:
    """The rig that a configuration describes, not yet connected. Only this imports a driver.

    `asks` is how people are spoken to who do by hand what a real rig cannot; else it is done at the terminal.
    """
    if not config.simulated:
        from .real import build_real

        if faults:
            raise DynacollectError("faults are rehearsed on the cell or on a stand-in; leave out --fault")
        return build_real(config, asks or Terminal())
    if config.arm.driver == "piper-sim":
        from .piper.sim import build_piper_sim

        return build_piper_sim(config, seed=seed, faults=faults, realtime=realtime)
    if config.arm.driver == "franka-sim":
        from .franka.sim import build_franka_sim

        return build_franka_sim(config, seed=seed, faults=faults, realtime=realtime)
    from .cameras.beside import beside
    from .cell.cell import build_cell

    def cell(own: RigConfig) -> Rig:
        return build_cell(own, seed=seed, faults=faults, realtime=realtime)

    return beside(cell, config, realtime=realtime)
