"""A thread that calls something in every period of the host's clock."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from .clock import Clock, Ticker


class Pulse:
    """Beats from the start until it is ended."""

    def __init__(
        self, step: Callable[[float], None], clock: Clock, period: float, failed: Callable[[Exception], None]
    ) -> None:
        self._step, self._failed = step, failed
        self._ticker = Ticker(clock, period)
        self._over = Event()
        self._thread = Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No step is under way any more when this returns."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for slot in self._ticker:
                if self._over.is_set():
                    return
                self._step(slot.started)
        except Exception as error:  # noqa: BLE001  # because a thread has no caller who would hear of it
            self._failed(error)
