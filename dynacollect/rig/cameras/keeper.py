"""The newest picture of a stream with its time, and the stream's health."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from ..camera import CameraHealth
from ..camera_monitor import CameraMonitor
from ..clock_fit import ClockFit
from ..nouns import Fault, Frame
from .config_base import CameraPart
from .device import Shot


class Keeper:
    """Takes in every picture that arrives; `newest` and `health` may be asked from another thread."""

    def __init__(self, name: str, config: CameraPart) -> None:
        self.newest: Frame | None = None
        self._name = name
        self._fit = ClockFit(config.delay_s)
        self._monitor = CameraMonitor(name, 1.0 / config.fps, clock=self._fit, fixed=config.mount == "fixed")
        self._lock = Lock()

    def take(self, shot: Shot) -> None:
        with self._lock:
            fitted = self._fit.add(shot.device_time, shot.arrived_at)
            captured = fitted if shot.captured_at is None else shot.captured_at
            frame = Frame(shot.image, self._name, shot.sequence, captured, shot.arrived_at, shot.device_time)
            self._monitor.saw(frame, shot.temperature_c)
        self.newest = frame

    def restarted(self) -> None:
        with self._lock:
            self._fit.restart()
            self._monitor.restarted()

    def rebase(self) -> None:
        with self._lock:
            self._monitor.rebase()

    def health(self, now: float, trouble: str | None = None) -> CameraHealth:
        """`trouble` is why the device cannot be read; without pictures the stream is frozen."""
        with self._lock:
            health = self._monitor.health(now)
        if trouble is None:
            return health
        others = tuple(fault for fault in health.faults if fault.name != "freeze")
        return replace(health, faults=(Fault("freeze", trouble), *others))
