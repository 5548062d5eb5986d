"""What the arm says, put together: joint vectors of one instant, and the newest of everything else."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..nouns import Vector
from .coding import Coding
from .frames import FEEL_12, FEEL_34, FEEL_56, MOTION, SHIFTED, Frame
from .readings import Fast, FirmwareText, Hand, Limits, Slow, Status, Stroke, TwoJoints

JOINTS = 6
IN_ORDER = [FEEL_12, FEEL_34, FEEL_56]
SPAN_SHARE = 0.5
"""The three joint frames of one instant come within this share of a period."""
KEPT_S = 1.0
TEXT_BYTES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The joints at one instant, with what else was known then; nothing in it changes any more."""

    joints: Vector
    times: tuple[float, float, float]
    """Of its three frames."""
    velocity: Vector
    torque: Vector
    width: float
    """As reported, m."""
    finger_torque: float

    @property
    def at(self) -> float:
        return sum(self.times) / 3.0


class Feedback:
    """Takes in frame after frame."""

    def __init__(self, coding: Coding, period: float) -> None:
        self._coding, self._span = coding, SPAN_SHARE * period
        self._set: list[tuple[int, TwoJoints, float]] = []
        self._velocity, self._torque = np.zeros(JOINTS), np.zeros(JOINTS)
        self._torn: deque[float] = deque()
        self._lost: deque[float] = deque()
        self._text = b""
        self.snapshots: deque[Snapshot] = deque(maxlen=400)
        """Not yet taken in by whoever watches, oldest first."""
        self.newest: Snapshot | None = None
        self.status: Status | None = None
        self.hand: Hand | None = None
        self.drives: dict[int, Slow] = {}
        self.limits: dict[int, Limits] = {}
        self.stroke: Stroke | None = None
        self.heard_at = float("-inf")
        """The last frame that a follower arm sends."""
        self.shifted_at = float("-inf")
        """The last frame that only an arm in leader mode sends."""
        self.other_master_at = float("-inf")
        """The last joint command that somebody else sent."""
        self.odd = 0
        """Frames of a wrong length."""

    @property
    def firmware(self) -> str:
        """As `S-V1.8-2`; empty until it was told."""
        begin = self._text.find(b"S-V")
        return self._text[begin : begin + 8].decode("ascii", "replace") if 0 <= begin <= len(self._text) - 8 else ""

    @property
    def enabled(self) -> list[bool]:
        """Of each joint; False where its drive has not spoken."""
        return [joint in self.drives and self.drives[joint].flags.ENABLED in self.drives[joint].flags
                for joint in range(JOINTS)]  # fmt: skip

    @property
    def temperature_c(self) -> float:
        return max((drive.temperature_c for drive in self.drives.values()), default=float("nan"))

    def torn(self, now: float) -> int:
        """Sets of joint frames in the last second that did not belong together."""
        return _recent(self._torn, now)

    def lost(self, now: float) -> int:
        """Sets of joint frames in the last second of which one is missing."""
        return _recent(self._lost, now)

    def forget(self) -> None:
        """What may have changed while nobody listened."""
        self.status, self.hand, self.stroke = None, None, None
        self.drives, self._text, self._set = {}, b"", []
        self.snapshots.clear()

    def take(self, frame: Frame) -> None:
        if frame.id in SHIFTED:
            self.shifted_at = frame.at
        elif frame.id in MOTION:
            self.other_master_at = frame.at
        else:
            self._take_own(frame)

    def _take_own(self, frame: Frame) -> None:
        reading = self._coding.read(frame)
        match reading:
            case None:
                self.odd += len(frame.data) != 8
                return
            case TwoJoints():
                self._join(frame, reading)
            case Fast():
                self._velocity[reading.joint], self._torque[reading.joint] = reading.velocity, reading.torque
            case Slow():
                self.drives[reading.joint] = reading
            case Status():
                self.status = reading
            case Hand():
                self.hand = reading
            case Stroke():
                self.stroke = reading
            case Limits():
                self.limits[reading.joint] = reading
            case FirmwareText():
                self._text = (self._text + reading.text)[-TEXT_BYTES:]
        self.heard_at = frame.at

    def _join(self, frame: Frame, part: TwoJoints) -> None:
        if self._set and frame.at - self._set[0][2] > self._span:
            self._close(frame.at)
        self._set.append((frame.id, part, frame.at))
        if frame.id == FEEL_56:
            self._close(frame.at)

    def _close(self, now: float) -> None:
        """The set is over: one instant's joints only where each frame came once, in order and soon."""
        ids, parts, times = zip(*self._set, strict=True)
        self._set = []
        if list(ids) == IN_ORDER and times[-1] - times[0] <= self._span:
            joints = np.array([angle for part in parts for angle in part.angles])
            self._add(joints, times)
        elif len(ids) < len(IN_ORDER) and list(ids) == sorted(set(ids)):
            self._lost.append(now)
        else:
            self._torn.append(now)

    def _add(self, joints: Vector, times: tuple[float, float, float]) -> None:
        hand = self.hand
        width, torque = (hand.width, hand.torque) if hand else (float("nan"), 0.0)
        self.newest = Snapshot(joints, times, self._velocity.copy(), self._torque.copy(), width, torque)
        self.snapshots.append(self.newest)


def _recent(times: deque[float], now: float) -> int:
    while times and times[0] < now - KEPT_S:
        times.popleft()
    return len(times)
