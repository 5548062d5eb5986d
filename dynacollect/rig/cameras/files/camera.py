"""Recorded cameras where time stands still while the loop works: no thread, and the same run for the same loop."""

from __future__ import annotations

from ...camera import CameraHealth, CameraInfo
from ...clock import Clock
from ...errors import DynacollectError
from ...nouns import Frame
from ..keeper import Keeper
from .config import FilesCamera
from .playback import Playback


class LockstepCamera:
    """Follows the `Camera` protocol; frames that have come since are taken in when one is asked for."""

    def __init__(self, name: str, config: FilesCamera, device: Playback, clock: Clock) -> None:
        self._name, self._config, self._device, self._clock = name, config, device, clock
        self._keeper = Keeper(name, config)
        self._open = False

    @property
    def name(self) -> str:
        return self._name

    def connect(self) -> CameraInfo:
        self.close()
        self._keeper = Keeper(self._name, self._config)
        info = self._device.open()
        self._open = True
        return info

    def latest(self) -> Frame | None:
        if not self._open:
            raise DynacollectError(f"{self._name} is not connected; connect the rig first")
        now = self._clock.now()
        while (shot := self._device.due(now)) is not None:
            self._keeper.take(shot)
        return self._keeper.newest

    def health(self) -> CameraHealth:
        return self._keeper.health(self._clock.now())

    def restart(self) -> None:
        self._keeper.restarted()

    def rebase(self) -> None:
        self._keeper.rebase()

    def close(self) -> None:
        self._device.close()
        self._open = False
