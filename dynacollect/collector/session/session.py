"""The loop: choose, set, launch, run, judge, keep, clear up; until the count is reached, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np

from ... import __version__
from ...calibration.file import CalibrationFile
from ...controllers.episode import Expert, expert_for
from ...controllers.runner import Outcome
from ...datasets.raw import DiskFullError, EpisodeLostError, Recorder, Recording
from ...rig.camera_model import CameraModel
from ...rig.clock import HostClock, wall_time
from ...rig.errors import DynacollectError
from ...rig.nouns import ObjectState, Verdict
from ...rig.rig import Rig
from ...rig.stage import Request
from ...tracking.arm_check import OFF_M
from .attempt import Attempt, Course
from .board import Board
from .cues import Cue, Ended, eyes, fingers, verdict
from .fault_table import rule_of
from .heads import head_of
from .log import Log
from .preflight import findings
from .retiring import Retiring
from .setting import Scene, Setting
from .settings import BINS, Settings
from .sight import PERIOD_S, Sight
from .standing import Standing
from .supervisor import Deeds, Stop, Supervisor
from .tally import Tally, outcome_of
from .wish import Wish

SETTLE_S = 0.4
"""After the end, before the verdict: what shakes comes to rest, and is looked at."""
RESETS = 3
"""So often a table is set before its object is given up."""
VIEW_S = 0.8
"""For cameras to see the room again once the arm is home."""
SURPRISES = 4
"""Attempts in a row that could not be carried out, before a person is called."""
HOMEWARD = 4
"""Tries to get home, whatever stood in the way mended in between."""
CLOCK_STEP_S = 1.0
OWN_FAULT = ("arm: reflex", "arm: tracking")
"""Halts that count as a failure of the attempt: the arm ran into something."""

Judge = Callable[[Rig, Wish, Scene, Outcome, Verdict], None]
"""Looks on when an attempt is over; benches compare with the truth."""


@dataclass(slots=True)
class _Drift:
    """The host's wall clock against its monotonic one."""

    offset: float


