"""A device's clock seen from the host's."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median

_BIN = 0.5
_PRIOR_SPAN = 3.0
_SETTLED = 10
_CONFIRM = 4
_EARLY = 0.010
_ABSURD = 5.0

Point = tuple[float, float]


class ClockFit:
    """An online fit host = offset + (1 + drift) * device, from device stamps and arrivals.

    A frame arrives after its capture by a constant least latency plus a delay that is never negative, so the truth is
    the lower envelope of the arrivals, not their mean. The line below all points with the least mean distance to them
    (the likeliest one for exponential delays) is the edge of their lower convex hull that spans the mean time; it is
    kept over a sliding window from the lowest arrival of each half second. `min_latency` (seconds, measured once for a
    rig) is taken off, so `to_host` gives mid-exposure.

    A segment ends when the device's clock has leapt. Arrivals before the envelope cannot be delays: four in a row more
    than 10 ms early are a leap forward. Arrivals after it can: only a step of more than `max_latency` seconds that
    stays for four frames with normal spacing is a leap back. A stall of the host ends in a burst (frames
    closer together than they were captured) and a filling queue in a ramp; neither counts. A smaller leap back
    looks like latency and is reported as such.
    """

    def __init__(
        self,
        min_latency: float = 0.0,
        *,
        max_latency: float = 0.25,
        max_drift_ppm: float = 300.0,
        window_s: float = 32.0,
    ) -> None:
        self.min_latency = min_latency
        self.max_latency = max_latency
        self.jumps = 0
        self.samples = 0
        """Accepted in this segment."""
        self._max_drift = max_drift_ppm * 1e-6
        self._bins = int(window_s / _BIN)
        self._envelope = _Envelope(0.0, 0.0, self._bins, self._max_drift, 0.0)
        self._excess: deque[float] = deque(maxlen=64)
        self._excess_median = 0.0
        self._last: Point | None = None
        self._run: list[Point] = []
        self._run_step = 0.0

    @property
    def offset(self) -> float:
        """Host seconds, least latency included, at device time 0."""
        return self._envelope.at(0.0)

    @property
    def drift_ppm(self) -> float:
        return self._envelope.slope * 1e6

    @property
    def residual_s(self) -> float:
        """How far arrivals lie above the fit: the median of the last ones."""
        return median(self._excess) if self._excess else float("nan")

    def to_host(self, device_time: float) -> float:
        """When the device's `device_time` was, on the host's clock."""
        return self._envelope.at(device_time) - self.min_latency

    def restart(self) -> None:
        """Begin a new segment: the device is known to have been restarted."""
        self.samples = 0
        self._last = None
        self._run.clear()

    def add(self, device_time: float, arrived_at: float) -> float:
        """Take one stamp and its arrival in; the host time of the capture."""
        last = self._last
        if last is not None and device_time == last[0]:
            return self._capture(device_time, arrived_at)
        self._last = (device_time, arrived_at)
        if self.samples == 0:
            self._begin([(device_time, arrived_at)])
            return arrived_at - self.min_latency
        excess = arrived_at - self._envelope.at(device_time)
        if self._doubtful(excess, device_time, last):
            self._doubt(excess, device_time, arrived_at, last)
        else:
            self._run.clear()
            self._accept(excess, device_time, arrived_at)
        return self._capture(device_time, arrived_at)

    def _capture(self, device_time: float, arrived_at: float) -> float:
        # Nothing is captured after it arrived; and far before it only if the stamp can be believed.
        host = min(self._envelope.at(device_time), arrived_at)
        return (host if arrived_at - host < _ABSURD else arrived_at) - self.min_latency

    def _accept(self, excess: float, device_time: float, arrived_at: float) -> None:
        self.samples += 1
        self._excess.append(excess)
        if self._envelope.insert(device_time, arrived_at, eager=excess < 0.0 or self.samples < _SETTLED):
            self._excess_median = median(self._excess)

    def _doubtful(self, excess: float, device_time: float, last: Point | None) -> bool:
        if last is not None and device_time < last[0]:
            return True
        if self.samples < _SETTLED:
            return abs(excess) > 1.0
        return excess > self.max_latency or excess < -max(_EARLY, 3.0 * self._excess_median)

    def _doubt(self, excess: float, device_time: float, arrived_at: float, last: Point | None) -> None:
        if self._run and (excess > 0.0) != (self._run_step > 0.0):
            self._run.clear()
        if not self._run:
            self._run_step = excess - self._recent_excess()
        if self._is_evidence(excess, device_time, arrived_at, last):
            self._run.append((device_time, arrived_at))
        if len(self._run) >= _CONFIRM and self._is_step():
            self.jumps += 1
            self._begin(self._run)

    def _is_evidence(self, excess: float, device_time: float, arrived_at: float, last: Point | None) -> bool:
        """Not of a burst: frames that waited arrive closer together than they were captured."""
        if excess < 0.0 or last is None or device_time < last[0] or not self._run:
            return True
        return arrived_at - last[1] >= 0.5 * (device_time - last[0])

    def _is_step(self) -> bool:
        """A ramp of growing latency also passes the limit, but does not leap over it."""
        return self._run_step < 0.0 or self._run_step > 0.7 * self.max_latency

    def _recent_excess(self) -> float:
        return median(list(self._excess)[-5:]) if self._excess else 0.0

    def _begin(self, points: list[Point]) -> None:
        device_time, arrived_at = points[0]
        drift = self._envelope.slope
        self._envelope = _Envelope(device_time, arrived_at, self._bins, self._max_drift, drift)
        for point in points:
            self._envelope.insert(*point, eager=True)
        self.samples = len(points)
        self._excess.clear()
        self._excess_median = 0.0
        self._run = []


class _Envelope:
    """The line under a sliding window of points; near its origin in both coordinates, so that nothing is rounded."""

    def __init__(self, device0: float, host0: float, bins: int, max_slope: float, slope: float) -> None:
        self.slope = slope
        self._device0 = device0
        self._ahead0 = host0 - device0
        self._max_slope = max_slope
        self._level = 0.0
        self._closed: deque[Point] = deque(maxlen=bins)
        self._open: Point | None = None
        self._open_until = 0.0

    def at(self, device_time: float) -> float:
        return device_time + self._ahead0 + self._level + self.slope * (device_time - self._device0)

    def insert(self, device_time: float, host: float, *, eager: bool) -> bool:
        """Add a point; the line follows if it must (`eager`) or when a half second is complete."""
        point = (device_time - self._device0, host - device_time - self._ahead0)
        if self._open is None or point[0] >= self._open_until:
            if self._open is not None:
                self._closed.append(self._open)
            self._open, self._open_until, eager = point, point[0] + _BIN, True
        elif point[1] - self._open[1] < self.slope * (point[0] - self._open[0]):
            self._open = point
        if eager:
            self._fit(self._open)
        return eager

    def _fit(self, newest: Point) -> None:
        points = [*self._closed, newest]
        if points[-1][0] - points[0][0] > _PRIOR_SPAN:
            centre = sum(x for x, _ in points) / len(points)
            slope = _slope_over(_lower_hull(points), centre)
            self.slope = min(max(slope, -self._max_slope), self._max_slope)
        self._level = min(y - self.slope * x for x, y in points)


def _lower_hull(points: list[Point]) -> list[Point]:
    """The lower convex hull of points in order of x."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) >= 2:
            (ax, ay), (bx, by) = hull[-2], hull[-1]
            if (bx - ax) * (y - ay) > (x - ax) * (by - ay):
                break
            hull.pop()
        hull.append((x, y))
    return hull


def _slope_over(hull: list[Point], x: float) -> float:
    """The slope of the hull's edge that spans x."""
    for (ax, ay), (bx, by) in pairwise(hull):
        if bx >= x:
            return (by - ay) / (bx - ax)
    return 0.0
