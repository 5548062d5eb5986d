"""The bound: could any motion within an arm's limits have been there in time? Of the episodes that the expert lost.

It knows the object's whole path beforehand, moves every joint by itself at full speed and acceleration with no jerk
limit, and asks only for one moment in which the open fingers are around the object with the object's velocity. What
it calls impossible no controller catches so; what it calls possible need not be.

It does not see grasps that do without the object's velocity (a hand that waits and snaps), other heights or other
arm postures for the same hand. For a pick, and for the first object of the other tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ..controllers.arrival import joint_velocities, joints_at, travel_times
from ..controllers.closing import ANGLES, down, grasp_height, widths_at
from ..controllers.episode import lag_of
from ..controllers.machine import TICK_S
from ..controllers.tasks import TASKS
from ..rig.arms import arm as arm_model
from ..rig.arms import kinematics
from ..rig.arms.model import ArmModel
from ..rig.cell.truth import Truth
from ..rig.config import Box
from ..rig.nouns import ObjectState, Vector
from ..rig.objects import catalogue
from ..rig.objects.model import ObjectModel
from ..rig.rig import open_rig
from .evaluation import Result, Settings, launch, request_of, seed_of
from .trials import BINS

PLAY_M = 0.002
"""The object is by so much narrower than the open fingers, at least."""
OPEN_M = 0.004
"""By which the fingers are open beyond the object's width as they begin to close."""
NEAR_M, TURNED = 0.003, np.deg2rad(10)
"""How far the tool may stay from its place, and the closing axis from its angle."""
AXES = 9
"""Closing axes tried for each place, at most."""
OVER_M = 0.02
"""Free height over the object where the hand comes from above."""
STANDING, SETTLED_S = 0.005, 0.5
"""Slower than this for so long is at rest, m/s; so long the path goes on off the table."""
FIRST_STEPS, NEXT_STEPS = 12, 3
"""Of the joints' search: from home, and from a grasp nearby."""
LEAN = np.deg2rad(35)
"""How far a hand that cannot point straight down at a place may lean there."""

Limit = Literal["reach", "stay", "speed", "acceleration"]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPath:
    """Where the object truly is, every tick, if nobody touches it; and the arm as the episode starts."""

    times: Vector
    """Seconds since the first command could be given (n,)."""
    states: tuple[ObjectState, ...]
    """One object again and again once it is at rest."""
    joints: Vector
    joint_velocity: Vector
    limit_s: float
    object: str
    launcher: str | None
    speed: float
    """At the release, m/s."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What was possible in one episode; the times from `available_s` on are of the meeting with the most slack."""

    possible: bool
    from_above: bool
    """Also if the hand must be with the object, free above it, before it goes down."""
    meet_s: float | None
    """The earliest meeting, since the episode's start."""
    available_s: float | None
    """From the start to the meeting, less the arm's lag."""
    least_s: float | None
    """What the slowest joint needs."""
    limit: Limit
    """Of the slowest joint; or that nothing is in reach, or not for long enough."""
    joint: int | None
    """The slowest, from 1."""
    reach_s: float
    """How long some grasp is in reach."""

    @property
    def slack_s(self) -> float | None:
        return None if self.available_s is None or self.least_s is None else self.available_s - self.least_s


@dataclass(frozen=True, slots=True)
class PossibleBin:
    lo: float
    hi: float
    n: int
    share_reached: float


@dataclass(frozen=True, slots=True)
class Possible:
    """The episodes that were possible at all, and the share of them that succeeded."""

    n: int
    share_reached: float
    by_speed: tuple[PossibleBin, ...]
    failed: dict[int, Bound]
    """By the episode's index."""


@dataclass(frozen=True, slots=True, eq=False)
class _Grasps:
    """Ways to have the hand at the object: one row each."""

    tick: NDArray[np.int_]
    way: NDArray[np.int_]
    """Which closing axis and half turn."""
    joints: Vector
    velocity: Vector


def possible_share(settings: Settings, results: Sequence[Result], workers: int = 1) -> Possible:
    """The figures for the episodes 0, 1, 2 ... of `settings`: successes are possible, failures are looked at."""
    failed = [index for index, result in enumerate(results) if not result.success]
    found = dict(zip(failed, bound(settings, failed, workers), strict=True))
    could = [result for index, result in enumerate(results) if result.success or found[index].possible]
    bins = [(lo, hi, [r.success for r in could if r.bin == number]) for number, (lo, hi) in enumerate(BINS)]
    return Possible(
        len(could),
        _share([result.success for result in could]),
        tuple(PossibleBin(lo, hi, len(members), _share(members)) for lo, hi, members in bins if members),
        found,
    )


def _share(wins: Sequence[bool]) -> float:
    return float(np.mean(wins)) if wins else float("nan")


