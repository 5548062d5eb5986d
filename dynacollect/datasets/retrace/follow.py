"""An arm sent along a recorded way, with nobody looking: the same motion and orders, through the same gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ...controllers.episode import lag_of
from ...controllers.safety import Safety
from ...controllers.stopping import Stopper
from ...controllers.streaming.course import STEP_S
from ...controllers.visiting import Visitor
from ...rig.arms.kinematics import forward
from ...rig.clock import Ticker
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Grip, SetPoints, Vector
from ...rig.rig import Rig
from ..raw.signals import pose_row
from .way import Course, Way, gentle

KNOWN_S = 0.12
"""So far ahead goes what the arm is sent; behind it comes a stop."""
SETTLES_S = 0.8

Halt = Callable[[], str]
"""Why the arm must not go on; empty while it may."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Between the tool as recorded and as it was now, at the same ticks."""

    rms_mm: float
    max_mm: float
    rms_deg: float
    max_deg: float
    late_ms: float
    """By so much it was behind, which is a part of the millimetres."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How it went."""

    episode: str
    shadow: bool
    pace: float
    """Share of the recorded speed; less than was asked for where the arm's limits want it."""
    recorded_s: float
    took_s: float
    ticks: int
    apart: Apart | None
    """Of the arm, or in shadow mode of what would have been sent; None where it did not begin."""
    stopped: str = ""
    """Why it ended before its end."""


def retrace(rig: Rig, way: Way, *, speed: float = 1.0, shadow: bool = False, halt: Halt | None = None) -> Followed:
    """Bring the arm to where the way begins, and send it along; it is left in a hold. In shadow mode nothing is sent.

    The first thing that safety does not let through ends it: what comes after was meant for an arm elsewhere.
    """
    model = rig.arm.model
    refuse_other_arm(way, rig.config)
    halt = halt or (lambda: "")
    course = Course.of(way, model, speed, lag_of(rig.config, model.command_delay))
    run = _Run(rig, course, shadow, halt)
    if not shadow:
        fingers = Grip(min(way.opening, model.gripper.max_width), model.gripper.min_force)
        if why := Visitor(rig, grip=fingers, halt=halt).return_to(course.joints[0]):
            return run.ended(0.0, f"the arm does not get to where it begins: {why}")
    return run.followed()


def refuse_other_arm(way: Way, config: RigConfig) -> None:
    """Joints of one arm are nothing to another."""
    if way.robot != config.arm.model:
        raise DynacollectError(
            f"{way.name} is of {way.robot}, and {config.name} has {config.arm.model}; name a rig with that arm"
        )


class _Run:
    def __init__(self, rig: Rig, course: Course, shadow: bool, halt: Halt) -> None:
        self._rig, self._course, self._shadow, self._halt = rig, course, shadow, halt
        self._safety = Safety(rig.config.safety, rig.arm.model, shadow=shadow)
        self._stopper = Stopper(gentle(rig.arm.model))
        self._ticks: list[float] = []
        self._poses: list[list[float]] = []

    def followed(self) -> Followed:
        clock, course = self._rig.clock, self._course
        begin = clock.now()
        self._safety.start(course.joints[0], begin)
        ticker, why = Ticker(clock, STEP_S, start=begin), ""
        end = len(course.joints) * self._stopper.period + SETTLES_S
        while not why and (now := ticker.next().started) < begin + end:
            why = self._tick(now, begin)
        if not self._shadow:
            self._rig.arm.stop()
        return self.ended(clock.now() - begin, why)

    def ended(self, took_s: float, why: str) -> Followed:
        way = self._course.way
        return Followed(
            way.name, self._shadow, self._course.pace, STEP_S * way.last, took_s, len(self._ticks), self._apart(), why
        )

    def _tick(self, now: float, begin: float) -> str:
        """Why it must end; empty while it need not."""
        arm = self._rig.feel()
        if why := self._halt() or (f"the arm reports {arm.fault.name}" if arm.fault else ""):
            return why
        setpoints = self._setpoints(now, begin)
        passed = self._safety.check(setpoints, arm, now, arm.measured_at)
        if passed.send:
            self._rig.arm.command(passed.setpoints)
        self._note(arm, passed.setpoints, now, begin)
        return next((f"safety: {one.reason} {one.detail}" for one in passed.interventions if one.reason != "grip"), "")

    def _setpoints(self, now: float, begin: float) -> SetPoints:
        """From the point of the grid that has begun: the next stretch and a stop, or the last stretch to its end."""
        joints, period = self._course.joints, self._stopper.period
        first = int((now - begin) / period + 1e-6)
        end = first + round(KNOWN_S / period) + 1
        part = joints[first:end] if first < len(joints) - 1 else np.repeat(joints[-1:], 2, axis=0)
        stop = self._stopper.stop(part[-3:]) if end < len(joints) else None
        part = part if stop is None else np.concatenate([part, stop])
        times = np.asarray(begin + period * (first + np.arange(len(part))), np.float64)
        return SetPoints(times, part, self._course.grip(now - begin))

    def _note(self, arm: ArmState, setpoints: SetPoints, now: float, begin: float) -> None:
        """Where the tool is; in shadow mode, where it would be once the arm's lag has passed."""
        pose, at = arm.T_base_tool, arm.measured_at
        if self._shadow:
            pose, at = forward(self._rig.arm.model, setpoints.joints[0]), now + self._course.lead_s
        self._ticks.append(self._course.tick(at - begin))
        self._poses.append(pose_row(pose))

    def _apart(self) -> Apart | None:
        """While it was under way."""
        way, ticks = self._course.way, np.array(self._ticks)
        under_way = (ticks >= 0) & (ticks <= way.last)
        if not under_way.any():
            return None
        now, then = np.array(self._poses)[under_way], way.tool_at(ticks[under_way])
        mm = 1e3 * np.linalg.norm(now[:, :3] - then[:, :3], axis=1)
        turns = Rotation.from_quat(now[:, 3:]).inv() * Rotation.from_quat(then[:, 3:])
        deg = np.degrees(turns.magnitude())
        rms = (float(np.sqrt(np.mean(values**2))) for values in (mm, deg))
        late_s = self._late_s(now[:, :3] - then[:, :3], ticks[under_way])
        return Apart(next(rms), float(mm.max()), next(rms), float(deg.max()), 1e3 * late_s)

    def _late_s(self, off: Vector, ticks: Vector) -> float:
        """The delay that best explains by how much the tool was off (n, 3)."""
        way = self._course.way
        speed = (way.tool_at(ticks + 0.5) - way.tool_at(ticks - 0.5))[:, :3] * self._course.pace / STEP_S
        return float(-np.sum(off * speed) / max(np.sum(speed * speed), 1e-12))
