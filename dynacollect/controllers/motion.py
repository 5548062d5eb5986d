"""From commands to set-points: one smooth motion that every tick may redirect and that always ends in standstill."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.arms.model import ArmModel
from ..rig.nouns import Command, Grip, SetPoints, Vector
from .ik import GOAL_MARGIN, InverseKinematics, Solution
from .line import Line, gap
from .profile import Limits, Moving, Plan, Planner, Replayed, Smooth, State, Still
from .seeds import Seeds

LIMITS_SHARE = 0.95
TOOL_SPEED = 1.7
MAX_TILT = 0.75
"""Radians that the hand may lean against a goal that still counts as reached."""
MAX_TURN = 0.1
BRANCH_JUMP, SMALL_CHANGE = 1.0, 0.1
"""A joint that leaps by so many radians for a pose that changed by less than so many metres (radians count 0.3)."""
CORRECTION_RAD, CORRECTION_EASE = 0.015, 1.6
"""Where the goal moves, corrections are eased when less than this many times the least time for such a turn is left."""
NEWS_M, LEAST_TRUST = 0.01, 0.2
"""A goal that leaps farther is followed as it is; and the least share of its news that is tried."""
MEETINGS, ON_TIME_S = 2, 1e-3
RESERVE, GENTLEST = 1.1, 0.5
"""A motion with time to spare takes it in full but for this factor, down to this share of its quickest pace."""
SEEDS, NEAR_M = 24, 0.12
"""How many solved poses are remembered, and how near one must be for a few steps to do."""
LONGEST_S = 20.0
"""No motion is drawn out for longer, however late its goal shall be reached."""
ON_GRID = 1e-6
EVEN_S = 0.01
"""Over so long a time the change of joint speeds at a goal that moves is taken."""
NO_WAY = "no motion within the limits"


@dataclass(frozen=True, slots=True)
class _Goal:
    joints: Vector
    velocity: Vector
    acceleration: Vector
    pose: Vector | None
    """(4, 4), base frame."""


class Motion:
    """Commands in, set-points out.

    Set-points stand on the arm's own grid: whole periods after `start`. A new command takes over at the first grid
    time that is not past; up to there the motion before it stands, so position, velocity and acceleration are
    continuous.
    """

    def __init__(
        self, arm: ArmModel, *, table_z: float = 0.0, collision: bool = True, share: float = LIMITS_SHARE,
        tool_speed: float = TOOL_SPEED,
    ) -> None:  # fmt: skip
        self.arm, self._tool_speed = arm, tool_speed
        self.period = 1.0 / arm.rate_hz
        self.solution: Solution | None = None
        """What the last tool goal came to."""
        self.refused = ""
        """Why the last command was not followed; empty where it was."""
        self._ik = InverseKinematics(arm, table_z, collision)
        self._planner = Planner(arm.joints)
        self._limits = Limits.of(arm, share)
        self._settle = CORRECTION_EASE * self._least_correction()
        self.start(arm.home, 0.0)

    def start(self, joints: Vector, now: float) -> None:
        """The arm is at rest here."""
        joints = np.array(joints, dtype=float)
        self._epoch = now
        self._plan = Plan((now,), (Still(joints),))
        self._limits = Limits(
            np.minimum(self.arm.lower, joints), np.maximum(self.arm.upper, joints), self._limits.velocity,
            self._limits.acceleration, self._limits.jerk,
        )  # fmt: skip
        self._command: Command | None = None
        self._goal = self._still_goal(joints)
        self._seed = joints
        self._busy_until = -inf
        self._line: Line | None = None
        self._seeds = Seeds(SEEDS, self.arm.joints)
        self._sent: SetPoints | None = None
        self._fresh: tuple[float, Vector, Vector] | None = None
        self._before: tuple[Plan, SetPoints | None, Command | None] = (self._plan, None, None)

    def towards(self, command: Command, now: float) -> SetPoints:
        """Set-points for this command from now on; a part that is None goes on as it was."""
        self._before = (self._plan, self._sent, self._command)
        self.refused = ""
        if now < self._busy_until - ON_GRID:
            self.refused = "stopping"
        elif not _is_sound(command, self.arm.joints):
            self.refused = "a number of the command is NaN, infinite, or of the wrong shape"
        elif command.T_base_tool is not None:
            if not self._is_same(command) and self._go_to_pose(command, command.T_base_tool.as_matrix(), now):
                self._command = command
        elif command.joints is not None:
            self._go_to_joints(command, command.joints, now)
        return self._emit(now, command.grip)

    def halt(self, now: float) -> SetPoints:
        """The quickest jerk-limited stop; fingers as they are."""
        self._before = (self._plan, self._sent, self._command)
        start = self._grid_after(now)
        stop = self._planner.stop(self._plan.at(start), self._limits) if now >= self._busy_until else None
        if stop is not None:
            self._take(self._plan.then(start, stop), now)
        self._command = None
        return self._emit(now, None)

    def forked(self) -> Motion:
        """One that goes on from here by itself, to foresee what commands would come to."""
        other = copy(self)
        other._seeds = deepcopy(self._seeds)
        return other

    def commanded(self, now: float) -> State:
        """Joint position, velocity and acceleration of the set-points in force at a time."""
        return self._plan.at(now)

    def arrived(self, now: float) -> bool:
        """The motion in force is at its end, but for a moment."""
        return self._plan.end - now < 2 * self.period

    def time_to(self, T_base_tool: RigidTransform, now: float, velocity: Vector | None = None) -> float:
        """Least seconds from the commanded state at `now` to a tool pose and velocity; inf if out of reach."""
        solution = self._probed(T_base_tool.as_matrix())
        if not _is_reached(solution):
            return inf
        start = self._grid_after(now)
        goal = self._moving_goal(solution.joints, velocity, None)
        motion = self._reach(self._plan.at(start), goal, 0.0)
        return inf if motion is None else start - now + motion.duration

    def reachable(self, T_base_tool: RigidTransform) -> bool:
        """The arm can put its tool there, leaning by no more than `MAX_TILT`."""
        return _is_reached(self._probed(T_base_tool.as_matrix()))

    def joints_for(self, T_base_tool: RigidTransform) -> Vector | None:
        """Joints that put the tool there, leaning as `reachable` allows."""
        solution = self._probed(T_base_tool.as_matrix())
        return solution.joints if _is_reached(solution) else None

    def adopt(self, setpoints: SetPoints) -> None:
        """These went to the arm in place of the last ones: safety kept those before them, or stopped the arm.

        A stop is not redirected: commands take hold again once the arm stands.
        """
        if self._sent is not None and setpoints.joints is self._sent.joints:
            return
        plan, sent, command = self._before
        if sent is not None and setpoints.joints is sent.joints:
            self._plan, self._sent, self._command, self._fresh = plan, sent, command, None
            self._line = None
            return
        begin, joints = float(setpoints.times[0]), setpoints.joints[-1]
        self.start(joints, begin)
        self._plan = Plan((begin,), (Replayed(setpoints),))
        self._sent, self._busy_until = setpoints, float(setpoints.times[-1])

    def _is_same(self, command: Command) -> bool:
        last = self._command
        if last is None or command.joints is not None or last.T_base_tool is None or command.T_base_tool is None:
            return False
        same_speed = np.array_equal(_or_still(command.velocity), _or_still(last.velocity))
        same_pose = np.array_equal(command.T_base_tool.as_matrix(), last.T_base_tool.as_matrix())
        return same_pose and same_speed and command.reach_at == last.reach_at

    def _go_to_joints(self, command: Command, joints: Vector, now: float) -> None:
        wanted = np.asarray(joints, dtype=float)
        inside = np.clip(wanted, self.arm.lower + GOAL_MARGIN, self.arm.upper - GOAL_MARGIN)
        goal = self._still_goal(inside)
        start = self._grid_after(now)
        motion = self._reach(self._plan.at(start), goal, self._left(command, start))
        if motion is not None and self._follow(start, motion, now):
            self._goal, self._command, self._seed = goal, None, goal.joints
        else:
            self.refused = NO_WAY

    def _go_to_pose(self, command: Command, pose: Vector, now: float) -> bool:
        """Plan to a tool pose; False leaves the plan as it is."""
        start = self._grid_after(now)
        if command.reach_at is not None and command.velocity is not None and np.any(command.velocity):
            return self._meet(Line(pose, command.velocity, command.reach_at), start, now)
        self._line = None
        goal, motion = self._towards_pose(pose, command.velocity, start, self._left(command, start))
        return goal is not None and self._accept(goal, motion, start, self._left(command, start), now)

    def _meet(self, line: Line, start: float, now: float) -> bool:
        """Plan to meet a goal that moves, in time and at its speed.

        Where its news is small but cannot be made up for in time, less of it is followed: being off by that little is
        better than being late. What is late all the same is met later on its line.
        """
        left = min(line.reach_at - start, LONGEST_S)
        for trust in self._trusts(line, left):
            followed = line if self._line is None else line.blended(self._line, trust)
            if trust == 0.0 and self._line is not None and self._line.reach_at == line.reach_at and left > 0.0:
                return True
            goal, motion = self._towards_pose(followed.pose, line.velocity, start, max(0.0, left))
            if motion is not None and motion.duration < left + ON_TIME_S:
                return self._accept_line(followed, goal, motion, start, now)
        return self._meet_late(line, start, now)

    def _meet_late(self, line: Line, start: float, now: float) -> bool:
        lead, goal, motion = min(max(0.0, line.reach_at - start), LONGEST_S), None, None
        for _ in range(MEETINGS):
            goal, motion = self._towards_pose(line.at(start + lead), line.velocity, start, lead)
            if motion is None or motion.duration < lead + ON_TIME_S:
                break
            lead = motion.duration
        return self._accept_line(line, goal, motion, start, now)

    def _trusts(self, line: Line, left: float) -> tuple[float, ...]:
        """How much of a goal's news to follow, in order of preference: the less the less time is left."""
        if self._line is None or line.news(self._line) > NEWS_M:
            return (1.0,)
        full = min(1.0, max(LEAST_TRUST, left / self._settle))
        return (full, 0.25 * full, 0.0) if left < 2.0 * self._settle else (full,)

    def _accept_line(
        self, line: Line, goal: _Goal | None, motion: Moving | Smooth | None, start: float, now: float
    ) -> bool:
        if goal is None or not self._accept(goal, motion, start, line.reach_at - start, now):
            return False
        self._line = line
        return True

    def _towards_pose(
        self, pose: Vector, velocity: Vector | None, start: float, at_least: float
    ) -> tuple[_Goal | None, Moving | Smooth | None]:
        goal = self._goal_at(pose, velocity)
        return goal, None if goal is None else self._reach(self._plan.at(start), goal, at_least)

    def _accept(self, goal: _Goal, motion: Moving | Smooth | None, start: float, at_least: float, now: float) -> bool:
        """Take the motion; where it would leave the joints' range, the same with less speed at its end."""
        if motion is not None and self._follow(start, motion, now):
            self._goal = goal
            return True
        for share in (0.5, 0.0) if np.any(goal.velocity) else ():
            slower = _Goal(goal.joints, share * goal.velocity, share**2 * goal.acceleration, goal.pose)
            motion = self._reach(self._plan.at(start), slower, at_least)
            if motion is not None and self._follow(start, motion, now):
                self._goal = slower
                return True
        self.refused = NO_WAY
        return False

    def _least_correction(self) -> float:
        """Seconds that a turn of every joint by `CORRECTION_RAD` takes."""
        still = np.zeros(self.arm.joints)
        turn = self._planner.reach((still, still, still), still + CORRECTION_RAD, still, self._limits)
        return 0.0 if turn is None else turn.duration

    def _left(self, command: Command, start: float) -> float:
        """Seconds until the goal shall be reached; 0 is as soon as can be."""
        return 0.0 if command.reach_at is None else min(max(0.0, command.reach_at - start), LONGEST_S)

    def _goal_at(self, pose: Vector, velocity: Vector | None) -> _Goal | None:
        last = self._goal
        solution = self._ik.solve(self._seed, pose)
        self._seed = solution.joints
        jump = float(np.abs(solution.joints - last.joints).max())
        if jump > BRANCH_JUMP and last.pose is not None and gap(pose, last.pose) < SMALL_CHANGE:
            self._seed = last.joints
            self.refused = f"a joint would leap by {jump:.2f} rad"
            return None
        self.solution = solution
        self._seeds.add(pose, solution.joints)
        return self._moving_goal(solution.joints, velocity, pose)

    def _still_goal(self, joints: Vector, pose: Vector | None = None) -> _Goal:
        return _Goal(joints, np.zeros(self.arm.joints), np.zeros(self.arm.joints), pose)

    def _moving_goal(self, joints: Vector, velocity: Vector | None, pose: Vector | None) -> _Goal:
        """With joint rates for an even motion of the tool; slower where a joint would pass its limit."""
        if velocity is None or not np.any(velocity):
            return self._still_goal(joints, pose)
        speeds = self._ik.joint_velocity(joints, velocity)
        share = 1.0 / max(1.0, float(np.max(np.abs(speeds) / (0.98 * self._limits.velocity))))
        later = self._ik.joint_velocity(joints + EVEN_S * speeds, velocity)
        most = 0.5 * self._limits.acceleration
        return _Goal(joints, share * speeds, np.clip(share**2 * (later - speeds) / EVEN_S, -most, most), pose)

    def _follow(self, start: float, motion: Moving | Smooth, now: float) -> bool:
        """Make this motion, and a stop behind it, the plan if all its set-points are within the joints' range."""
        tail = self._planner.stop(motion.at(motion.duration), self._limits)
        return tail is not None and self._take(self._plan.then(start, motion, tail), now)

    def _reach(self, state: State, goal: _Goal, at_least: float) -> Moving | Smooth | None:
        """Within the tool's speed limit as well as the joints'."""
        motion = self._timed(state, goal, at_least)
        for _ in range(3):
            excess = 0.0 if motion is None else self._top_speed(motion) / self._tool_speed
            if motion is None or excess <= 1.0:
                break
            slower = max(at_least, motion.duration * (1.03 * excess))
            motion = self._timed(state, goal, slower) or motion
        return motion

    def _timed(self, state: State, goal: _Goal, at_least: float) -> Moving | Smooth | None:
        """As gently as the time allows, so that there is something left for corrections on the way."""
        quickest = self._planner.reach(state, goal.joints, goal.velocity, self._limits)
        if quickest is None or quickest.duration >= at_least:
            return quickest
        end = goal.joints, goal.velocity, goal.acceleration
        smooth = self._planner.smooth(state, end, self._limits, at_least)
        if smooth is not None:
            return smooth
        motion = self._planner.reach(state, goal.joints, goal.velocity, self._limits, at_least)
        pace = max(RESERVE * quickest.duration / at_least, GENTLEST)
        if pace >= 1.0:
            return motion
        limits = self._limits.slower(pace)
        gentle = self._planner.reach(state, goal.joints, goal.velocity, limits, at_least)
        on_time = at_least if motion is None else max(motion.duration, at_least)
        return gentle if gentle is not None and gentle.duration < on_time + ON_TIME_S else motion

    def _top_speed(self, motion: Moving | Smooth) -> float:
        """Of the tool, at a few times; only the middle where that is slow."""
        top = self._speed_at(motion, 0.5)
        if top > 0.6 * self._tool_speed:
            top = max(top, *(self._speed_at(motion, share) for share in (0.3, 0.7)))
        return top

    def _speed_at(self, motion: Moving | Smooth, share: float) -> float:
        position, velocity, _ = motion.at(share * motion.duration)
        return self._ik.tool_speed(position, velocity)

    def _probed(self, pose: Vector) -> Solution:
        """A quick solution where a near one is known, else a full one."""
        far, seed = self._seeds.nearest(pose)
        near = far <= NEAR_M
        solution = self._ik.quick(seed, pose) if near else self._ik.solve(self._goal.joints, pose)
        if solution.in_place and far > 0.1 * NEAR_M:
            self._seeds.add(pose, solution.joints)
        return solution

    def _take(self, plan: Plan, now: float) -> bool:
        """Make this the plan if all its set-points are within the joints' range."""
        times, joints = self._samples(plan, now)
        inside = bool(np.all(joints >= self._limits.lower) and np.all(joints <= self._limits.upper))
        if inside:
            self._plan, self._fresh = plan, (now, times, joints)
        return inside

    def _emit(self, now: float, grip: Grip | None) -> SetPoints:
        if self._fresh is None or self._fresh[0] != now:
            self._fresh = (now, *self._samples(self._plan, now))
        self._sent = SetPoints(self._fresh[1], self._fresh[2], grip)
        return self._sent

    def _samples(self, plan: Plan, now: float) -> tuple[Vector, Vector]:
        """Times and joints on the grid, from the last grid time that has begun until standstill."""
        first = floor((now - self._epoch) / self.period + ON_GRID)
        last = max(first + 1, ceil((plan.end - self._epoch) / self.period - ON_GRID))
        times = np.asarray(self._epoch + self.period * np.arange(first, last + 1), dtype=np.float64)
        return times, plan.positions(times)

    def _grid_after(self, now: float) -> float:
        return self._epoch + self.period * ceil((now - self._epoch) / self.period - ON_GRID)


def _is_reached(solution: Solution) -> bool:
    return solution.in_place and solution.tilt < MAX_TILT and solution.turn < MAX_TURN


def _is_sound(command: Command, joints: int) -> bool:
    """Everything about the goal is finite and of its shape."""
    pose = None if command.T_base_tool is None else command.T_base_tool.as_matrix()
    parts = ((pose, (4, 4)), (command.joints, (joints,)), (command.velocity, (3,)), (command.reach_at, ()))
    return all(part is None or (np.shape(part) == shape and np.all(np.isfinite(part))) for part, shape in parts)


def _or_still(velocity: Vector | None) -> Vector:
    return np.zeros(3) if velocity is None else velocity