def bound(settings: Settings, indices: Sequence[int], workers: int = 1) -> Iterator[Bound]:
    """What was possible in these episodes, in their order."""
    one = partial(bound_one, settings)
    if workers == 1 or len(indices) < 2:
        yield from map(one, indices)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(one, indices)


def bound_one(settings: Settings, index: int) -> Bound:
    """What was possible in one episode."""
    arm, path = arm_model(settings.rig.arm.model), object_path(settings, index)
    lag = lag_of(settings.rig, arm.command_delay)
    return possible(arm, catalogue.load(path.object), path, settings.rig.safety.box, lag)


def object_path(settings: Settings, index: int) -> ObjectPath:
    """The path in the very episode that `evaluation.run_one` runs, with an arm that is told nothing."""
    limit, seed = TASKS[settings.task].time_limit, seed_of(settings, index)
    rig = open_rig(settings.rig, seed=seed)
    with rig:
        truth = Truth(rig)
        rig.stage.prepare(seed, request_of(settings, index)[1])
        launch(rig, truth)
        start, arm = rig.clock.now(), rig.feel()
        times: Vector = TICK_S * np.arange(round(limit / TICK_S) + 1, dtype=np.float64)
        states: list[ObjectState] = []
        for time in times:
            rig.clock.wait_until(start + float(time))
            states.append(truth.objects()["target0"])
            if _all_since(states, [_stands(state) for state in states]):
                states += [states[-1]] * (len(times) - len(states))
                break
            if _all_since(states, [state.position[2] < 0.0 for state in states]):
                break
        plan = truth.plan
        return ObjectPath(
            times[: len(states)], tuple(states), arm.joints, arm.joint_velocity, limit,
            plan.targets[0].object, plan.launch.launcher, plan.speed,
        )  # fmt: skip


def _stands(state: ObjectState) -> bool:
    return float(np.linalg.norm(state.velocity)) < STANDING


def _all_since(states: Sequence[ObjectState], claims: Sequence[bool]) -> bool:
    """Whether a claim has held for `SETTLED_S`."""
    count = round(SETTLED_S / TICK_S)
    return len(states) > count and all(claims[-count:])


def possible(arm: ArmModel, model: ObjectModel, path: ObjectPath, box: Box, lag: float) -> Bound:
    """Whether the hand could have met the object, and where it comes nearest to it.

    `lag` is from a set-point to the motion. The object must be in reach from a gripper's delay before the meeting until
    fingers that were open by `OPEN_M` have closed; the order to close may be given before the meeting.
    """
    grasps = _grasps(arm, model, path, box)
    reached = np.isin(np.arange(len(path.times)), grasps.tick)
    reach_s = TICK_S * int(reached.sum())
    if not len(grasps.tick):
        return Bound(False, False, None, None, None, "reach", None, 0.0)
    stays = _stays(arm, path, reached)[grasps.tick]
    if not stays.any():
        return Bound(False, False, None, None, None, "stay", None, reach_s)
    grasps = _Grasps(grasps.tick[stays], grasps.way[stays], grasps.joints[stays], grasps.velocity[stays])
    each, cruises = joint_times(arm, path.joints, path.joint_velocity, grasps.joints, grasps.velocity)
    least, available = each.max(axis=1), path.times[grasps.tick] - lag
    meets = least <= available
    best = int(np.argmax(available - least))
    slowest = int(np.argmax(each[best]))
    return Bound(
        bool(meets.any()),
        bool(meets.any()) and _from_above(arm, path, grasps, _grasps(arm, model, path, box, OVER_M), lag),
        float(path.times[grasps.tick[meets]].min()) if meets.any() else None,
        float(available[best]),
        float(least[best]),
        "speed" if cruises[best, slowest] else "acceleration",
        slowest + 1,
        reach_s,
    )


def joint_times(
    arm: ArmModel, start: Vector, speed: Vector, goals: Vector, end_speed: Vector
) -> tuple[Vector, NDArray[np.bool_]]:
    """Least seconds (n, joints) from (start, speed) to (goals, end_speed), and which joints reach their top speed.

    As `arrival.least_times`, joint by joint, at the full limits and with acceleration that is there at once. A joint
    that would have to end faster than it can takes for ever.
    """
    top, push = arm.max_velocity, arm.max_acceleration
    times, cruises = travel_times(goals - start, np.clip(speed, -top, top), end_speed, top, push)
    return np.where(np.abs(end_speed) <= top, times, np.inf), cruises


