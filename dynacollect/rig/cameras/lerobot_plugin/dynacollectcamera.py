"""One of our cameras, as LeRobot reads it. LeRobot finds the class by this file's name."""

from __future__ import annotations

from typing import Any

from lerobot.cameras import Camera
from lerobot.utils.errors import DeviceAlreadyConnectedError, DeviceNotConnectedError

from ...nouns import Frame, Image
from .config_camera import DynacollectCameraConfig
from .shared_rigs import Shared, shared

STEP_S = 0.004
"""Between two looks for a new picture."""
FIRST_S = 5.0
"""How long the first picture may take."""


class DynacollectCamera(Camera):
    """Cameras of the same rig share its clock."""

    def __init__(self, config: DynacollectCameraConfig) -> None:
        super().__init__(config)
        self.config = config
        self._shared: Shared | None = None
        self._used = float("-inf")

    @property
    def is_connected(self) -> bool:
        return self._shared is not None

    @staticmethod
    def find_cameras() -> list[dict[str, Any]]:
        """None are looked for: a rig.yaml names them."""
        return []

    def connect(self, warmup: bool = True) -> None:
        if self._shared is not None:
            raise DeviceAlreadyConnectedError(f"{self.config.camera} is connected")
        found = shared(self.config.rig)
        found.cameras[self.config.camera].connect()
        self._shared, self._used = found, float("-inf")
        if warmup:
            self._wait(FIRST_S)

    def read(self) -> Image:
        return self.async_read(1e3 * FIRST_S)

    def async_read(self, timeout_ms: float = 200) -> Image:
        frame = self._wait(1e-3 * timeout_ms)
        self._used = frame.arrived_at
        return frame.image

    def read_latest(self, max_age_ms: int = 500) -> Image:
        rig = self._connected()
        frame = rig.cameras[self.config.camera].latest()
        if frame is None:
            raise RuntimeError(f"{self.config.camera} has sent no picture yet")
        age = rig.clock.now() - frame.arrived_at
        if age > 1e-3 * max_age_ms:
            raise TimeoutError(f"the newest picture of {self.config.camera} is {age:.2f} s old")
        return frame.image

    def disconnect(self) -> None:
        self._connected().cameras[self.config.camera].close()
        self._shared = None

    def _connected(self) -> Shared:
        if self._shared is None:
            raise DeviceNotConnectedError(f"{self.config.camera} is not connected")
        return self._shared

    def _wait(self, timeout_s: float) -> Frame:
        """A picture that was not read yet."""
        rig = self._connected()
        camera, clock = rig.cameras[self.config.camera], rig.clock
        until = clock.now() + timeout_s
        while True:
            frame = camera.latest()
            if frame is not None and frame.arrived_at > self._used:
                return frame
            if clock.now() >= until:
                raise TimeoutError(f"{self.config.camera} has sent nothing new for {timeout_s:g} s")
            clock.wait_until(clock.now() + STEP_S)
