"""The loop: choose, set, launch, run, judge, keep, clear up; until the count is reached, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np

from ... import __version__
from ...calibration.file import CalibrationFile
from ...controllers.episode import Expert, expert_for
from ...controllers.runner import Outcome
from ...datasets.raw import DiskFullError, Recording
from ...rig.camera_model import CameraModel
from ...rig.clock import HostClock, wall_time
from ...rig.errors import DynacollectError
from ...rig.nouns import ObjectState, Verdict
from ...rig.rig import Rig
from ...training.trials import BINS
from .attempt import Attempt, Course
from .board import Board
from .cues import Cue, verdict
from .deeds import deeds_on
from .driving import Driver
from .fault_table import pause_of, rule_of
from .heads import head_of
from .keeping import Keeping
from .log import Log
from .preflight import findings
from .retiring import Retiring
from .setting import Scene, Setting
from .settings import Settings
from .sight import PERIOD_S, Sight
from .standing import Standing
from .supervisor import Stop, Supervisor
from .tally import Tally, outcome_of
from .wish import Wish
from .witnesses import cues_of

SETTLE_S = 0.4
"""After the end, before the verdict: what shakes comes to rest, and is looked at."""
VIEW_S = 0.8
"""For cameras to see the room again once the arm is home."""
SURPRISES = 4
"""Attempts in a row that could not be carried out, before a person is called."""
HOMEWARD = 4
"""Tries to get home, whatever stood in the way mended in between, before a person is called."""
CLOCK_STEP_S = 1.0
OWN_FAULT = ("arm: reflex", "arm: collision", "arm: stalled", "arm: tracking")
"""Halts that count as a failure of the attempt: the arm ran into something."""

Judge = Callable[[Rig, Wish, Scene, Outcome, Verdict], None]
"""Looks on when an attempt is over; benches compare with the truth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """An attempt whose object is in motion."""

    scene: Scene
    expert: Expert
    recording: Recording
    stood: ObjectState | None
    """The target before the launch."""
    moving: ObjectState | None


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """How an attempt ended."""

    outcome: str
    """success, failure, doubtful, discarded."""
    found: Verdict
    number: int | None = None
    """Of the episode, where it was kept."""
    cues: Mapping[str, Cue] = field(default_factory=dict)
    course: Course = field(default_factory=Course)
    seconds: float = 0.0
    moving: ObjectState | None = None


