"""A recording as a device: each frame comes when its time has come again."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from ...camera import CameraInfo
from ...clock import Clock
from ..device import Device, Shot
from .config import FilesCamera
from .pictures import Pictures
from .recording import Row, read_recording

LEAD_S = 0.3
"""From connecting the first camera until the recording begins."""
POLL_S = 0.2


class Timeline:
    """When a recording begins, for all cameras that show it: what came together then comes together now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._joined: set[str] = set()
        self._start = 0.0

    def join(self, camera: str) -> float:
        """The start; a camera that joins for the second time begins anew."""
        if not self._joined or camera in self._joined:
            self._joined = set()
            self._start = self._clock.now() + LEAD_S
        self._joined.add(camera)
        return self._start


class Playback(Device):
    """One camera of a recording."""

    warm_up_s = 0.0
    first_s = 0.0

    def __init__(self, name: str, config: FilesCamera, timeline: Timeline, clock: Clock) -> None:
        self._name, self._config, self._timeline, self._clock = name, config, timeline, clock
        self._pictures: Pictures | None = None
        self._rest: Iterator[tuple[int, Row]] = iter(())
        self._next: tuple[int, Row] | None = None
        self._never = Event()

    def open(self) -> CameraInfo:
        config = self._config
        recording = read_recording(config.path, config.camera)
        self._span = recording.end - recording.begin
        self._numbers = recording.rows[-1].sequence - recording.rows[0].sequence + 1
        self._shift = self._timeline.join(self._name) - recording.begin
        self._pictures = Pictures(recording.pictures, config.loop)
        self._rest = _turns(recording.rows, config.loop)
        self._next = next(self._rest, None)
        return CameraInfo(
            "files", config.serial, "recorded", config.width, config.height, config.fps, config.exposure_s
        )

    def reopen(self, hard: bool) -> None:
        """What was not recorded, no restart brings back."""

    def close(self) -> None:
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None

    @property
    def next_arrival(self) -> float:
        """Infinite after the end."""
        if self._next is None:
            return float("inf")
        turn, row = self._next
        return row.arrived_at + self._shift + turn * self._span

    def read(self) -> Shot | None:
        """The thread's way: wait for the next frame."""
        left = self.next_arrival - self._clock.now()
        if left > 0.0:
            # Not the clock's own wait, which spins through the last millisecond.
            self._never.wait(min(left, POLL_S))
        return self.due(self._clock.now())

    def due(self, now: float) -> Shot | None:
        """The next frame if it has arrived by now."""
        if self.next_arrival > now or self._next is None or self._pictures is None:
            return None
        turn, row = self._next
        self._next = next(self._rest, None)
        later = turn * self._span
        return Shot(
            image=self._pictures.get(turn, row.picture),
            sequence=row.sequence + turn * self._numbers,
            device_time=row.device_time + later,
            arrived_at=row.arrived_at + self._shift + later,
            captured_at=row.captured_at + self._shift + later,
        )


def _turns(rows: tuple[Row, ...], loop: bool) -> Iterator[tuple[int, Row]]:
    turn = 0
    while turn == 0 or loop:
        yield from ((turn, row) for row in rows)
        turn += 1
