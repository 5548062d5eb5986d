"""Recording: the controller hands over its ticks and never waits; an episode is kept whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from queue import Full, Queue
from threading import Thread

import numpy as np

from ...rig.arms import ARMS
from ...rig.clock import Clock, wall_time
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Fault, Image, SetPoints, Tick, Verdict
from .disk import NEWEST, foreseen, guard, refused, size_of, sizes
from .durable import named, written
from .places import EPISODES, IN_FLIGHT, highest, put_over
from .record import FILE, SIGNALS, Ending, EpisodeRecord, Head, KeptFile, Video, kept_file
from .signals import INFO, WARNING, SignalsWriter
from .video import GOP, BehindError, VideoWriter, until_none

WAITING = 512
"""Rows that may wait to be written."""


class EpisodeLostError(DynacollectError):
    """An episode could not be kept; those before it are not touched."""


class _NotWholeError(Exception):
    """Something of an episode is missing."""


class Recorder:
    """Keeps the episodes of one session: `episodes/000001` and so on in its folder."""

    def __init__(self, session: Path, clock: Clock) -> None:
        self.episodes, self._aside = session / EPISODES, session / IN_FLIGHT
        self.discarded = 0
        """Episodes that were not kept, since this recorder began."""
        self._clock = clock
        try:
            self.episodes.mkdir(parents=True, exist_ok=True)
            self._next = highest(session) + 1
            self.left_over = put_over(session)
            """What a killed process had in flight, out of the way now; `dataset repair --in-flight` reads it."""
            self._aside.mkdir(exist_ok=True)
            self._sizes = deque(sizes(self.episodes), NEWEST)
        except OSError as error:
            raise DynacollectError(
                f"cannot write to {session} ({error}); name a folder that can be written to"
            ) from error

    def begin(self, head: Head) -> Recording:
        """A new episode under a number that nothing ever had; refused while the disk has no room for it."""
        guard(self.episodes, self._sizes)
        aside = self._aside / f"{self._next:06d}"
        try:
            aside.mkdir()
        except OSError as error:
            raise refused(self.episodes, error) from error
        self._next += 1
        return Recording(head, int(aside.name), aside, self._clock, self._kept, self._dropped)

    def forecast(self, count: int) -> tuple[int, int]:
        """Bytes that so many more episodes will take, and bytes that are free for them."""
        return foreseen(self.episodes, self._sizes, count)

    def _kept(self, aside: Path) -> Path:
        size, final = size_of(aside), self.episodes / aside.name
        named(aside, final)
        self._sizes.append(size)
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

    def before(self, pictures: Mapping[str, Image]) -> None:
        """What cameras showed before the first tick: a tick that lacks a picture repeats the one before it."""
        self._last.update(pictures)

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
        try:
            self._file(verdict)
            return self._keep(self._aside)
        except OSError as error:
            reason = f"it could not be written ({error})"
        except _NotWholeError as error:
            reason = str(error)
        self._drop(self._aside)
        raise EpisodeLostError(f"episode {self.number} is not kept: {reason}; all before it are safe")

    def discard(self) -> None:
        """Leave nothing of it."""
        self._end_videos(abandon=True)
        self._end_rows()
        self._drop(self._aside)

    def _file(self, verdict: Verdict) -> None:
        """All files of it are on the disk, the record last."""
        try:
            self._end_videos(abandon=self.failed is not None)
            self._refuse_what_is_not_whole()
            record = self._record(verdict)
            self._rows.put(lambda signals: signals.about(record))
        finally:
            self._end_rows()
        self._refuse_what_is_not_whole()
        record = record.model_copy(update={"signals": kept_file(self._aside / SIGNALS)})
        written(self._aside / FILE, record.model_dump_json(indent=1))

    def _refuse_what_is_not_whole(self) -> None:
        short = [name for name, video in self._videos.items() if not video.written == len(video.sums) == self.ticks]
        reason = self.failed or ("it has no ticks" if not self.ticks else None)
        reason = reason or (f"the video of {short[0]} is too short" if short else None)
        if reason is not None:
            raise _NotWholeError(reason)

    def _record(self, verdict: Verdict) -> EpisodeRecord:
        """What is known before the signals are complete."""
        head = self.head
        return EpisodeRecord(
            number=self.number, id=uuid.uuid4().hex, task=head.task, instructions=head.instructions, robot=head.robot,
            fps=head.fps, ticks=self.ticks, started=datetime.fromtimestamp(self._began, UTC).isoformat(),
            wall_minus_clock=self._offset, things=head.things,
            verdict=Ending(success=verdict.success, confidence=verdict.confidence, reason=verdict.reason),
            phases=tuple(self._phases), faults=tuple(self._faults), seeds=head.seeds,
            videos={name: _video(video) for name, video in self._videos.items()},
            signals=KeptFile(file=SIGNALS, bytes=0, sha256=""), provenance=head.provenance,
        )  # fmt: skip

    def _row(self, write: Callable[[SignalsWriter], None]) -> None:
        try:
            self._rows.put_nowait(write)
        except Full:
            self._fail(f"{WAITING} rows wait to be written")

    def _fail(self, reason: str) -> None:
        self._reason = self._reason or reason

    def _end_videos(self, abandon: bool) -> None:
        for video in self._videos.values():
            video.close(abandon)
        self._last.clear()

    def _end_rows(self) -> None:
        self._rows.put(None)
        self._thread.join()

    def _write(self, begin: float) -> None:
        rows = until_none(self._rows)
        try:
            signals = SignalsWriter(self._aside / SIGNALS, self._offset)
            try:
                signals.cameras(self.head.cameras, begin, ARMS.get(self.head.robot))
                for row in rows:
                    row(signals)
            finally:
                signals.close()
        except Exception as error:  # noqa: BLE001 # because whatever stops the writer must reach the recorder
            # With its traceback it would hold the rows.
            self._error = error.with_traceback(None)
        # Nobody shall wait for a thread that has ended.
        for _ in rows:
            pass


def _video(video: VideoWriter) -> Video:
    kept = kept_file(video.path)
    return Video(
        **kept.model_dump(), width=video.width, height=video.height, codec="h264", gop=GOP, sums=tuple(video.sums)
    )
