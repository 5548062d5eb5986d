"""A camera that is read by a thread of its own: who asks for the newest picture never waits."""

from __future__ import annotations

import atexit
from threading import Event, Thread

from ..camera import CameraHealth, CameraInfo
from ..clock import Clock
from ..errors import DynacollectError
from ..nouns import Frame
from .config_base import CameraPart
from .device import Device, Shot
from .keeper import Keeper

RETRY_S = 1.0
"""Between two tries to get a lost device back."""
FINE_S = 10.0
"""A stream that has run so long since it was restarted had been helped by that."""
HARD_FROM = 2
"""Restarts in a row from which on the device itself is reset."""
LEAVE_S = 3.0
"""How long closing waits for a device that does not answer."""


class StreamCamera:
    """Follows the `Camera` protocol over a `Device`, which after connecting only the thread touches.

    A device that fails while it streams is opened again, settings and all, every second until it is back; meanwhile
    its health has a "freeze" that says why. A stream that just stalls is restarted when `restart` says so, and from
    the second time in a row on the device is reset.
    """

    def __init__(self, name: str, config: CameraPart, device: Device, clock: Clock) -> None:
        self._name, self._config, self._device, self._clock = name, config, device, clock
        self._keeper = Keeper(name, config)
        self._stop, self._wake, self._came = Event(), Event(), Event()
        self._thread: Thread | None = None
        self._trouble: str | None = None
        self._stalls = 0
        self._opened_at = 0.0

    @property
    def name(self) -> str:
        return self._name

    def connect(self) -> CameraInfo:
        self.close()
        self._keeper = Keeper(self._name, self._config)
        try:
            info = self._device.open()
        except Exception as error:  # because an SDK may fail in any way, and all are told alike
            self._device.close()
            raise DynacollectError(self._sentence(error)) from error
        self._trouble, self._stalls, self._opened_at = None, 0, self._clock.now()
        self._stop, self._wake, self._came = Event(), Event(), Event()
        self._thread = Thread(target=self._run, args=(self._stop, self._wake), name=f"read {self._name}", daemon=True)
        self._thread.start()
        # A thread that is still inside an SDK when Python ends takes the process down with it.
        atexit.register(self.close)
        self._await_first()
        return info

    def latest(self) -> Frame | None:
        if self._thread is None:
            raise DynacollectError(f"{self._name} is not connected; connect the rig first")
        return self._keeper.newest

    def health(self) -> CameraHealth:
        return self._keeper.health(self._clock.now(), self._trouble)

    def restart(self) -> None:
        """Returns at once; whether it helped is seen in the health."""
        self._wake.set()

    def rebase(self) -> None:
        self._keeper.rebase()

    def close(self) -> None:
        if self._thread is None:
            return
        self._stop.set()
        self._wake.set()
        self._thread.join(LEAVE_S)
        self._thread = None
        atexit.unregister(self.close)

    def _await_first(self) -> None:
        self._came.wait(self._device.first_s)
        if self._device.first_s and not self._keeper.newest:
            reason = self._trouble or f"{self._name} sends no pictures; check its cable, and try another port"
            self.close()
            raise DynacollectError(reason)

    def _run(self, stop: Event, asked: Event) -> None:
        while not stop.is_set():
            if self._trouble is not None or asked.is_set():
                self._reopen(stop, asked)
            else:
                self._read()
        self._device.close()

    def _read(self) -> None:
        try:
            shot = self._device.read()
        except Exception as error:  # noqa: BLE001 # because whatever ails the device, its reader must live on
            self._trouble = self._sentence(error)
            self._came.set()
            return
        if shot is not None:
            self._keep(shot)

    def _keep(self, shot: Shot) -> None:
        age = shot.arrived_at - self._opened_at
        if age >= self._device.warm_up_s:
            self._keeper.take(shot)
            self._came.set()
        if age > FINE_S:
            self._stalls = 0

    def _reopen(self, stop: Event, asked: Event) -> None:
        if asked.is_set():
            asked.clear()
            self._stalls += 1
        try:
            self._device.reopen(hard=self._stalls >= HARD_FROM)
        except Exception as error:  # noqa: BLE001 # because whatever ails the device, its reader must live on
            self._trouble = self._sentence(error)
            stop.wait(RETRY_S)
            return
        self._trouble, self._opened_at = None, self._clock.now()
        self._keeper.restarted()

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, DynacollectError):
            return f"{self._name}: {error}"
        said = " ".join(str(error).split()) or type(error).__name__
        return f"{self._name} cannot be read ({said}); check its cable, and that no other program uses it"
