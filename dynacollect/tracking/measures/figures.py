"""The figures of a sequence, and of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass

import numpy as np

from ..sequences.sequence import Sequence
from ..tracked import Tracked
from .delays import event_delays, found_again, is_due
from .samples import Sample, references, samples_of

OFF_MM = 20.0
"""A healthy state that is off by more is a false one."""


@dataclass(frozen=True, slots=True)
class Spread:
    """NaN where there is nothing."""

    median: float
    p95: float
    rms: float


@dataclass(frozen=True, slots=True)
class Errors:
    """Of healthy states of visible objects."""

    n: int
    position_mm: Spread
    rotation_deg: Spread
    velocity_mm_s: Spread
    direction_deg: Spread


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is known of a tracker on one sequence, before it is summed up."""

    samples: tuple[Sample, ...]
    due: tuple[bool, ...]
    """Per sample: visible for long enough to be found."""
    switches: int
    delays: tuple[float, ...]
    """After sudden changes, s."""
    found: tuple[float, ...]
    """After coming into sight, s."""
    seconds: Mapping[str, tuple[float, ...]]
    """By stage."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The JSON of `track eval`; its names are relied on."""

    frames: int
    """Objects times takes."""
    position_mm: Spread
    rotation_deg: Spread
    velocity_mm_s: Spread
    direction_deg: Spread
    predict_230ms_mm: Spread
    lost: float
    """Share of takes in which an object is visible but has no healthy state."""
    false_healthy: float
    """Share of takes with a healthy state that is off by more than 20 mm."""
    switches: int
    """How often an object's state jumped onto another object."""
    mixed_up: float
    """Share of takes so spent."""
    delay_ms: Spread
    """After a start, stop, bounce or push, until the velocity is within 10 %."""
    found_ms: Spread
    """From coming into sight to a healthy state."""
    mssd_mm: Spread
    mspd_px: Spread
    add_s_mm: Spread
    steady: Errors
    """While nothing sudden happens."""
    one_view: Errors
    """While the object is visible in one picture only."""
    predict_steady_mm: Spread
    """Where nothing sudden happens until then."""
    stage_ms: Mapping[str, Spread]


def measure(sequence: Sequence, tracked: Several[Tracked]) -> Measured:
    """Hold what a tracker said at every take against the truth."""
    refs = references(sequence)
    samples = samples_of(sequence, tracked, refs)
    due, delays, found, switches = list[bool](), list[float](), list[float](), 0
    for name, ref in refs.items():
        own = [sample for sample in samples if sample.object == name]
        if own:
            delays += event_delays(own, ref)
            found += found_again(own)
            switches += _onsets([sample.mixed_up for sample in own])
    for name in dict.fromkeys(sample.object for sample in samples):
        due += is_due([sample for sample in samples if sample.object == name])
    stages = dict.fromkeys(stage for one in tracked for stage in one.seconds)
    seconds = {stage: tuple(one.seconds[stage] for one in tracked if stage in one.seconds) for stage in stages}
    return Measured(tuple(samples), tuple(due), switches, tuple(delays), tuple(found), seconds)


def summed(parts: Iterable[Measured]) -> Figures:
    """The figures over some sequences: every sample counts alike."""
    parts = list(parts)
    samples = [sample for part in parts for sample in part.samples]
    due = [flag for part in parts for flag in part.due]
    sound = [sample for sample in samples if sample.healthy and sample.views > 0]
    stages = dict.fromkeys(stage for part in parts for stage in part.seconds)
    return Figures(
        frames=len(samples),
        position_mm=spread(sample.position_mm for sample in sound),
        rotation_deg=spread(sample.rotation_deg for sample in sound),
        velocity_mm_s=spread(sample.velocity_mm_s for sample in sound),
        direction_deg=spread(sample.direction_deg for sample in sound),
        predict_230ms_mm=spread(sample.predict_mm for sample in sound),
        lost=_share(not sample.healthy for sample, flag in zip(samples, due, strict=True) if flag),
        false_healthy=_share(sample.healthy and sample.position_mm > OFF_MM for sample in samples),
        switches=sum(part.switches for part in parts),
        mixed_up=_share(sample.mixed_up for sample in samples),
        delay_ms=spread(1e3 * delay for part in parts for delay in part.delays),
        found_ms=spread(1e3 * delay for part in parts for delay in part.found),
        mssd_mm=spread(sample.mssd_mm for sample in sound),
        mspd_px=spread(sample.mspd_px for sample in sound),
        add_s_mm=spread(sample.add_s_mm for sample in sound),
        steady=_errors([sample for sample in sound if sample.steady]),
        one_view=_errors([sample for sample in sound if sample.views == 1]),
        predict_steady_mm=spread(sample.predict_mm for sample in sound if sample.predicts_steady),
        stage_ms={
            stage: spread(1e3 * value for part in parts for value in part.seconds.get(stage, ())) for stage in stages
        },
    )


def spread(values: Iterable[float]) -> Spread:
    """Of those that are numbers."""
    found = np.array([value for value in values if np.isfinite(value)])
    if not len(found):
        return Spread(float("nan"), float("nan"), float("nan"))
    return Spread(float(np.median(found)), float(np.quantile(found, 0.95)), float(np.sqrt(np.mean(found**2))))


def _errors(samples: list[Sample]) -> Errors:
    return Errors(
        len(samples),
        spread(sample.position_mm for sample in samples),
        spread(sample.rotation_deg for sample in samples),
        spread(sample.velocity_mm_s for sample in samples),
        spread(sample.direction_deg for sample in samples),
    )


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return float(np.mean(found)) if found else float("nan")


def _onsets(flags: list[bool]) -> int:
    return sum(now and not before for before, now in zip([False, *flags], flags, strict=False))