def _stays(arm: ArmModel, path: ObjectPath, reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each tick (n,): whether the object is in reach around it for as long as the fingers need."""
    closed = path.times + OPEN_M / arm.gripper.speed
    # Before the episode there is nothing to be in reach of.
    first = np.searchsorted(path.times, path.times - arm.gripper.delay - 1e-9)
    last = np.searchsorted(path.times, closed + 1e-9) - 1
    missed = np.concatenate([[0], np.cumsum(~reached)])
    unbroken = missed[last + 1] == missed[first]
    return unbroken & (closed <= min(path.limit_s, float(path.times[-1]) + TICK_S))


def _from_above(arm: ArmModel, path: ObjectPath, grasps: _Grasps, overs: _Grasps, lag: float) -> bool:
    """Whether the hand can first be over the object, as fast as it, and go down to it from there."""
    if not len(overs.tick):
        return False
    to_over, _ = joint_times(arm, path.joints, path.joint_velocity, overs.joints, overs.velocity)
    for row in np.flatnonzero(to_over.max(axis=1) <= path.times[overs.tick] - lag):
        later = (grasps.way == overs.way[row]) & (grasps.tick > overs.tick[row])
        to_grasp, _ = joint_times(
            arm, overs.joints[row], overs.velocity[row], grasps.joints[later], grasps.velocity[later]
        )
        left = path.times[grasps.tick[later]] - path.times[overs.tick[row]]
        if np.any(to_grasp.max(axis=1) <= left):
            return True
    return False


def _grasps(arm: ArmModel, model: ObjectModel, path: ObjectPath, box: Box, over: float = 0.0) -> _Grasps:
    """Every grasp along the path that the arm reaches inside the box, or the pose `over` (m) the object's top."""
    known: dict[int, Vector] = {}
    rows: list[tuple[int, int, Vector, Vector]] = []
    for tick, state in enumerate(path.states):
        if tick and state is path.states[tick - 1]:
            rows += [(tick, *row[1:]) for row in rows if row[0] == tick - 1]
            continue
        before, known = known, {}
        for way, pose in _poses(arm, model, state, over).items():
            if not _inside(box, np.asarray(pose.translation)):
                continue
            joints = _joints(arm, pose, _seed(way, before, known))
            if joints is not None:
                known[way] = joints
                speeds = joint_velocities(arm, joints[None], state.velocity[None] * (1, 1, 0))[0]
                rows.append((tick, way, joints, speeds))
    tick, way = (np.array([row[column] for row in rows], dtype=np.int_) for column in (0, 1))
    joints, velocity = (np.array([row[column] for row in rows]).reshape(-1, arm.joints) for column in (2, 3))
    return _Grasps(tick, way, joints, velocity)


def _seed(way: int, before: Mapping[int, Vector], known: Mapping[int, Vector]) -> Vector | None:
    """Joints to search from: of the same way a tick before, else of the nearest one of the same half turn."""
    if way in before:
        return before[way]
    near = [other for other in known if other % 2 == way % 2]
    return known[min(near, key=lambda other: abs(other - way))] if near else None


def _inside(box: Box, place: Vector) -> bool:
    return bool(np.all(place >= np.array(box.lower)) and np.all(place <= np.array(box.upper)))


def _poses(arm: ArmModel, model: ObjectModel, state: ObjectState, over: float) -> dict[int, RigidTransform]:
    """Hand-down poses by closing axis and half turn, along axes at which the object fits between the fingers."""
    widths, offsets = widths_at(arm, model, state)
    fitting = np.flatnonzero(widths < arm.gripper.max_width - PLAY_M)
    height = grasp_height(arm, model, state)
    if over:
        top = float(state.position[2] + state.T_base_object.rotation.apply(model.vertices)[:, 2].max())
        height = max(height, top) + over
    poses: dict[int, RigidTransform] = {}
    for axis in fitting[:: -(-len(fitting) // AXES) or 1]:
        middle = state.position[:2] + offsets[axis] * np.array([np.cos(ANGLES[axis]), np.sin(ANGLES[axis])])
        for half in (0, 1):
            pose = down(np.array([*middle, height]), float(ANGLES[axis]) + half * np.pi)
            poses[2 * int(axis) + half] = pose
    return poses


def _joints(arm: ArmModel, pose: RigidTransform, seed: Vector | None) -> Vector | None:
    """Joints with the tool at its place and its closing axis as wanted, the hand as upright as the arm can."""
    place = np.asarray(pose.translation)
    if np.hypot(*place[:2]) > 1.2 * arm.reach:
        return None
    start, steps = (arm.home, FIRST_STEPS) if seed is None else (seed, NEXT_STEPS)
    joints = joints_at(arm, start, pose.as_matrix()[None], steps)[0]
    gap = float(np.linalg.norm(place - kinematics.forward(arm, joints).translation))
    turned, leans = _turned(arm, pose, joints)
    return joints if gap < NEAR_M and turned < TURNED and leans < LEAN else None


def _turned(arm: ArmModel, pose: RigidTransform, joints: Vector) -> tuple[float, float]:
    """How far the closing axis and the hand's direction are from the wanted ones, rad."""
    hand = kinematics.forward(arm, joints).rotation.as_matrix()
    cosines = np.sum(hand * pose.rotation.as_matrix(), axis=0)
    turned, leans = np.arccos(np.clip(cosines[1:], -1.0, 1.0))
    return float(turned), float(leans)
