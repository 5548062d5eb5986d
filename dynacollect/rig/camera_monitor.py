"""A camera's health, told from nothing but the frames that arrive."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from statistics import median

from .alarm import Alarm
from .camera import CameraHealth
from .clock_fit import ClockFit
from .nouns import Fault, Frame
from .view_watch import View, ViewWatch

_RECENT = 2.0
_BUDGET = 0.05
_FREEZE_PERIODS = 3.5
_FIRST_FRAME = 2.0
_LATENCY_LIMIT = 0.100
_LATENCY_GROWTH = 0.060
_BRIGHTNESS_CHANGE = 0.20
_TINT_CHANGE = 0.06
_SHARPNESS_LEAST = 0.5
_SHIFT_LIMIT = 0.7
_FLICKER = 0.10
_FLICKER_CHECKS = 10
_FLICKER_TURNS = 4
_DRIFT_PPM = 250.0
_DRIFT_KNOWN = 5.0


class CameraMonitor:
    """Every driver feeds its frames in here and hands out the health that comes back.

    Faults: "freeze" (nothing new for 3.5 periods beyond the usual latency; one drop and a delayed frame are none),
    "restart_jump" (the device's clock leapt in the last 2 s), "bumped" (background moved > 0.7 px), "gap" and "repeat"
    (> 5 % of the last 2 s dropped, repeated), "late" (median latency > 100 ms, or 60 ms above that of the first
    second), "clock_drift" (> 250 ppm for a second, once the fit has 5 s: quartz is within 150), "light" (brightness
    changed > 20 %), "flicker" (it goes up and down by > 10 % four times in the last ten checks), "tint" (a channel's
    share changed > 0.06), "blur" (sharpness < 50 %), "hot". All but the first
    two need 3 checks in a row to rise and to clear. A camera that moves (`fixed=False`) reports its view's figures
    without judging them: they change with what it looks at.

    `clock` is the fit that the driver stamps its frames with; without one the monitor keeps its own.
    """

    def __init__(
        self,
        name: str,
        period_s: float,
        *,
        clock: ClockFit | None = None,
        fixed: bool = True,
        hot_c: float = 70.0,
        check_every: int = 5,
    ) -> None:
        self.name = name
        self.period_s = period_s
        self._own_clock = clock is None
        self._clock = clock or ClockFit()
        self._fixed = fixed
        self._hot_c = hot_c
        self._check_every = check_every
        self._watch = ViewWatch(fixed=fixed)
        self._view = View(math.nan, math.nan, math.nan, math.nan)
        self._brightness: deque[float] = deque(maxlen=_FLICKER_CHECKS)
        self._drifts = Alarm(round(1.0 / period_s))
        self._alarms: dict[str, Alarm] = {"clock_drift": self._drifts}
        self._counts = {"received": 0, "dropped": 0, "repeated": 0, "restarts": 0}
        self._recent: deque[tuple[float, int, bool]] = deque()
        self._latencies: deque[float] = deque(maxlen=max(5, round(1.0 / period_s)))
        self._usual_latency = math.nan
        self._newest: Frame | None = None
        self._passed = 0
        self._fingerprint = b""
        self._fresh_capture = -math.inf
        self._jumps_seen = 0
        self._jumped_at = -math.inf
        self._temperature_c = math.nan
        self._first_asked: float | None = None

    def saw(self, frame: Frame, temperature_c: float = math.nan) -> None:
        """Take in a frame that arrived; the same frame again is no news."""
        newest = self._newest
        if newest is not None and frame.sequence == newest.sequence and frame.device_time == newest.device_time:
            return
        self._temperature_c = temperature_c
        self._counts["received"] += 1
        gap = 0 if newest is None else max(0, frame.sequence - newest.sequence - 1 - self._passed)
        self._passed = 0
        self._counts["dropped"] += gap
        repeated = self._is_repeat(frame)
        self._counts["repeated"] += repeated
        self._newest = frame
        self._follow_clock(frame)
        self._remember(frame, gap, repeated)
        if not repeated:
            self._fresh_capture = frame.captured_at
            self._look_at(frame)

    def passed_over(self, sequence: int, arrived_at: float) -> None:
        """A frame arrived, but a newer one was there before it was read: not shown here, not dropped either."""
        if self._newest is not None and sequence > self._newest.sequence:
            self._passed += 1
            self._counts["received"] += 1
            self._recent.append((arrived_at, 0, False))

    def restarted(self) -> None:
        """The driver restarted the stream: sequence numbers and the device's clock begin anew."""
        self._counts["restarts"] += 1
        self._newest = None
        self._fingerprint = b""
        self._recent.clear()

    def rebase(self) -> None:
        """Take the view as it is now for the right one, as after a calibration."""
        self._watch.rebase()
        self._view = View(math.nan, math.nan, math.nan, math.nan)
        self._brightness.clear()
        for name in ("light", "flicker", "tint", "blur", "bumped"):
            self._alarms.pop(name, None)

    def health(self, now: float) -> CameraHealth:
        return CameraHealth(
            **self._counts,
            clock_jumps=self._clock.jumps,
            age_s=now - self._fresh_capture,
            latency_s=self._latency(),
            rate_hz=self._rate(now),
            clock_drift_ppm=self._clock.drift_ppm if self._clock.samples else math.nan,
            brightness=self._view.brightness,
            tint=self._view.tint,
            sharpness=self._view.sharpness,
            shift_px=self._view.shift_px,
            temperature_c=self._temperature_c,
            faults=tuple(self._faults(now)),
        )

    def _is_repeat(self, frame: Frame) -> bool:
        """A new number on an old picture: equal stamps, or equal pixels, which no sensor's noise allows."""
        fingerprint = frame.image[::8, ::8].tobytes()
        same = fingerprint == self._fingerprint
        self._fingerprint = fingerprint
        return same or (self._newest is not None and frame.device_time == self._newest.device_time)

    def _follow_clock(self, frame: Frame) -> None:
        if self._own_clock:
            self._clock.add(frame.device_time, frame.arrived_at)
        if self._clock.jumps != self._jumps_seen:
            self._jumps_seen = self._clock.jumps
            self._jumped_at = frame.arrived_at
        known = self._clock.samples * self.period_s > _DRIFT_KNOWN
        self._drifts.update(known and abs(self._clock.drift_ppm) > _DRIFT_PPM)

    def _remember(self, frame: Frame, gap: int, repeated: bool) -> None:
        self._recent.append((frame.arrived_at, gap, repeated))
        while self._recent[0][0] < frame.arrived_at - _RECENT:
            self._recent.popleft()
        frames = len(self._recent)
        dropped = sum(gap for _, gap, _ in self._recent)
        self._alarm("gap", dropped > max(1.0, _BUDGET * (frames + dropped)))
        self._alarm("repeat", sum(repeated for _, _, repeated in self._recent) > max(1.0, _BUDGET * frames))
        self._latencies.append(frame.arrived_at - frame.captured_at)
        latency = self._latency()
        if self._counts["received"] == self._latencies.maxlen:
            self._usual_latency = latency
        # A NaN (no usual latency yet) compares as not late.
        self._alarm("late", latency > _LATENCY_LIMIT or latency - self._usual_latency > _LATENCY_GROWTH)
        self._alarm("hot", self._temperature_c > self._hot_c)

    def _look_at(self, frame: Frame) -> None:
        if self._watch.ready and self._counts["received"] % self._check_every:
            return
        view = self._watch.check(frame.image)
        if view is None:
            return
        self._view = view
        if not self._fixed:
            return
        self._brightness.append(view.brightness)
        self._alarm("flicker", _flickers(list(self._brightness)))
        self._alarm("light", abs(view.brightness - 1.0) > _BRIGHTNESS_CHANGE)
        self._alarm("tint", view.tint > _TINT_CHANGE)
        self._alarm("blur", view.sharpness < _SHARPNESS_LEAST)
        self._alarm("bumped", view.shift_px > _SHIFT_LIMIT)

    def _alarm(self, name: str, bad: bool) -> None:
        self._alarms.setdefault(name, Alarm()).update(bad)

    def _latency(self) -> float:
        return median(self._latencies) if self._latencies else math.nan

    def _rate(self, now: float) -> float:
        times = [time for time, _, _ in self._recent if time > now - _RECENT]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 2 else math.nan

    def _faults(self, now: float) -> list[Fault]:
        standing = {name for name, alarm in self._alarms.items() if alarm.standing}
        if self._is_frozen(now):
            standing.add("freeze")
        if now - self._jumped_at < _RECENT:
            standing.add("restart_jump")
        details = self._details(now)
        return [Fault(name, details[name]) for name in details if name in standing]

    def _is_frozen(self, now: float) -> bool:
        if self._first_asked is None:
            self._first_asked = now
        if not self._latencies:
            return now - self._first_asked > _FIRST_FRAME
        usual = self._usual_latency if math.isfinite(self._usual_latency) else self._latency()
        return now - self._fresh_capture > _FREEZE_PERIODS * self.period_s + usual

    def _details(self, now: float) -> dict[str, str]:
        """One line for each fault, worst first."""
        view, camera = self._view, self.name
        return {
            "freeze": f"{camera} has sent nothing new for {now - self._fresh_capture:.2f} s",
            "restart_jump": f"the clock of {camera} leapt {now - self._jumped_at:.1f} s ago",
            "bumped": f"the background of {camera} has moved by {view.shift_px:.1f} px",
            "gap": f"{camera} has dropped {sum(gap for _, gap, _ in self._recent)} frames in the last 2 s",
            "repeat": f"{camera} has repeated {sum(old for _, _, old in self._recent)} frames in the last 2 s",
            "late": f"{camera} is {1e3 * self._latency():.0f} ms late, usually {1e3 * self._usual_latency:.0f} ms",
            "clock_drift": f"the clock of {camera} runs {self._clock.drift_ppm:+.0f} ppm off the host's",
            "flicker": f"the light in {camera} pulses between {_range(self._brightness)} of what it was",
            "light": f"the light in {camera} is {view.brightness:.2f} of what it was",
            "tint": f"the colour balance of {camera} has changed by {view.tint:.2f}",
            "blur": f"the sharpness of {camera} is {view.sharpness:.2f} of what it was",
            "hot": f"{camera} is at {self._temperature_c:.0f} C",
        }


def _flickers(brightness: list[float]) -> bool:
    """Whether it crosses the middle of its range again and again."""
    low, high = min(brightness), max(brightness)
    bright = [value > 0.5 * (low + high) for value in brightness]
    turns = sum(now != before for before, now in pairwise(bright))
    return high - low > _FLICKER * high and turns >= _FLICKER_TURNS


def _range(values: Iterable[float]) -> str:
    numbers = list(values) or [math.nan]
    return f"{min(numbers):.2f} and {max(numbers):.2f}"
