"""Frames of several free-running cameras, put together by when they were captured."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from .errors import DynacollectError
from .nouns import Frame, FrameSet

_DEPTH = 8


class Pairer:
    """Keeps the last frames of each camera and makes one FrameSet a tick.

    What a control loop needs. Cameras run freely, each at its own phase and latency, so "the newest of each" may lie a
    period and more apart, and swaps its partners whenever a frame arrives around the tick. Captures are what belongs
    together, not arrivals. With n cameras of period T the best set spreads over at most (1 - 1/n) T: 20 ms for two and
    27 ms for three at 25 Hz. `hard` should be no less, or sets stay incomplete for good at unlucky phases.

    The rule. A set stands for one instant: its oldest capture. A camera takes part with its first frame captured within
    `hard` seconds from that instant. Of all instants the one wins that has most cameras, then the newest.
    - A camera without such a frame is `missing`; one more than `soft` after the instant is `late`. So `late` is empty
      exactly when the skew is within `soft`, and the skew is never above `hard`.
    - No frame is in two sets: each must be newer than its camera's last one used, and newer than the `captured_at` of
      the set before. Hence the sets' `captured_at` grows strictly. A set with no frame at all is possible.
    - A loop that acts wants now rather than everybody: frames captured more than `patience` seconds before the newest
      one are out, so a camera that lags drops out and cannot drag the others into the past.
    """

    def __init__(self, cameras: Sequence[str], soft: float, hard: float, *, patience: float = 0.12) -> None:
        if not 0.0 <= soft <= hard <= patience:
            raise ValueError(f"need 0 <= soft <= hard <= patience, got {soft}, {hard}, {patience}")
        self.cameras = tuple(cameras)
        self.soft = soft
        self.hard = hard
        self.patience = patience
        self._waiting: dict[str, deque[Frame]] = {name: deque(maxlen=_DEPTH) for name in self.cameras}
        self._used: dict[str, float] = dict.fromkeys(self.cameras, float("-inf"))
        self._last = float("-inf")

    def offer(self, frame: Frame) -> bool:
        """Take a frame in; False for one that is no news, or that claims to be captured after it arrived."""
        waiting = self._waiting.get(frame.camera)
        if waiting is None:
            raise DynacollectError(self._unknown(frame.camera))
        newest = waiting[-1].captured_at if waiting else self._used[frame.camera]
        # A stamp from the future would shut out every true frame until that future has come.
        if not newest < frame.captured_at <= frame.arrived_at + self.hard:
            return False
        waiting.append(frame)
        return True

    def pair(self, at: float | None = None) -> FrameSet:
        """The set for now; with `at`, from the frames that had arrived by then."""
        fresh = {name: self._fresh(name, at) for name in self.cameras}
        chosen = self._choose(fresh)
        for name, frame in chosen.items():
            self._used[name] = frame.captured_at
        self._forget()
        first = min((frame.captured_at for frame in chosen.values()), default=0.0)
        frames = FrameSet(
            frames=chosen,
            missing=tuple(name for name in self.cameras if name not in chosen),
            late=tuple(name for name, frame in chosen.items() if frame.captured_at - first > self.soft),
        )
        if chosen:
            self._last = frames.captured_at
        return frames

    def _fresh(self, name: str, at: float | None) -> list[Frame]:
        after = max(self._last, self._used[name])
        return [
            frame
            for frame in self._waiting[name]
            if frame.captured_at > after and (at is None or frame.arrived_at <= at)
        ]

    def _choose(self, fresh: dict[str, list[Frame]]) -> dict[str, Frame]:
        instants = sorted({frame.captured_at for frames in fresh.values() for frame in frames}, reverse=True)
        best: dict[str, Frame] = {}
        for instant in instants:
            if instant < instants[0] - self.patience:
                break
            candidate = self._from(instant, fresh)
            if len(candidate) > len(best):
                best = candidate
        return best

    def _from(self, instant: float, fresh: dict[str, list[Frame]]) -> dict[str, Frame]:
        chosen = {name: _first_within(frames, instant, instant + self.hard) for name, frames in fresh.items()}
        return {name: frame for name, frame in chosen.items() if frame is not None}

    def _forget(self) -> None:
        for name, waiting in self._waiting.items():
            while waiting and waiting[0].captured_at <= self._used[name]:
                waiting.popleft()

    def _unknown(self, camera: str) -> str:
        near = get_close_matches(camera, self.cameras, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return f"No camera {camera!r} is paired here, only {', '.join(self.cameras)}{hint}"


def _first_within(frames: Iterable[Frame], begin: float, end: float) -> Frame | None:
    return next((frame for frame in frames if begin <= frame.captured_at <= end), None)
