"""A CAN bus as the driver uses it: frames out, frames in with their times on the host's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..clock import Clock, SimClock, wall_time
from ..errors import DynacollectError
from .coding import missing
from .frames import BIT_RATE, MOTION, Frame

if TYPE_CHECKING:
    import can

MOST_AT_ONCE = 2000
"""Frames taken in one go: more than half a second of them."""
ECHOES = 64
"""Frames that may be on their way back."""
OLDEST_S = 1.0
"""A frame that seems to have waited longer was stamped by a clock that was set meanwhile."""

OpenBus = Callable[[], "can.BusABC"]


def bus_opener(interface: str, channel: str) -> OpenBus:
    """Opens the bus; DynacollectError where it cannot."""

    def opened() -> can.BusABC:
        try:
            import can
        except ImportError as error:
            raise missing(error) from error
        rate: dict[str, Any] = {} if interface in ("virtual", "udp_multicast") else {"bitrate": BIT_RATE}
        try:
            return can.Bus(channel=channel, interface=interface, **rate)
        except (can.CanError, OSError, ValueError, ImportError) as error:
            raise DynacollectError(
                f"the CAN bus {interface}:{channel} cannot be opened ({error}); check arm.interface and arm.channel"
            ) from error

    return opened


class Wire:
    """One open bus. On simulated time frames carry that time; else the host's kernel stamps them."""

    def __init__(self, open_bus: OpenBus, clock: Clock) -> None:
        self._open_bus, self._clock = open_bus, clock
        self._simulated = isinstance(clock, SimClock)
        self._bus = open_bus()
        self._said: deque[tuple[int, bytes]] = deque(maxlen=ECHOES)
        self.broken = ""
        """Why nothing could be sent or heard the last time; empty where it could."""

    def send(self, frames: Iterable[Frame]) -> bool:
        """In order; False, with the rest unsent, where the bus refuses one."""
        import can

        try:
            for frame in frames:
                self._bus.send(can.Message(arbitration_id=frame.id, data=frame.data, is_extended_id=False))
                self._said.append((frame.id, frame.data))
        except (can.CanError, OSError) as error:
            self.broken = str(error)
            return False
        return True

    def heard(self) -> Iterator[Frame]:
        """All that came since the last time, without waiting."""
        import can

        for _ in range(MOST_AT_ONCE):
            try:
                message = self._bus.recv(0.0)
            except (can.CanError, OSError) as error:
                self.broken = str(error)
                return
            if message is None:
                return
            if message.is_error_frame or message.is_remote_frame or message.is_extended_id:
                continue
            frame = Frame(message.arbitration_id, bytes(message.data), self._time_of(message.timestamp))
            if not (frame.id in MOTION and self._is_echo(frame)):
                yield frame

    def reopen(self) -> None:
        """Anew, after the bus refused something."""
        self.close()
        self._bus = self._open_bus()
        self.broken = ""

    def close(self) -> None:
        self._bus.shutdown()

    def _is_echo(self, frame: Frame) -> bool:
        """Some kinds of bus hand back what was sent through them."""
        said = frame.id, frame.data
        if said not in self._said:
            return False
        self._said.remove(said)
        return True

    def _time_of(self, stamp: float) -> float:
        if self._simulated:
            return stamp
        waited = wall_time() - stamp
        return self._clock.now() - (waited if 0.0 <= waited <= OLDEST_S else 0.0)
