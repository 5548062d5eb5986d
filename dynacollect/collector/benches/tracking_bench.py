"""What one tick of the tracker costs: pictures of the cell kept in memory, then tracked with one object and several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...rig.cell.truth import Truth
from ...rig.config import RigConfig, load_rig
from ...rig.nouns import ArmState, FrameSet
from ...rig.rig import Rig, open_rig
from ...rig.stage import Request
from ...tracking.live import PERIOD_S, tracker_on
from ...tracking.tracked import HEALTHY, Tracked
from ...tracking.tracker import Tracker
from ...training.vision import keys_of, shown_alone, with_fixed_cameras

OBJECTS = ("mug", "orange", "bottle", "banana", "beer_can")
"""The first rides on a belt."""
SPEED = 0.3
WARM_UP = 3
"""Ticks in which what is not yet there is built; left out."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one tick, in all and by stage."""

    objects: int
    tick_ms: Spread
    stage_ms: Mapping[str, Spread]
    followed: float
    """Share of objects and ticks with a healthy state: what is not followed costs less, or a search."""


@dataclass(frozen=True, slots=True)
class TrackingFigures:
    """Wall-clock cost with one object, and with several."""

    size: tuple[int, int]
    ticks: int
    tick_ms: Spread
    stage_ms: Mapping[str, Spread]
    followed: float
    several: Cost


def bench_tracking(size: tuple[int, int], ticks: int, objects: int, seed: int) -> TrackingFigures:
    """The same pictures both times, from the search of the start on."""
    request = Request(target=OBJECTS[0], distractors=OBJECTS[1:objects], speed=SPEED, launcher="conveyor")
    rig = open_rig(_config(size), seed=seed)
    with rig:
        names, models = keys_of(rig.stage.prepare(seed, request)), Truth(rig).camera_models
        looks = shown_alone(rig, names.values(), models)
        rig.stage.prepare(seed, request)
        rig.stage.clear()
        trackers = [tracker_on(rig, chosen, models, looks) for chosen in ({"target0": names["target0"]}, names)]
        rig.stage.prepare(seed, request)
        shots = _shots(rig, WARM_UP + ticks)
    one, several = (_cost(tracker, count, shots) for tracker, count in zip(trackers, (1, len(names)), strict=True))
    return TrackingFigures(size, ticks, one.tick_ms, one.stage_ms, one.followed, several)


def _config(size: tuple[int, int]) -> RigConfig:
    config = with_fixed_cameras(load_rig("cell"))
    update = {"width": size[0], "height": size[1]}
    cameras = {name: camera.model_copy(update=update) for name, camera in config.cameras.items()}
    return config.model_copy(update={"cameras": cameras})


def _shots(rig: Rig, ticks: int) -> list[tuple[FrameSet, ArmState]]:
    """What the rig sees and feels tick after tick, the launch in it."""
    begin, shots = rig.next_start(PERIOD_S), []
    rig.stage.launch()
    while len(shots) < ticks:
        begin += PERIOD_S
        rig.clock.wait_until(begin)
        frames = rig.see()
        if len(frames.frames) == len(rig.cameras):
            shots.append((frames, rig.feel()))
    return shots


def _cost(tracker: Tracker, objects: int, shots: list[tuple[FrameSet, ArmState]]) -> Cost:
    outcomes = [tracker.step(frames, arm) for frames, arm in shots][WARM_UP:]
    stages = {stage: _spread(outcome.seconds[stage] for outcome in outcomes) for stage in outcomes[0].seconds}
    healthy = sum(_healthy(outcome) for outcome in outcomes)
    return Cost(objects, stages.pop("tick"), stages, healthy / (objects * len(outcomes)))


def _healthy(outcome: Tracked) -> int:
    return sum(state.health >= HEALTHY for state in outcome.states.values())


def _spread(seconds: Iterable[float]) -> Spread:
    median, p95 = (1e3 * np.percentile(list(seconds), (50, 95))).tolist()
    return Spread(median, p95)