class Session:
    """One run of a session on a rig that is connected."""

    def __init__(
        self, folder: Path, settings: Settings, rig: Rig, sight: Sight, tally: Tally, board: Board, log: Log,
        stop: Stop, models: Mapping[str, CameraModel], calibration: CalibrationFile | None, judge: Judge | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._settings, self._rig, self._sight = folder, settings, rig, sight
        self._tally, self._board, self._log, self._stop = tally, board, log, stop
        self._models, self._calibration, self._judge = models, calibration, judge
        self._recorder = Recorder(folder, rig.clock)
        self._retiring = Retiring(rig)
        self._setting = Setting(rig, sight, settings.seed)
        self._supervisor = Supervisor(rig, self._deeds(), log, stop, settings.patience_s)
        self._host = HostClock()
        self._drift = _Drift(wall_time() - self._host.now())
        self._took_at: float | None = None
        self._recording: Recording | None = None
        """The episode in flight."""
        self._surprises = 0

    def run(self) -> str:
        """Why it ended: empty where the count is reached."""
        log = self._log
        log.say("session", run=self._tally.runs + 1, version=__version__, settings=self._settings.said())
        if self._tally.killed:
            log.fault(Standing(rule_of("session", "killed"), "session", "the run before has no end"))
        if self._recorder.left_over:
            log.say("left over", folders=self._recorder.left_over)
        reason = self._ready() or self._loop()
        self._rig.arm.stop()
        log.say("end", reason=reason or "the count is reached")
        self._show("ended")
        return reason

    def _ready(self) -> str:
        """Why it cannot begin; empty where it can."""
        self._show("checking")
        left = max(self._settings.episodes - self._tally.kept, 0)
        found = list(findings(self._rig, self._settings, self._recorder, left, self._calibration))
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
        while self._tally.kept < self._settings.episodes and not self._stop.reason:
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
            if not self._home():
                return self._stop.reason or "nobody came"
        return self._stop.reason

    def _survive(self, error: DynacollectError) -> bool:
        """An attempt that could not be carried out is left out; what goes on so is a person's."""
        if self._recording is not None:
            self._recording.discard()
            self._recording = None
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
            self._run(wish, *ready, begin)
        self._log.attempt = None

    def _set(self, wish: Wish) -> tuple[Scene, Expert, Recording, ObjectState | None, ObjectState | None] | None:
        """Everything that an attempt needs, its object in motion; None where that could not be had."""
        for number in range(RESETS):
            scene = self._setting.set(wish, number)
            if scene is not None:
                expert = expert_for(self._rig, wish.kind.task, "intercept", scene.names, scene.targets)
                calibration = self._calibration.id if self._calibration else None
                head = head_of(self._rig, self._settings, wish, scene, self._models, calibration)
                self._recording = recording = self._recorder.begin(head)
                stood = self._sight.raw().get(scene.targets[0])
                moving = self._setting.launch(wish, scene)
                if moving is not None:
                    self._log.say("reset", attempt=wish.attempt, tries=number + 1, ok=True, reason="")
                    return scene, expert, recording, stood, moving
                self._discard(recording)
            if self._stop.reason or not self._supervisor.mend():
                return None
            trouble = self._setting.trouble
            if trouble is not None:
                self._log.fault(trouble)
                self._log.deed(trouble, number + 1, False, 0.0, "")
        reason = "" if self._setting.trouble is None else self._setting.trouble.detail
        self._log.say("reset", attempt=wish.attempt, tries=RESETS, ok=False, reason=reason)
        self._tally.quotas.quarantined.add(wish.kind.object)
        self._log.say("quarantine", object=wish.kind.object, reason=reason)
        self._ended(wish, "discarded", None, Verdict(None, 0.0, reason), Course(), None, 0.0, 0.0, {})
        return None

    def _run(
        self, wish: Wish, scene: Scene, expert: Expert, recording: Recording, stood: ObjectState | None,
        moving: ObjectState | None, begin: float,
    ) -> None:  # fmt: skip
        clock = self._rig.clock
        attempt = Attempt(self._rig, self._sight, self._supervisor, self._stop, self._board, wish, scene, recording)
        self._supervisor.views_doubted = False
        outcome, course = attempt.run(expert), attempt.course
        course.missed, self._took_at = outcome.missed_ticks, course.took_at if course.held else None
        seconds = outcome.time_s
        if course.halted and not course.halted.startswith(OWN_FAULT):
            self._discard(recording)
            nothing = Verdict(None, 0.0, course.halted)
            self._ended(wish, "discarded", None, nothing, course, moving, seconds, clock.now() - begin, {})
            return
        self._look(SETTLE_S)
        felt, seen = self._cues(wish, scene, stood, course)
        found = verdict(replace(outcome, reason=course.halted or outcome.reason), felt, seen)
        if self._judge is not None:
            self._judge(self._rig, wish, scene, outcome, found)
        if self._supervisor.views_doubted and self._views_spoilt():
            self._discard(recording)
            found = Verdict(None, 0.0, "a camera's view was spoilt")
            number, said = None, "discarded"
        else:
            number, said = self._commit(recording, found)
        cues = {"gripper": felt, "seen": seen}
        self._ended(wish, said, number, found, course, moving, seconds, clock.now() - begin, cues)

    def _views_spoilt(self) -> bool:
        """With the arm out of the way."""
        if not self._home():
            return True
        self._supervisor.pause(VIEW_S)
        return bool(self._supervisor.spoilt_views())

    def _discard(self, recording: Recording) -> None:
        recording.discard()
        self._recording = None

    def _commit(self, recording: Recording, found: Verdict) -> tuple[int | None, str]:
        """Its number and outcome."""
        self._recording = None
        try:
            recording.commit(found)
        except EpisodeLostError as error:
            one = Standing(rule_of("session", "encoder behind"), "session", str(error))
            self._log.fault(one)
            self._supervisor.pause(one.rule.pause_s)
            return None, "discarded"
        return recording.number, outcome_of(found.success)

    def _cues(self, wish: Wish, scene: Scene, stood: ObjectState | None, course: Course) -> tuple[Cue, Cue]:
        """Of the last target; with several, each must have been brought, which the expert saw to one by one."""
        from ...rig.objects import load

        container = scene.container
        zone = load(scene.names[container]).zone if container else None
        found = [
            Ended(
                self._rig.feel(),
                self._sight.raw(),
                key,
                stood,
                container,
                zone,
                course.held,
                self._sight.in_hand(key) if container is None else None,
            )
            for key in scene.targets
        ]
        task, gripper = wish.kind.task, self._rig.arm.model.gripper
        felt = fingers(task, found[0], gripper)
        seen = [eyes(task, one) for one in found]
        worst = next((cue for cue in seen if cue.says is False), None) or next(
            (cue for cue in seen if cue.says is None), seen[0]
        )
        return felt, worst

    def _look(self, seconds: float) -> None:
        clock = self._rig.clock
        end = clock.now() + seconds
        while clock.now() < end:
            clock.wait_until(clock.now() + PERIOD_S)
            self._rig.feel()
            self._sight(clock.now())

    def _ended(
        self, wish: Wish, outcome: str, number: int | None, found: Verdict, course: Course, moving: ObjectState | None,
        seconds: float, cycle_s: float, cues: Mapping[str, Cue],
    ) -> None:  # fmt: skip
        self._tally.count(wish.kind, outcome)
        self._tally.seconds += cycle_s
        speed = None if moving is None else float(np.linalg.norm(moving.velocity[:2]))
        self._log.say(
            "verdict", attempt=wish.attempt, outcome=outcome, episode=number, reason=found.reason,
            confidence=found.confidence, cues=cues, seconds=seconds, cycle_s=cycle_s, speed_seen=speed,
            memory_mb=getrusage(RUSAGE_SELF).ru_maxrss / 1024, **course.said(),
        )  # fmt: skip
        drift = {name: camera.health().shift_px for name, camera in self._rig.cameras.items()}
        if drift:
            self._log.say("drift", cameras=drift)
        self._show("setting up")

    def _home(self) -> bool:
        """Bring the arm home with an open hand, or have it brought there."""
        why = ""
        for _ in range(HOMEWARD):
            if not self._supervisor.mend(urgent=True):
                return False
            why = self._retiring.home(self._took())
            if not why:
                return True
        home = Standing(rule_of("arm", "home"), "arm", why)
        self._log.fault(home)
        return not self._stop.reason and self._supervisor.call(home, lambda: bool(self._retiring.home(None)))

    def _took(self) -> float | None:
        """The height at which the hand took what it still holds; asked once."""
        took_at, self._took_at = self._took_at, None
        return took_at

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
        low = Standing(rule_of("session", "disk low"), "session", str(error))
        return self._supervisor.settle(low, self._has_room) or (
            not self._stop.reason and self._supervisor.call(low, lambda: not self._has_room())
        )

    def _has_room(self) -> bool:
        need, free = self._recorder.forecast(3)
        return need < free

    def _watch_clock(self) -> None:
        offset = wall_time() - self._host.now()
        if abs(offset - self._drift.offset) > CLOCK_STEP_S:
            step = offset - self._drift.offset
            self._log.fault(Standing(rule_of("session", "clock jump"), "session", f"by {step:+.1f} s"))
        self._drift.offset = offset

    def _deeds(self) -> Deeds:
        return {
            "restart": lambda one: self._rig.cameras[one.device].restart(),
            "recover": self._recover,
            "exercise": lambda _: self._retiring.exercise(),
            "look anew": self._look_anew,
            "look at the arm": self._look_at_arm,
        }

    def _recover(self, _: Standing) -> None:
        if not self._rig.arm.recover():
            raise DynacollectError("the arm says that a person has to see to it")

    def _look_at_arm(self, _: Standing) -> None:
        why = self._retiring.home(self._took())
        if why:
            raise DynacollectError(why)
        off = self._sight.arm_off()
        if off is None or off > OFF_M:
            raise DynacollectError("no camera sees the arm" if off is None else f"it is {1e3 * off:.0f} mm off")
        self._rig.arm.verified()

    def _look_anew(self, _: Standing) -> None:
        """The arm is out of the way at home, and the stage clears the table."""
        self._sight.look_anew()
        self._rig.stage.prepare(self._settings.seed, Request(room=self._settings.seed))

    def _show(self, doing: str, **what: object) -> None:
        tally, settings = self._tally, self._settings
        by_speed, by_object = tally.shares()
        hours = tally.seconds / 3600
        rate = tally.kept / hours if hours > 0 else float("nan")
        left = settings.episodes - tally.kept
        need, free = self._recorder.forecast(max(left, 0))
        self._log.shows(
            doing=doing, kept=tally.kept, failures=tally.outcomes["failure"], doubtful=tally.outcomes["doubtful"],
            discarded=tally.outcomes["discarded"], by_speed=by_speed, by_object=by_object, seconds=tally.seconds,
            per_hour=rate, eta_s=3600 * left / rate if rate else float("nan"), disk_free=free, disk_needed=need, **what,
        )  # fmt: skip
