"""The driver of a cell camera. It knows only what the device hands it."""

from __future__ import annotations

from ..camera import CameraHealth, CameraInfo
from ..camera_monitor import CameraMonitor
from ..clock import Clock
from ..clock_fit import ClockFit
from ..errors import DynacollectError
from ..nouns import Frame
from .camera_device import CameraDevice, Exposure


class CellCamera:
    """Follows the `Camera` protocol. A frame is rendered when it is read, as it was when it was captured."""

    def __init__(self, device: CameraDevice, clock: Clock) -> None:
        self._device, self._clock = device, clock
        self._frame: Frame | None = None
        self._open = False

    @property
    def name(self) -> str:
        return self._device.name

    def connect(self) -> CameraInfo:
        config = self._device.config
        self._fit = ClockFit(config.delay_s)
        self._monitor = CameraMonitor(self.name, self._device.period, clock=self._fit, fixed=config.mount == "fixed")
        self._frame = None
        self._device.start()
        self._open = True
        size = self._device.truth
        return CameraInfo("cell", config.serial, "cell-1", size.width, size.height, config.fps, config.exposure_s)

    def latest(self) -> Frame | None:
        if not self._open:
            raise DynacollectError(f"{self.name} is not connected; connect the rig first")
        now = self._clock.now()
        arrived = self._device.arrived(now)
        for exposure in arrived:
            self._fit.add(exposure.device_time, exposure.arrives_at)
        for exposure in arrived[:-1]:
            self._monitor.passed_over(exposure.sequence, exposure.arrives_at)
        if arrived:
            self._frame = self._develop(arrived[-1])
            self._monitor.saw(self._frame, self._device.temperature(now))
        return self._frame

    def health(self) -> CameraHealth:
        return self._monitor.health(self._clock.now())

    def restart(self) -> None:
        self._device.restart(self._clock.now())
        self._fit.restart()
        self._monitor.restarted()

    def rebase(self) -> None:
        self._monitor.rebase()

    def close(self) -> None:
        self._device.streaming = False
        self._open = False

    def _develop(self, exposure: Exposure) -> Frame:
        repeats = exposure.repeats and self._frame is not None
        image = self._frame.image if repeats and self._frame else self._device.picture(exposure)
        captured = self._fit.to_host(exposure.device_time)
        return Frame(image, self.name, exposure.sequence, captured, exposure.arrives_at, exposure.device_time)
