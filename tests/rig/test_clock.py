"""Schedules on virtual clocks: no drift, every missed slot counted, no bursts."""

import math
from itertools import islice, pairwise

import numpy as np
import pytest

from dynacollect.rig.clock import Clock, HostClock, SimClock, Slot, Ticker


class LateHost:
    """A host clock under the test's control; waiting takes exactly as long as asked."""

    def __init__(self, time: float = 100.0) -> None:
        self.time = time

    def now(self) -> float:
        return self.time

    def wait_until(self, time: float) -> None:
        self.time = max(self.time, time)


def run(ticker: Ticker, clock: Clock, bodies: np.ndarray) -> list[Slot]:
    slots = []
    for body, slot in zip(bodies, ticker, strict=False):
        slots.append(slot)
        clock.wait_until(clock.now() + body)
    return slots


@pytest.mark.parametrize("seed", range(4))
def test_schedule_is_absolute_and_counts_every_missed_slot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    period, start = 0.04, 12345.678
    bodies = rng.gamma(1.5, 0.02, 10_000)
    clock = SimClock(start=start)
    ticker = Ticker(clock, period)
    slots = run(ticker, clock, bodies)
    now, index, missed = start, -1, 0
    for slot, body in zip(slots, bodies, strict=True):
        planned = index + 1
        index = planned
        while start + index * period < now:
            index += 1
        missed += index - planned
        assert (slot.index, slot.missed) == (index, index - planned)
        assert slot.due == start + index * period
        assert slot.started == max(slot.due, now)
        now = slot.started + body
    assert missed > 100
    assert ticker.summary().missed == missed
    assert ticker.summary().ticks == len(slots) == slots[-1].index + 1 - missed


def test_no_slots_closer_than_a_period_after_a_long_stall() -> None:
    clock = SimClock()
    bodies = np.full(50, 0.001)
    bodies[20] = 1.234
    slots = run(Ticker(clock, 0.04), clock, bodies)
    assert slots[21].missed == 30
    assert min(b.started - a.started for a, b in pairwise(slots)) > 0.0399


def test_a_body_that_takes_exactly_a_period_misses_nothing() -> None:
    clock = SimClock(start=0.3)
    ticker = Ticker(clock, 0.1, start=0.3)
    for slot in islice(ticker, 1000):
        clock.wait_until(0.3 + (slot.index + 1) * 0.1)
    assert ticker.summary().missed == 0


def test_slack_and_lateness() -> None:
    clock = SimClock()
    ticker = Ticker(clock, 0.1, stopwatch=clock)
    run(ticker, clock, np.array([0.02, 0.04, 0.13, 0.01]))
    ticker.next()
    summary = ticker.summary()
    assert summary.slack_median_s == pytest.approx(0.07)
    assert summary.slack_min_s == pytest.approx(-0.03)
    assert summary.worst_lateness_s == 0.0


def test_sections_add_up_even_when_the_body_fails() -> None:
    stopwatch = LateHost()
    ticker = Ticker(SimClock(), 0.1, stopwatch=stopwatch)
    for took in (0.25, 0.75):
        with ticker.section("track"):
            stopwatch.time += took
    with pytest.raises(KeyError), ticker.section("plan"):
        stopwatch.time += 0.5
        raise KeyError
    sections = ticker.summary().sections
    assert (sections["track"].count, sections["track"].total_s, sections["track"].worst_s) == (2, 1.0, 0.75)
    assert sections["track"].mean_s == 0.5
    assert sections["plan"].total_s == 0.5


def test_simulated_time_moves_only_through_advance() -> None:
    steps: list[float] = []
    clock = SimClock(steps.append)
    clock.wait_until(0.04)
    clock.wait_until(0.04)
    clock.wait_until(0.01)
    assert steps == [0.04]
    assert clock.now() == 0.04


def test_realtime_paces_and_measures_lateness() -> None:
    host = LateHost()

    def advance(to: float) -> None:
        host.time += 0.3 if to == 2.0 else 0.01

    clock = SimClock(advance, realtime=True, host=host)
    for time in (0.1, 2.0, 2.1, 3.0):
        clock.wait_until(time)
    assert host.time == pytest.approx(103.0)
    assert clock.late_waits == 0
    host.time += 0.5
    clock.wait_until(3.1)
    assert clock.late_waits == 1
    assert clock.worst_late_s == pytest.approx(0.41)


def test_host_clock_wakes_at_the_time() -> None:
    clock = HostClock()
    due = clock.now() + 0.02
    clock.wait_until(due)
    assert 0.0 <= clock.now() - due < 0.5


@pytest.mark.parametrize("period", [0.0, -1.0, math.nan])
def test_a_bad_period_is_refused(period: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Ticker(SimClock(), period)
