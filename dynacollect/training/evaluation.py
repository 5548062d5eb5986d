"""How often the expert succeeds in the cell, by speed of the object: episodes on paired seeds, judged by the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..controllers.episode import Expert, expert_for, lag_of
from ..controllers.machine import Phase, Profile, TaskName
from ..controllers.runner import Objects, Outcome, Watcher, run_episode
from ..controllers.streaming.course import Course, Executed, Figures, figures
from ..datasets.things import things_of
from ..rig.camera_model import CameraModel
from ..rig.cell.truth import Truth
from ..rig.config import RigConfig
from ..rig.nouns import Verdict
from ..rig.objects import ObjectModel
from ..rig.rig import Rig, open_rig
from ..rig.stage import Request
from ..tracking.live import Watch
from ..tracking.meshless import MeshlessTracker
from ..tracking.seeing.ultralytics.weights import Weights
from .chunked import ChunkedExpert, Streaming
from .film import Film
from .intervals import wilson
from .noise import StateNoise, noisy
from .suites.instruction import instruction_of
from .suites.suite import Suite
from .suites.trial import trial_of
from .trials import BINS, SEVERAL
from .vision import meshless_watch_for, watch_for, with_fixed_cameras

if TYPE_CHECKING:
    from .rollout.rolled import Rolled

ProfileName = Literal["dom", "intercept"]
Source = Literal["truth", "vision"]
"""Where object states come from."""

SETTLE_S = 0.3
"""After the end, before the truth is asked: a hand that just came to rest still shakes what it holds."""
FIND_S = 0.4
"""What the tracker has to find everything in, before the launch."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is evaluated."""

    rig: RigConfig
    task: TaskName = "pick"
    profile: ProfileName = "intercept"
    episodes: int = 100
    seed: int = 0
    noise: StateNoise = field(default_factory=StateNoise)
    top_speed: float = 0.75
    images: bool = False
    """Read the cameras each tick, as collecting does."""
    state: Source = "truth"
    models: Mapping[str, CameraModel] | None = None
    """Of the cameras that the tracker sees through; None: as the cell has put them."""
    network: Weights | None = None
    """What the tracker tells objects apart by; None: by their colours."""
    meshes: bool = True
    """Tracker and expert know the objects' meshes, else only a clip of each."""
    streaming: Streaming | None = None
    """The expert acts in chunks that come late; None: at every tick, at once."""
    policy: Rolled | None = None
    """A policy acts, and the expert does not."""
    suite: Suite | None = None
    """Whose episodes are run; the settings are as it has them."""


@dataclass(frozen=True, slots=True)
class Result:
    """One episode."""

    seed: int
    bin: int
    speed: float
    launcher: str | None
    target: str
    success: bool
    reason: str
    time_s: float
    path_m: float
    executed: Executed | None = None
    suite: str | None = None


@dataclass(frozen=True, slots=True)
class SpeedBin:
    lo: float
    hi: float
    n: int
    success: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a run; `time_s` and `path_m` are means over successes."""

    task: str
    profile: str
    robot: str
    seed: int
    n: int
    success: float
    ci95: tuple[float, float]
    by_speed: tuple[SpeedBin, ...]
    by_launcher: dict[str, float]
    time_s: float
    path_m: float
    failures: dict[str, int]
    results: tuple[Result, ...]
    executor: Figures | None = None


def evaluate(settings: Settings, workers: int = 1) -> Iterator[Result]:
    """Run the episodes, in seed order; each in a cell of its own, so that none depends on another."""
    yield from evaluate_all((settings,), workers)


def evaluate_all(runs: Iterable[Settings], workers: int = 1) -> Iterator[Result]:
    """One run after the other."""
    jobs = [(settings, index) for settings in runs for index in range(settings.episodes)]
    if workers == 1:
        yield from map(_episode, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_episode, jobs, chunksize=4)


def summarise(settings: Settings, results: Iterable[Result]) -> Evaluation:
    """The figures of these episodes."""
    done = tuple(results)
    wins = [result for result in done if result.success]
    success, ci95 = _share(len(wins), len(done))
    launchers = sorted({result.launcher or "still" for result in done})
    return Evaluation(
        settings.task, settings.profile, settings.rig.arm.model, settings.seed, len(done), success, ci95,
        tuple(_bin(index, done) for index in range(len(BINS)) if any(result.bin == index for result in done)),
        {name: _mean_success(done, name) for name in launchers},
        float(np.mean([result.time_s for result in wins])) if wins else float("nan"),
        float(np.mean([result.path_m for result in wins])) if wins else float("nan"),
        dict(Counter(result.reason for result in done if not result.success).most_common()),
        done,
        figures([result.executed for result in done if result.executed]),
    )  # fmt: skip


def _mean_success(done: tuple[Result, ...], launcher: str) -> float:
    return float(np.mean([result.success for result in done if (result.launcher or "still") == launcher]))


def _bin(index: int, done: tuple[Result, ...]) -> SpeedBin:
    members = [result.success for result in done if result.bin == index]
    success, ci95 = _share(sum(members), len(members))
    return SpeedBin(*BINS[index], len(members), success, ci95)


def _share(wins: int, n: int) -> tuple[float, tuple[float, float]]:
    return wins / n, wilson(wins, n)


def request_of(settings: Settings, index: int) -> tuple[int, Request]:
    """The speed bin and the request of an episode: bins in turn, speeds drawn inside them."""
    if settings.suite is not None:
        trial = trial_of(settings.suite, settings.rig, settings.seed, index, settings.top_speed)
        return trial.bin, trial.request
    bins = [number for number, (low, _) in enumerate(BINS) if low < settings.top_speed]
    number = bins[index % len(bins)]
    low, high = BINS[number]
    speed = float(np.random.default_rng([settings.seed, index]).uniform(low, min(high, settings.top_speed)))
    return number, Request(speed=speed, place=settings.task == "place", several=SEVERAL[settings.task])


def seed_of(settings: Settings, index: int) -> int:
    """The seed of an episode's cell and plan."""
    if settings.suite is not None:
        return trial_of(settings.suite, settings.rig, settings.seed, index, settings.top_speed).seed
    return settings.seed * 100_003 + index


