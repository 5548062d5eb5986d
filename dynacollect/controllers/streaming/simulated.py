"""Inference in simulated time: its answers are worked out at once and come after a stated time, or a measured one.

With stated times a result does not depend on how busy the machine is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...rig.clock import HostClock
from .chunk import Chunk
from .source import Answer, Request, Source

_ROUNDING_S = 1e-6


class Simulated:
    """Follows the `Inference` protocol; one inference at a time, the next one as soon as the last has ended.

    Without `latencies` (s) each takes as long as it took on this machine.
    """

    def __init__(self, source: Source, latencies: Iterator[float] | None = None) -> None:
        self._source, self._latencies, self._stopwatch = source, latencies, HostClock()
        self._mail: Request | None = None
        self._running: tuple[float, Answer] | None = None
        """When it will be there, and what."""

    @property
    def waiting(self) -> bool:
        return self._running is not None or self._mail is not None

    def offer(self, request: Request, now: float) -> None:
        self._mail = request
        if self._running is None:
            self._begin(now)

    def collect(self, now: float) -> Sequence[Answer]:
        found: list[Answer] = []
        while self._running is not None and self._running[0] <= now + _ROUNDING_S:
            ended, answer = self._running
            found.append(answer)
            self._running = None
            # What ends right now finds an observation of right now, which is still to be offered.
            if self._mail is not None and ended < now - _ROUNDING_S:
                self._begin(ended)
        return found

    def trouble(self, now: float) -> str:  # noqa: ARG002
        return ""

    def _begin(self, at: float) -> None:
        request, self._mail = self._mail, None
        if request is None:
            return
        begin = self._stopwatch.now()
        chunk = Chunk(self._source(request), request.step, request.begins, request.episode)
        took = self._stopwatch.now() - begin if self._latencies is None else next(self._latencies)
        self._running = at + took, Answer(chunk, took)
