"""A CAN bus within this process whose frames carry simulated time. Importing it needs python-can."""

from __future__ import annotations

from can import Message
from can.interfaces.virtual import VirtualBus

KEPT = 20000
"""Frames that are kept for somebody who does not read them."""


class BusWithin(VirtualBus):
    """python-can's own, but frames are handed on and not copied for everybody: nobody here changes one."""

    def __init__(self, channel: str) -> None:
        super().__init__(channel=channel, rx_queue_size=KEPT, preserve_timestamps=True)

    def send(self, msg: Message, timeout: float | None = None) -> None:
        self._check_if_open()
        for queue in self.channel:
            if queue is not self.queue:
                queue.put(msg, timeout=timeout)