def launch(rig: Rig, truth: Truth, watch: Watch | None = None) -> None:
    """Launch the target of a staged cell and wait until it begins to move: there the episode starts."""
    wait = watch.until if watch else rig.clock.wait_until
    wait(rig.clock.now() + FIND_S if watch else 0.1)
    rig.stage.launch()
    if truth.plan.launch.launcher is not None and truth.started_at is not None:
        wait(truth.started_at)


def _episode(job: tuple[Settings, int]) -> Result:
    return run_one(*job)


def run_one(settings: Settings, index: int, film: Path | None = None) -> Result:
    """One episode; with `film`, pictures of it are written there."""
    seed = seed_of(settings, index)
    number, request = request_of(settings, index)
    vision = settings.state == "vision"
    rig = open_rig(_config(settings), seed=seed)
    with rig:
        truth = Truth(rig)
        eyes = _eyes(rig, settings, seed, request, truth) if vision else None
        rig.stage.prepare(seed, request)
        camera = Film(rig) if film else None
        outcome, verdict, executed = _run(rig, truth, settings, seed, eyes, camera.watch if camera else None)
        if camera and film:
            camera.save(film)
        plan = truth.plan
        success = outcome.phase == Phase.DONE and verdict.success is True
        reason = outcome.reason if outcome.phase != Phase.DONE else f"done, but {verdict.reason}"
        return Result(
            seed, number, plan.speed, plan.launch.launcher, plan.targets[0].object, success, reason,
            outcome.time_s, outcome.path_m, executed, settings.suite and settings.suite.name,
        )  # fmt: skip


def _config(settings: Settings) -> RigConfig:
    """With no camera that nobody looks through."""
    if settings.state == "vision":
        return with_fixed_cameras(settings.rig)
    return settings.rig if settings.policy is None else settings.policy.rig(settings.rig)


@dataclass(frozen=True, slots=True)
class _Eyes:
    """What is watched through, and what measures the forms of objects without a mesh."""

    watch: Watch
    measurer: MeshlessTracker | None = None

    def measured(self) -> Mapping[str, ObjectModel] | None:
        """The objects as they are measured; None: the catalogue's are known."""
        return None if self.measurer is None else self.measurer.models


def _eyes(rig: Rig, settings: Settings, seed: int, request: Request, truth: Truth) -> _Eyes:
    models = settings.models or truth.camera_models
    if settings.meshes:
        return _Eyes(watch_for(rig, seed, request, models, settings.network))
    return _Eyes(*meshless_watch_for(rig, seed, request, models))


def _run(
    rig: Rig, truth: Truth, settings: Settings, seed: int, eyes: _Eyes | None, watcher: Watcher | None
) -> tuple[Outcome, Verdict, Executed | None]:
    names = truth.names
    targets = tuple(key for key in names if key.startswith("target"))
    container = "container" if "container" in names else None
    measured = eyes.measured() if eyes else None
    expert = expert_for(rig, settings.task, settings.profile, names, targets, measured)
    profile, course = _driver(rig, settings, seed, expert, names)
    objects: Objects = eyes.watch if eyes else noisy(truth.objects, settings.noise, seed)
    launch(rig, truth, eyes.watch if eyes else None)
    outcome = run_episode(
        rig,
        profile,
        expert.motion,
        expert.safety,
        objects,
        targets[0],
        container,
        expert.limit_s,
        watcher,
        images=settings.images,
    )
    rig.clock.wait_until(rig.clock.now() + SETTLE_S)
    return outcome, _judge(truth, settings.task, targets), None if course is None else course().executed()


def _driver(
    rig: Rig, settings: Settings, seed: int, expert: Expert, names: Mapping[str, str]
) -> tuple[Profile[Any], Callable[[], Course] | None]:
    """What decides, and what happened to its steps where it thinks in chunks."""
    if settings.policy is not None:
        # Torch is not loaded for those who run the expert.
        from .rollout.rolled import executor_for, profile_for, seen_by, simulated

        facts, streaming = settings.policy.facts, settings.policy.streaming
        inference = simulated(settings.policy.source, streaming, seed)
        executor = executor_for(facts, streaming.strategy, inference)
        seen = seen_by(facts, rig.config, rig.see)
        words = settings.suite and instruction_of(settings.suite, Truth(rig).plan)
        policy = profile_for(rig, facts, executor, seen, expert.motion, settings.task, things_of(names), words)
        return policy, lambda: policy.course
    if settings.streaming is not None:
        lag = lag_of(settings.rig, rig.arm.model.command_delay)
        chunked = ChunkedExpert(expert, settings.streaming, lag, seed)
        return chunked, lambda: chunked.course
    return expert.profile, None


def _judge(truth: Truth, task: TaskName, targets: tuple[str, ...]) -> Verdict:
    if task == "pick":
        return truth.picked(targets[0])
    verdicts = [truth.placed(key) for key in targets]
    failed = [verdict for verdict in verdicts if not verdict.success]
    return failed[0] if failed else replace(verdicts[0], reason="all placed")
