"""Rules of time: ticks, captures and arrivals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...rig.nouns import Vector
from .rule import Note
from .told import Told

OFTEN = 0.05
"""Share of ticks from which on a late or early picture is no accident."""
WINDOW = 5
"""Ticks on each side between which a clock may have jumped."""


def tick_rows(signals: Told, _: float) -> Iterator[Note]:
    expected = signals.record.ticks
    counts = {"/tick": len(signals.rows["/tick"])}
    counts |= {topic: len({row["of"] for row in signals.rows[topic]}) for topic in ("/arm", "/objects")}
    for topic, count in counts.items():
        if count != expected:
            yield Note(f"{count} rows of {topic} for {expected} ticks")
    indices = [row["index"] for row in signals.rows["/tick"]]
    wrong = next((place for place, index in enumerate(indices) if index != place), None)
    if wrong is not None:
        yield Note(f"row {wrong} is that of picture {indices[wrong]}", tick=wrong)


def gaps(signals: Told, limit: float) -> Iterator[Note]:
    steps = np.diff(signals.times) / signals.period
    if len(steps) and steps.max() > limit:
        worst = int(steps.argmax())
        count = int((steps > limit).sum())
        yield Note(f"{1e3 * steps[worst] * signals.period:.0f} ms pass after tick {worst}{_more(count)}", tick=worst)


def rate(signals: Told, limit: float) -> Iterator[Note]:
    steps = np.diff(signals.times)
    if len(steps):
        off = float(np.median(steps)) / signals.period - 1.0
        if abs(off) > limit:
            yield Note(
                f"ticks are {1e3 * np.median(steps):.1f} ms apart, and the record says {signals.record.fps:g} Hz"
            )


def backwards(signals: Told, limit: float) -> Iterator[Note]:
    """`limit` is how much older or younger pictures may become from one moment to the next."""
    series = {"the clock of the ticks": signals.times, "the clock of the arm": signals.measured}
    series |= {f"the captures of {name}": seen.captured for name, seen in signals.cameras.items()}
    for what, times in series.items():
        steps = np.diff(times)
        if np.nanmin(steps, initial=0.0) < 0.0:
            worst = int(np.nanargmin(steps))
            yield Note(f"{what} goes back by {-1e3 * steps[worst]:.0f} ms after tick {worst}", tick=worst)
            continue
        jump, tick = _jump(signals.times - times)
        if jump > limit:
            yield Note(f"{what} jumps by {1e3 * jump:.0f} ms at tick {tick}", tick=tick)


def drift(signals: Told, limit: float) -> Iterator[Note]:
    for name, seen in signals.cameras.items():
        age = signals.times - seen.captured
        known = np.isfinite(age)
        if known.sum() < 2 * WINDOW or _jump(age)[0] > limit * signals.period:
            continue
        slope = np.polyfit(signals.times[known], age[known], 1)[0]
        total = float(slope * np.ptp(signals.times[known]))
        if abs(total) > limit * signals.period:
            yield Note(
                f"captures and ticks drift apart by {1e3 * total:.0f} ms ({1e3 * slope:.1f} ms each second)", name
            )


def latency(signals: Told, limit: float) -> Iterator[Note]:
    for name, seen in signals.cameras.items():
        age = signals.times - seen.captured
        yield from _out_of_range(age > limit, age, "old at its tick", name)
        yield from _out_of_range(age < -1e-3, age, "old at its tick, which was before it was captured", name)
        way = seen.arrived - seen.captured
        yield from _out_of_range(way < 0.0, way, "old on arrival", name)
    age = signals.times - signals.measured
    yield from _out_of_range((age > limit) | (age < -1e-3), age, "old at its tick", None)


def skew(signals: Told, limit: float) -> Iterator[Note]:
    captured = np.array([seen.captured for seen in signals.cameras.values()])
    known = np.isfinite(captured).all(axis=0) if len(captured) > 1 else np.zeros(signals.ticks, bool)
    if not known.any():
        return
    apart = np.where(known, np.ptp(np.where(known, captured, 0.0), axis=0), 0.0)
    share = float((apart > limit).sum() / known.sum())
    if share > OFTEN:
        worst = int(apart.argmax())
        yield Note(
            f"pictures of a tick are up to {1e3 * apart[worst]:.0f} ms apart, above {1e3 * limit:.0f} ms in"
            f" {share:.0%} of the ticks", tick=worst,
        )  # fmt: skip


def repeated(signals: Told, limit: float) -> Iterator[Note]:
    for name, seen in signals.cameras.items():
        again = (seen.repeated > 0) | np.concatenate(
            [[False], (np.diff(seen.sequence) == 0) & (seen.sequence[1:] >= 0)]
        )
        share = float(again.mean()) if len(again) else 0.0
        if share > limit:
            yield Note(f"{share:.0%} of the ticks have the picture before", name, int(np.flatnonzero(again)[0]))


def _out_of_range(wrong: np.ndarray, age: Vector, what: str, camera: str | None) -> Iterator[Note]:
    if wrong.sum() > OFTEN * len(age):
        worst = int(np.nanargmax(np.where(wrong, np.abs(age), -1.0)))
        who = "the picture" if camera else "the state of the arm"
        yield Note(f"{who} is {1e3 * age[worst]:.0f} ms {what}{_more(int(wrong.sum()))}", camera, worst)


def _jump(age: Vector) -> tuple[float, int]:
    """The largest change between the ages before and after a tick, and that tick."""
    known = np.flatnonzero(np.isfinite(age))
    if len(known) < 2 * WINDOW:
        return 0.0, 0
    windows = np.median(np.lib.stride_tricks.sliding_window_view(age[known], WINDOW), axis=1)
    change = np.abs(windows[WINDOW:] - windows[:-WINDOW])
    worst = int(change.argmax())
    return float(change[worst]), int(known[worst + WINDOW])


def _more(count: int) -> str:
    return f", {count} times in all" if count > 1 else ""
