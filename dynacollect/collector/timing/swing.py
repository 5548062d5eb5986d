"""The arm swings about its base, and everything that goes with it is written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline

from ...calibration.lag import small
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Vector
from ...rig.rig import Rig
from ...rig.setpoint_memory import SetPointMemory

SWING_RAD, SWINGS = 0.22, 6
"""To either side of home, and how often there and back."""
KEEP_S = 120.0


@dataclass(slots=True, eq=False)
class Stream:
    """What came of one camera: a list of each."""

    captured_at: list[float] = field(default_factory=list)
    arrived_at: list[float] = field(default_factory=list)
    device_time: list[float] = field(default_factory=list)
    pictures: list[Vector] = field(default_factory=list)


class Swing:
    """One run of it."""

    def __init__(self, rig: Rig, tell: Callable[[int], None] = lambda _: None) -> None:
        self.streams: defaultdict[str, Stream] = defaultdict(Stream)
        self.times: list[float] = []
        self.angles: list[float] = []
        """Of the first joint, as measured."""
        self._rig, self._tell = rig, tell
        self._seen: dict[str, int] = {}
        self._sent = SetPointMemory(KEEP_S)

    def run(self) -> None:
        """From home and back there."""
        home = self._rig.arm.model.home
        visitor = Visitor(self._rig, heard=self._sent.add)
        self._must(visitor.return_to(home))
        for number in range(SWINGS):
            self._tell(number)
            for side in (SWING_RAD, -SWING_RAD):
                self._must(visitor.swing_to(home + side * np.eye(len(home))[0], self._watch))
        self._must(visitor.return_to(home))

    @property
    def way(self) -> CubicSpline:
        """The measured angle over its times."""
        return CubicSpline(self.times, self.angles)

    @property
    def wanted(self) -> CubicSpline:
        """The angle that was asked for."""
        times = np.arange(self.times[0], self.times[-1], 0.01)
        joints = [self._sent.at(float(time)) for time in times]
        known = [(time, joint[0]) for time, joint in zip(times, joints, strict=True) if joint is not None]
        return CubicSpline(*np.array(known).T)

    def _watch(self, arm: ArmState) -> None:
        if not self.times or arm.measured_at > self.times[-1]:
            self.times.append(arm.measured_at)
            self.angles.append(float(arm.joints[0]))
        for name, frame in self._rig.see().frames.items():
            if self._seen.get(name) != frame.sequence:
                self._seen[name] = frame.sequence
                stream = self.streams[name]
                stream.captured_at.append(frame.captured_at)
                stream.arrived_at.append(frame.arrived_at)
                stream.device_time.append(frame.device_time)
                stream.pictures.append(small(frame.image))

    def _must(self, why: str) -> None:
        if why:
            raise DynacollectError(f"the arm cannot swing: {why}; clear its way; see safety.box in rig.yaml")
