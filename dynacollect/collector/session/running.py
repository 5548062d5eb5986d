"""A session from its line to its end: the rig opened, objects learnt, the loop run, signals heeded."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ...calibration.file import CalibrationFile, read_calibration, write_calibration
from ...calibration.fit_to_rig import models_for
from ...controllers.tasks import TASKS
from ...rig.asking import Asks
from ...rig.camera_model import CameraModel
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...rig.objects import catalogue
from ...rig.rig import Rig, open_rig
from ...rig.stage import Request
from .board import Board, Summary
from .driving import driver_for
from .lock import locked
from .log import Log
from .person import Person
from .session import Judge, Session
from .settings import Settings, keep
from .sight import Sight, Tracking
from .supervisor import Stop
from .tally import tally
from .verified import looks_beside, verified

CALIBRATION = "calibration.yaml"
"""Its copy in the session's folder."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended."""

    folder: Path
    reason: str
    """Why it ended before the count was reached; empty where it was."""
    interrupted: bool


@dataclass(slots=True)
class Run:
    """What goes with a run beside its settings."""

    faults: tuple[str, ...] = ()
    """To rehearse on the cell."""
    realtime: bool = False
    ring: Callable[[str, str], None] | None = None
    judge: Judge | None = None
    stop: Stop = field(default_factory=Stop)


Viewers = Callable[[Board], AbstractContextManager[object]]


def run_session(folder: Path, settings: Settings, run: Run, viewers: Viewers | None = None) -> Ran:
    """Run until the count is reached, somebody stops it, or it cannot go on; `viewers` are shown the board."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        calibration = session_calibration(folder, settings)
        keep(folder, settings)
        board = Board(Summary(str(folder), settings.rig.name, settings.rig.arm.model, wanted=settings.episodes))
        found = tally(folder, settings)
        with (
            closing(Log(folder, board, run.ring)) as log,
            heeding(run.stop),
            (viewers or nullcontext)(board),
            _opened(settings, run, Person(log, run.stop)) as rig,
        ):
            models = _models(rig, settings, calibration)
            _verify(rig, settings, calibration, models, log)
            sight = _sight(rig, settings, models)
            driver = driver_for(rig, sight, settings.policy, settings.seed, shadow=settings.shadow)
            with closing(driver):
                session = Session(
                    folder, settings, rig, sight, found, log, board, run.stop, models, calibration, driver, run.judge
                )
                reason = session.run()
    return Ran(folder, reason, bool(run.stop.reason))


def _opened(settings: Settings, run: Run, asks: Asks) -> Rig:
    """The rig, not yet connected; without its cameras where no pictures are wanted."""
    rig = open_rig(_config(settings), seed=settings.seed, faults=run.faults, realtime=run.realtime, asks=asks)
    if not settings.images:
        rig.cameras = {}
    return rig


def _config(settings: Settings) -> RigConfig:
    """On the cell, nothing but the session's objects lies about."""
    config = settings.rig
    episodes = config.cell.episodes.model_copy(update={"objects": settings.objects})
    return config.model_copy(update={"cell": config.cell.model_copy(update={"episodes": episodes})})


def session_calibration(folder: Path, settings: Settings) -> CalibrationFile | None:
    """The session's own copy, which later runs go on with; a session whose calibration changed is another."""
    given = settings.calibration or settings.rig.calibration
    copy = folder / CALIBRATION
    if copy.exists():
        kept = read_calibration(copy)
        if given is not None and read_calibration(given).id != kept.id:
            raise DynacollectError(
                f"{folder} was begun with calibration {kept.id}, and {given} is another; "
                "leave out --calibration, or name another folder in --out"
            )
        return kept
    if given is None or not settings.images:
        return None
    file = read_calibration(given)
    write_calibration(copy, file)
    return file


def _models(rig: Rig, settings: Settings, calibration: CalibrationFile | None) -> Mapping[str, CameraModel]:
    if calibration is not None and rig.cameras:
        return models_for(rig.config, calibration)
    if settings.state == "truth" and rig.cameras:
        from .knowing import camera_models

        return camera_models(rig)
    return {}


def _verify(
    rig: Rig, settings: Settings, calibration: CalibrationFile | None, models: Mapping[str, CameraModel], log: Log
) -> None:
    """Before anything is built on the calibration; where nobody took reference pictures, nothing is compared."""
    looks = looks_beside(settings.calibration or settings.rig.calibration) if settings.verify else None
    if looks is None or calibration is None or not models:
        return
    found = verified(rig, looks, calibration, models)
    log.say("check", name=found.name, ok=found.ok, detail=found.detail, remedy=found.remedy)
    if not found.ok:
        raise DynacollectError(f"{found.detail} Before collecting: {found.remedy}")


def _sight(rig: Rig, settings: Settings, models: Mapping[str, CameraModel]) -> Sight:
    known = settings.state == "truth"
    if not known and not models:
        raise DynacollectError(
            f"{rig.config.name} has no calibration, without which nothing can be tracked; run: "
            "dynacollect calibrate capture, then solve, and name the file with --calibration"
        )
    # From now on the cameras see the room that all attempts are in.
    rig.stage.prepare(settings.seed, Request(room=settings.seed))
    if known:
        from .knowing import Knowing

        return Knowing(rig)
    sight = Tracking(rig, models)
    containers = catalogue.names(kind="container") if any(TASKS[task].places for task in settings.tasks) else ()
    sight.learn((*settings.objects, *containers))
    return sight


@contextmanager
def heeding(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM asks for a safe end; a second one leaves at once."""
    before: dict[int, object] = {}

    def heard(number: int, _: FrameType | None) -> None:
        if stop.reason:
            raise KeyboardInterrupt
        stop.reason = f"stopped by {signal.Signals(number).name}"

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, heard)
    except ValueError:
        # Only the main thread hears signals; elsewhere whoever runs it sets `stop`.
        pass
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]
