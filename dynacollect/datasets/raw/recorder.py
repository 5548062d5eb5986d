"""Recording: the controller hands over its ticks and never waits; an episode is kept whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Full, Queue
from threading import Thread

import numpy as np

from ...rig.clock import Clock, wall_time
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Fault, Image, SetPoints, Tick, Verdict
from .disk import guard, sizes
from .durable import digest, flushed, named, written
from .record import FILE, SIGNALS, Ending, EpisodeRecord, Head, KeptFile, Video
from .signals import INFO, WARNING, SignalsWriter
from .video import GOP, BehindError, VideoWriter, until_none

WAITING = 512
"""Rows that may wait to be written."""


class EpisodeLostError(DynacollectError):
    """An episode could not be kept; those before it are not touched."""


class Recorder:
    """Keeps the episodes of one session: `episodes/000001` and so on in its folder."""

    def __init__(self, session: Path, clock: Clock) -> None:
        self.episodes, self._aside = session / "episodes", session / "in_flight"
        self.discarded = 0
        """Episodes that were not kept, since this recorder began."""
        self._clock = clock
        try:
            self.episodes.mkdir(parents=True, exist_ok=True)
            # What a killed process left is no episode, and in nobody's way.
            shutil.rmtree(self._aside, ignore_errors=True)
            self._aside.mkdir()
        except OSError as error:
            raise DynacollectError(
                f"cannot write to {session} ({error}); name a folder that can be written to"
            ) from error
        numbers = [int(path.name) for path in self.episodes.iterdir() if path.name.isdigit()]
        self._next = max(numbers, default=0) + 1
        self._largest = max(sizes(self.episodes), default=None)

    def begin(self, head: Head) -> Recording:
        """A new episode; refused while the disk has no room for it."""
        guard(self.episodes, self._largest)
        number = self._next
        aside = self._aside / f"{number:06d}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        return Recording(head, number, aside, self._clock, self._kept, self._dropped)

    def _kept(self, aside: Path) -> Path:
        final = self.episodes / aside.name
        named(aside, final)
        self._next += 1
        size = sum(file.stat().st_size for file in final.iterdir())
        self._largest = max(self._largest or 0, size)
        return final

    def _dropped(self, aside: Path) -> None:
        self.discarded += 1
        shutil.rmtree(aside, ignore_errors=True)


class Recording:
    """The episode in flight."""

    def __init__(
        self, head: Head, number: int, aside: Path, clock: Clock, keep: Callable[[Path], Path],
        drop: Callable[[Path], None],
    ) -> None:  # fmt: skip
        self.head, self.number, self.ticks = head, number, 0
        self._aside, self._keep, self._drop = aside, keep, drop
        self._began = wall_time()
        self._offset = self._began - clock.now()
        self._last: dict[str, Image] = {}
        self._phases: list[tuple[int, str, str]] = []
        self._faults: list[tuple[float, str, str]] = []
        self._reason: str | None = None
        self._rows: Queue[Callable[[SignalsWriter], None] | None] = Queue(WAITING)
        self._error: BaseException | None = None
        self._videos = {
            name: VideoWriter(aside / f"{name}.mp4", model.width, model.height, head.fps)
            for name, model in head.cameras.items()
        }
        self._thread = Thread(target=self._write, args=(clock.now(),), name="write signals", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> str | None:
        """Why it can no longer be kept; the attempt may as well end."""
        if self._reason is None:
            errors = [video.error for video in self._videos.values()] + [self._error]
            first = next((error for error in errors if error is not None), None)
            self._reason = None if first is None else f"it could not be written ({first})"
        return self._reason

    @property
    def waiting(self) -> int:
        """Pictures that wait for the slowest encoder."""
        return max((video.waiting for video in self._videos.values()), default=0)

    def tick(self, tick: Tick) -> None:
        """Everything of one control step; its arrays must not be written to afterwards."""
        repeated = []
        try:
            for name, video in self._videos.items():
                frame = tick.frames.frames.get(name)
                if frame is None:
                    repeated.append(name)
                    image = self._last.get(name)
                    image = np.zeros((video.height, video.width, 3), np.uint8) if image is None else image
                else:
                    image = frame.image
                    if image.shape != (video.height, video.width, 3):
                        self._fail(
                            f"{name} sent {image.shape[1]}x{image.shape[0]} instead of {video.width}x{video.height}"
                        )
                        return
                self._last[name] = image
                video.put(image)
        except BehindError as error:
            self._fail(str(error))
            return
        self.ticks += 1
        self._row(lambda signals: signals.tick(tick, tuple(repeated)))

    def arm(self, state: ArmState) -> None:
        """What the arm reported between two ticks."""
        self._row(lambda signals: signals.arm(state))

    def setpoints(self, sent: SetPoints) -> None:
        """What was sent to the arm."""
        self._row(lambda signals: signals.setpoints(sent))

    def phase(self, time: float, name: str, reason: str) -> None:
        """The expert goes on to its next phase, with the next tick."""
        self._phases.append((self.ticks, name, reason))
        self._row(lambda signals: signals.log(time, INFO, name, reason))

    def fault(self, time: float, fault: Fault) -> None:
        self._faults.append((time, fault.name, fault.detail))
        self._row(lambda signals: signals.log(time, WARNING, fault.name, fault.detail))

    def commit(self, verdict: Verdict) -> Path:
        """Keep it: the directory returned is on the disk, whole. Else `EpisodeLostError`, and nothing of it is left."""
        self._close(abandon=self.failed is not None)
        short = [name for name, video in self._videos.items() if video.written != self.ticks]
        reason = self.failed or ("it has no ticks" if not self.ticks else None)
        reason = reason or (f"the video of {short[0]} is too short" if short else None)
        if reason is None:
            try:
                self._file(verdict)
                return self._keep(self._aside)
            except OSError as error:
                reason = f"it could not be written ({error})"
        self._drop(self._aside)
        raise EpisodeLostError(f"episode {self.number} is not kept: {reason}; all before it are safe")

    def discard(self) -> None:
        """Leave nothing of it."""
        self._close(abandon=True)
        self._drop(self._aside)

    def _file(self, verdict: Verdict) -> None:
        videos = {}
        for name, video in self._videos.items():
            kept = _kept(video.path)
            videos[name] = Video(
                **kept.model_dump(), width=video.width, height=video.height, codec="h264", gop=GOP
            )  # fmt: skip
        head = self.head
        record = EpisodeRecord(
            number=self.number, id=uuid.uuid4().hex, task=head.task, instructions=head.instructions, robot=head.robot,
            fps=head.fps, ticks=self.ticks, started=datetime.fromtimestamp(self._began, UTC).isoformat(),
            wall_minus_clock=self._offset, things=head.things,
            verdict=Ending(success=verdict.success, confidence=verdict.confidence, reason=verdict.reason),
            phases=tuple(self._phases), faults=tuple(self._faults), seeds=head.seeds, videos=videos,
            signals=_kept(self._aside / SIGNALS), provenance=head.provenance,
        )  # fmt: skip
        written(self._aside / FILE, record.model_dump_json(indent=1))

    def _row(self, write: Callable[[SignalsWriter], None]) -> None:
        try:
            self._rows.put_nowait(write)
        except Full:
            self._fail(f"{WAITING} rows wait to be written")

    def _fail(self, reason: str) -> None:
        self._reason = self._reason or reason

    def _close(self, abandon: bool) -> None:
        self._rows.put(None)
        for video in self._videos.values():
            video.close(abandon)
        self._thread.join()
        self._last.clear()

    def _write(self, begin: float) -> None:
        rows = until_none(self._rows)
        try:
            signals = SignalsWriter(self._aside / SIGNALS, self._offset)
            try:
                signals.cameras(self.head.cameras, begin)
                for row in rows:
                    row(signals)
            finally:
                signals.close()
        except Exception as error:  # noqa: BLE001 # because whatever stops the writer must reach the recorder
            self._error = error
        # Nobody shall wait for a thread that has ended.
        for _ in rows:
            pass


def _kept(path: Path) -> KeptFile:
    flushed(path)
    return KeptFile(file=path.name, bytes=path.stat().st_size, sha256=digest(path))
