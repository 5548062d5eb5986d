"""A reading in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ... import __version__
from .reading import Reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DOINGS = ("starting", "checking", "setting up", "running", "recovering", "waiting", "finishing", "ended")

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples; a counter's name ends in _total."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: Iterable[Sample]


def metrics(reading: Reading) -> str:
    """The whole document."""
    lines = []
    for family in [*_session(reading), *_loop(reading), *_successes(reading), *_world(reading)]:
        name = f"dynacollect_{family.name}"
        lines += [f"# HELP {name} {_escaped(family.help)}", f"# TYPE {name} {family.kind}"]
        lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in family.samples]
    return "\n".join(lines) + "\n"


def _session(reading: Reading) -> list[Family]:
    summary = reading.summary
    about = {"version": __version__, "session": summary.session, "rig": summary.rig, "robot": summary.robot}
    outcomes = {
        "kept": summary.kept, "failure": summary.failures, "doubtful": summary.doubtful,
        "discarded": summary.discarded,
    }  # fmt: skip
    states = dict.fromkeys((*DOINGS, summary.doing))
    return [
        Family("info", "gauge", "What runs; always 1.", [(about, 1)]),
        Family("doing", "gauge", "1 for what it does now.", [({"doing": s}, s == summary.doing) for s in states]),
        Family("episodes_wanted", "gauge", "Episodes that are to be kept.", _one(summary.wanted)),
        Family("episodes_total", "counter", "Attempts that ended.", [({"outcome": o}, n) for o, n in outcomes.items()]),
        Family("attempts_total", "counter", "Attempts that were begun.", _one(summary.attempt)),
        Family("session_seconds_total", "counter", "Time of all runs on the session's clock.", _one(summary.seconds)),
        Family("kept_per_hour", "gauge", "Episodes kept per hour.", _one(summary.per_hour)),
        Family("eta_seconds", "gauge", "Time until all wanted episodes are kept.", _one(summary.eta_s)),
        Family("human_calls_total", "counter", "Times that a person was called.", _one(summary.human_calls)),
        Family("journal_lines_total", "counter", "Lines written to the journal.", _one(reading.written)),
    ]


def _loop(reading: Reading) -> list[Family]:
    timing = reading.timing
    return [
        Family("tick_work_median_seconds", "gauge", "Own work of the last ticks.", _one(timing.median_ms / 1e3)),
        Family("tick_work_p99_seconds", "gauge", "Own work of the last ticks.", _one(timing.p99_ms / 1e3)),
        Family("tick_period_seconds", "gauge", "Time from tick to tick.", _one(timing.period_ms / 1e3)),
        Family("ticks_total", "counter", "Ticks of the loop.", _one(timing.ticks)),
        Family("missed_ticks_total", "counter", "Ticks that came too late.", _one(timing.missed)),
        Family("pictures_to_encode", "gauge", "Waiting for the encoder.", _one(reading.now.waiting_to_encode)),
        Family("silent_seconds", "gauge", "Since the session showed anything new.", _one(reading.silent_s)),
    ]


def _successes(reading: Reading) -> list[Family]:
    families = []
    for by, shares in (("speed", reading.summary.by_speed), ("object", reading.summary.by_object)):
        tried, won = Counter[str](), Counter[str]()
        for share in shares:
            tried[share.label] += share.n
            won[share.label] += share.success
        families += [
            Family(f"{by}_verdicts_total", "counter", f"Attempts with a verdict, by {by}.", _by(by, tried)),
            Family(f"{by}_successes_total", "counter", f"Successes, by {by}.", _by(by, won)),
        ]
    return families


def _world(reading: Reading) -> list[Family]:
    summary, objects = reading.summary, reading.now.objects
    standing = Counter((each.name, each.device) for each in summary.troubles if each.standing)
    health = {name: float(state.health) for name, state in objects.items()}
    speeds = {name: float(np.linalg.norm(state.velocity)) for name, state in objects.items()}
    faults = [({"fault": name, "device": device}, count) for (name, device), count in standing.items()]
    return [
        Family("disk_free_bytes", "gauge", "Free where the session is written.", _one(summary.disk_free)),
        Family("disk_needed_bytes", "gauge", "Needed for what is still to come.", _one(summary.disk_needed)),
        Family("faults_standing", "gauge", "Faults that are there now.", faults),
        Family("object_health", "gauge", "0 is lost, 1 is certain.", _by("object", health)),
        Family("object_speed_meters_per_second", "gauge", "As tracked.", _by("object", speeds)),
    ]


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _by(label: str, values: Mapping[str, float]) -> list[Sample]:
    return [({label: key}, value) for key, value in values.items()]


def _labels(labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{key}="{_escaped(value, quotes=True)}"' for key, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(int(value)) if value == int(value) else repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
