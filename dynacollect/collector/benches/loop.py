"""What a whole tick costs without drawing the cell: an episode is recorded, and its pictures come again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...controllers.episode import expert_for
from ...datasets.raw import RawEpisode, Recorder
from ...rig.arms.kinematics import forward
from ...rig.arms.model import ArmModel
from ...rig.cameras.files.config import FilesCamera
from ...rig.cell.truth import Truth
from ...rig.clock import HostClock
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, FrameSet, ObjectState, Verdict
from ...rig.rig import Rig, open_rig
from ...tracking.live import Watch
from ..session.attempt import Attempt
from ..session.board import Board, Summary
from ..session.heads import head_of
from ..session.log import Log
from ..session.setting import Scene, Setting
from ..session.settings import Settings
from ..session.sight import PERIOD_S, Seeing, Tracking
from ..session.supervisor import Stop, Supervisor
from ..session.wish import Kind, Wish
from .monitor import watched

OBJECT, SPEED = "apple", 0.25
SETTLED = 25
"""Ticks at the beginning of each attempt that are not counted: the tracker finds what leapt back to where it began."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Attempts one after another, with the monitor or without."""

    watched: bool
    ticks: int
    missed: int
    median_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class LoopCost:
    """Own work of a tick: reading cameras and arm, tracker, expert, safety, recorder and board."""

    cameras: int
    ticks: int
    missed: int
    median_ms: float
    p99_ms: float
    worst_ms: float
    monitor_change: float
    """Of the median with the monitor, against the stretch without it just before, in the middle of all rounds."""
    stretches: tuple[Stretch, ...]


class Recorded:
    """Where the arm was in the pictures of an episode."""

    def __init__(self, episode: Path, camera: str) -> None:
        signals = RawEpisode.open(episode).signals()
        frames = [row["frames"][camera] for row in signals.ticks if camera in row["frames"]]
        self._camera, self._first = camera, frames[0]["sequence"]
        self._numbers = frames[-1]["sequence"] - self._first + 1
        self._captured = {frame["sequence"]: frame["captured_at"] for frame in frames}
        self._times, self._joints, self._gripper = signals.times, signals.joints, signals.gripper

    def arm(self, frames: FrameSet, now: ArmState, model: ArmModel) -> ArmState:
        """As it is in these pictures; as it is now where they do not tell."""
        frame = frames.frames.get(self._camera)
        number = None if frame is None else self._first + (frame.sequence - self._first) % self._numbers
        if number not in self._captured:
            return now
        then = self._captured[number]
        joints = np.array([np.interp(then, self._times, joint) for joint in self._joints.T])
        width, force = (float(np.interp(then, self._times, each)) for each in self._gripper.T)
        return replace(
            now, joints=joints, T_base_tool=forward(model, joints), gripper_width=width, gripper_force=force,
            measured_at=frames.captured_at,
        )  # fmt: skip


class Replayed:
    """The session's eyes on a rig whose cameras replay. Follows the `Seeing` protocol."""

    def __init__(self, sight: Tracking, rig: Rig, recorded: Recorded) -> None:
        self._rig, self._watch, self._recorded = rig, Watch(rig, sight.follower), recorded
        self._stopwatch = HostClock()
        self.frames, self.work_s = FrameSet({}), 0.0

    def __call__(self, now: float) -> dict[str, ObjectState]:
        begin = self._stopwatch.now()
        self.frames = self._rig.see()
        arm = self._recorded.arm(self.frames, self._rig.feel(), self._rig.arm.model)
        states = self._watch.step(self.frames, arm, now)
        self.work_s = self._stopwatch.now() - begin
        return states

    def raw(self) -> dict[str, ObjectState]:
        return dict(self._watch.last.states)