class Session:
    """One run of a session on a rig that is connected."""

    def __init__(
        self, folder: Path, settings: Settings, rig: Rig, sight: Sight, tally: Tally, log: Log, board: Board,
        stop: Stop, models: Mapping[str, CameraModel], calibration: CalibrationFile | None, driver: Driver,
        judge: Judge | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._rig, self._sight, self._tally = settings, rig, sight, tally
        self._log, self._board, self._stop = log, board, stop
        self._models, self._calibration, self._driver, self._judge = models, calibration, driver, judge
        self._keeping = Keeping(folder, rig.clock)
        self._retiring = Retiring(rig)
        self._setting = Setting(rig, sight, settings.seed)
        deeds = deeds_on(rig, sight, self._retiring, settings.seed)
        self._supervisor = Supervisor(rig, deeds, log, stop, settings.patience_s)
        self._host = HostClock()
        self._wall_ahead = wall_time() - self._host.now()
        self._surprises = 0

    def run(self) -> str:
        """Why it ended: empty where the count is reached."""
        log, left_over = self._log, self._keeping.recorder.left_over
        log.say("session", run=self._tally.runs + 1, version=__version__, settings=self._settings.said())
        if self._tally.killed:
            log.fault(Standing(rule_of("session", "killed"), "session", "the run before has no end"))
        if left_over:
            log.say("left over", folders=left_over)
        reason = self._ready() or self._loop()
        self._rig.arm.stop()
        log.say("end", reason=reason or "the count is reached")
        self._show("ended")
        return reason

    def _ready(self) -> str:
        """Why it cannot begin; empty where it can."""
        self._show("checking")
        found = list(findings(self._rig, self._settings, self._keeping.recorder, self._tally.left, self._calibration))
        for one in found:
            self._log.say("check", name=one.name, ok=one.ok, detail=one.detail, remedy=one.remedy)
        bad = [one for one in found if not one.ok]
        if bad:
            return "; ".join(f"{one.name}: {one.detail}; {one.remedy}" for one in bad)
        self._show("setting up")
        if not self._home():
            return self._stop.reason or "nobody came"
        self._sight.know_arm()
        return ""

    def _loop(self) -> str:
        while self._tally.left and not self._stop.reason:
            if not self._supervisor.mend():
                return self._stop.reason or "nobody came"
            self._watch_clock()
            if not self._objects_left():
                return self._stop.reason or "nobody came"
            try:
                self._one()
                self._surprises = 0
            except DiskFullError as error:
                if not self._wait_for_room(error):
                    return self._stop.reason or "the disk is full"
            except DynacollectError as error:
                if not self._survive(error):
                    return self._stop.reason or "nobody came"
            finally:
                self._log.attempt = None
            if not self._home():
                return self._stop.reason or "nobody came"
        return self._stop.reason

    def _survive(self, error: DynacollectError) -> bool:
        """An attempt that could not be carried out is left out; what goes on so is a person's."""
        self._keeping.discard()
        one = Standing(rule_of("session", "surprise"), "session", str(error))
        self._log.fault(one)
        self._surprises += 1
        self._supervisor.pause(one.rule.pause_s * self._surprises)
        return self._surprises < SURPRISES or self._supervisor.call(one, lambda: True)

    def _one(self) -> None:
        """One attempt, from the wish to what is kept of it."""
        tally, clock = self._tally, self._rig.clock
        tally.attempts += 1
        wish, begin = tally.quotas.next(tally.attempts), clock.now()
        kind = wish.kind
        self._log.attempt = wish.attempt
        self._log.say(
            "attempt", attempt=wish.attempt, task=kind.task, object=kind.object, speed=wish.speed,
            bin=BINS[kind.bin], heading_deg=None if wish.heading is None else float(np.degrees(wish.heading)),
            place=kind.side, seed=wish.seed,
        )  # fmt: skip
        self._show("setting up", attempt=wish.attempt)
        ready = self._set(wish)
        if ready is not None:
            self._show("running")
            self._ended(wish, self._run(wish, ready), clock.now() - begin)
        elif wish.kind.object in tally.quotas.quarantined:
            reason = self._setting.trouble.detail if self._setting.trouble else ""
            self._ended(wish, _Result("discarded", Verdict(None, 0.0, reason)), clock.now() - begin)

    def _set(self, wish: Wish) -> _Ready | None:
        """An attempt that can begin; None where the session ends or the object is given up."""
        trouble, tries = None, 1 + rule_of("object", "missing").tries
        for number in range(tries):
            ready = self._try(wish, number)
            if trouble is not None:
                self._log.deed(trouble, number, ready is not None, 0.0, "")
            if ready is not None:
                self._log.say("reset", attempt=wish.attempt, tries=number + 1, ok=True, reason="")
                return ready
            if self._stop.reason or not self._supervisor.mend():
                return None
            trouble = self._setting.trouble
            if trouble is not None:
                self._log.fault(trouble)
        reason = "" if trouble is None else trouble.detail
        self._log.say("reset", attempt=wish.attempt, tries=tries, ok=False, reason=reason)
        self._tally.quotas.quarantined.add(wish.kind.object)
        self._log.say("quarantine", object=wish.kind.object, reason=reason)
        return None

    def _try(self, wish: Wish, number: int) -> _Ready | None:
        """Everything that an attempt needs, its object in motion; None where that could not be had."""
        scene = self._setting.set(wish, number)
        if scene is None:
            return None
        expert = expert_for(self._rig, wish.kind.task, "intercept", scene.names, scene.targets)
        expert = self._driver.drive(expert, wish.kind.task, scene.names)
        calibration = self._calibration.id if self._calibration else None
        recording = self._keeping.begin(head_of(self._rig, self._settings, wish, scene, self._models, calibration))
        stood = self._sight.raw().get(scene.targets[0])
        moving = self._setting.launch(wish, scene)
        if self._setting.trouble is not None:
            self._keeping.discard()
            return None
        return _Ready(scene, expert, recording, stood, moving)

    def _run(self, wish: Wish, ready: _Ready) -> _Result:
        attempt = Attempt(
            self._rig, self._sight, self._supervisor, self._stop, self._board, wish, ready.scene, ready.recording
        )
        self._supervisor.views_doubted = False
        outcome, course = attempt.run(ready.expert), attempt.course
        self._retiring.took_at = course.took_at if course.held else None
        ended = _Result("discarded", Verdict(None, 0.0, course.halted), None, {}, course, outcome.time_s, ready.moving)
        if course.halted and not course.halted.startswith(OWN_FAULT):
            self._keeping.discard()
            return ended
        self._look(SETTLE_S)
        felt, seen = cues_of(self._rig, self._sight, wish.kind.task, ready.scene, ready.stood, course.held)
        found = verdict(outcome, felt, seen)
        ended = replace(ended, cues={"gripper": felt, "seen": seen})
        if self._judge is not None:
            self._judge(self._rig, wish, ready.scene, outcome, found)
        if self._supervisor.views_doubted and self._views_spoilt():
            self._keeping.discard()
            return replace(ended, found=Verdict(None, 0.0, "a camera's view was spoilt"))
        if not self._commit(ready.recording, found):
            return replace(ended, found=found)
        return replace(ended, outcome=outcome_of(found.success), found=found, number=ready.recording.number)

    def _commit(self, recording: Recording, found: Verdict) -> bool:
        kept, trouble = self._keeping.commit(recording, found), self._keeping.trouble
        if trouble is not None:
            self._log.fault(trouble)
            self._supervisor.pause(trouble.rule.pause_s)
        return kept

    def _views_spoilt(self) -> bool:
        """With the arm out of the way."""
        if not self._home():
            return True
        self._supervisor.pause(VIEW_S)
        return bool(self._supervisor.spoilt_views())

    def _look(self, seconds: float) -> None:
        clock = self._rig.clock
        end = clock.now() + seconds
        while clock.now() < end:
            clock.wait_until(clock.now() + PERIOD_S)
            self._rig.feel()
            self._sight(clock.now())

    def _ended(self, wish: Wish, result: _Result, cycle_s: float) -> None:
        self._tally.count(wish.kind, result.outcome)
        self._tally.seconds += cycle_s
        found, moving = result.found, result.moving
        speed = None if moving is None else float(np.linalg.norm(moving.velocity[:2]))
        self._log.say(
            "verdict", attempt=wish.attempt, outcome=result.outcome, episode=result.number, reason=found.reason,
            confidence=found.confidence, cues=result.cues, seconds=result.seconds, cycle_s=cycle_s, speed_seen=speed,
            memory_mb=getrusage(RUSAGE_SELF).ru_maxrss / 1024, **result.course.said(), **self._driver.said(),
        )  # fmt: skip
        drift = {name: camera.health().shift_px for name, camera in self._rig.cameras.items()}
        if drift:
            self._log.say("drift", cameras=drift)
        self._show("setting up")

    def _home(self) -> bool:
        """Bring the arm home with an open hand; where it does not get there, a person helps, and it tries again."""
        rule = rule_of("arm", "home")
        while True:
            why = ""
            for number in range(HOMEWARD):
                if not self._supervisor.mend(urgent=True):
                    return False
                if number:
                    self._supervisor.pause(pause_of(rule, number - 1))
                why = self._retiring.home()
                if not why:
                    return True
                self._log.say("not home", **{"try": number + 1, "why": why})
            one = Standing(rule, "arm", why)
            self._log.fault(one)
            if not self._supervisor.call(one, lambda: not self._retiring.is_home()):
                return False

    def _objects_left(self) -> bool:
        quarantined = self._tally.quotas.quarantined
        if set(self._settings.objects) - quarantined:
            return True
        names = ", ".join(sorted(quarantined))
        none = Standing(rule_of("object", "all quarantined"), "object", names)
        came = self._supervisor.call(none, lambda: True)
        if came:
            quarantined.clear()
        return came

    def _wait_for_room(self, error: DiskFullError) -> bool:
        self._keeping.discard()
        low, has_room = Standing(rule_of("session", "disk low"), "session", str(error)), self._keeping.has_room
        return self._supervisor.settle(low, has_room) or (
            not self._stop.reason and self._supervisor.call(low, lambda: not has_room())
        )

    def _watch_clock(self) -> None:
        """Say so where the host's wall clock was set; nothing that is measured follows it."""
        before, self._wall_ahead = self._wall_ahead, wall_time() - self._host.now()
        step = self._wall_ahead - before
        if abs(step) > CLOCK_STEP_S:
            self._log.fault(Standing(rule_of("session", "clock jump"), "session", f"by {step:+.1f} s"))

    def _show(self, doing: str, **what: object) -> None:
        tally = self._tally
        by_speed, by_object = tally.shares()
        hours = tally.seconds / 3600
        rate = tally.kept / hours if hours > 0 else float("nan")
        left = tally.left
        need, free = self._keeping.recorder.forecast(left)
        self._log.shows(
            doing=doing, kept=tally.kept, failures=tally.outcomes["failure"], doubtful=tally.outcomes["doubtful"],
            discarded=tally.outcomes["discarded"], by_speed=by_speed, by_object=by_object, seconds=tally.seconds,
            per_hour=rate, eta_s=3600 * left / rate if rate else float("nan"), disk_free=free, disk_needed=need, **what,
        )  # fmt: skip