class Loop:
    """An episode in a folder, and everything that is needed to run on its pictures."""

    def __init__(self, folder: Path, config: RigConfig, seed: int) -> None:
        if folder.exists():
            raise DynacollectError(f"{folder} exists already; name a new folder with --out")
        self.folder, self.seed = folder, seed
        self._wish = Wish(1, Kind("pick", OBJECT, 2, 0, "middle"), SPEED, seed)
        self._settings = Settings(config, ("pick",), (OBJECT,), 1, seed, "vision", True)
        with open_rig(config, seed=seed) as rig:
            self._models = Truth(rig).camera_models
            self.sight = Tracking(rig, self._models)
            self.sight.learn((OBJECT,))
            setting = Setting(rig, self.sight, seed)
            scene = setting.set(self._wish, 0)
            if scene is None or setting.launch(self._wish, scene) is None:
                raise DynacollectError("the episode to replay could not be set out; try another --seed")
            self.scene = scene
            self._attempt(rig, self.sight, Board(Summary("loop", "cell", rig.arm.model.name)), self.folder / "recorded")
        path = self.folder / "recorded" / "episodes" / "000001"
        self._recorded = Recorded(path, next(name for name, one in config.cameras.items() if one.mount == "fixed"))
        cameras = {
            name: FilesCamera.model_validate({"driver": "files", "path": str(path), "camera": name, "loop": True})
            for name in config.cameras
        }
        self.config = config.model_copy(update={"cameras": cameras})

    def stretch(self, number: int, seconds: float, kept: list[float], *, looked_at: bool) -> Stretch:
        """At least so long."""
        board, clock = Board(Summary("loop", "cell", "")), HostClock()
        works, ticks = list[float](), 0
        with open_rig(self.config, seed=self.seed, realtime=True) as rig:
            rig.stage.prepare(self.seed)
            sight = Replayed(self.sight, rig, self._recorded)
            with watched(board, tuple(self.config.cameras)) if looked_at else nullcontext():
                begin = clock.now()
                while clock.now() < begin + seconds:
                    folder = self.folder / f"{number}_{'on' if looked_at else 'off'}_{ticks}"
                    attempt = self._attempt(rig, sight, board, folder)
                    works += attempt.course.works[SETTLED:]
                    ticks += attempt.course.ticks
        kept += works
        # The cell's clock waits for whoever is late, so lateness is told from the work itself.
        missed = sum(work > 1e3 * PERIOD_S for work in works)
        return Stretch(looked_at, len(works), missed, float(np.median(works)), float(np.quantile(works, 0.99)))

    def _attempt(self, rig: Rig, sight: Seeing, board: Board, folder: Path) -> Attempt:
        scene: Scene = self.scene
        folder.mkdir(parents=True)
        log, stop = Log(folder, board), Stop()
        recording = Recorder(folder, rig.clock).begin(
            head_of(rig, replace(self._settings, rig=rig.config), self._wish, scene, self._models, None)
        )
        supervisor = Supervisor(rig, {}, log, stop, 0.0)
        attempt = Attempt(rig, sight, supervisor, stop, board, self._wish, scene, recording)
        attempt.run(expert_for(rig, "pick", "intercept", scene.names, scene.targets))
        recording.commit(Verdict(None, 0.0, "a bench"))
        log.close()
        return attempt


def bench_loop(folder: Path, config: RigConfig, seed: int, seconds: float, rounds: int) -> LoopCost:
    """`rounds` times without and with a monitor, `seconds` each."""
    loop, works, found = Loop(folder, config, seed), list[float](), list[Stretch]()
    for number in range(rounds):
        for looked_at in (False, True):
            found.append(loop.stretch(number, seconds, works, looked_at=looked_at))
    offs, ons = (np.array([one.median_ms for one in found if one.watched == each]) for each in (False, True))
    return LoopCost(
        len(config.cameras), sum(one.ticks for one in found), sum(one.missed for one in found),
        float(np.median(works)), float(np.quantile(works, 0.99)), float(np.max(works)),
        float(np.median(ons / offs)) - 1.0, tuple(found),
    )  # fmt: skip
