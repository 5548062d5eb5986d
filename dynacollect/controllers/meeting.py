"""Where and when the hand can be with the object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import ObjectState, Vector
from .arrival import correction_time, joint_velocities, joints_at, least_times
from .closing import down, grasp_height, surface
from .intercept_state import InterceptState
from .machine import TICK_S, Observation, Scene
from .motion import CORRECTION_RAD
from .predict import path, predict
from .surroundings import Workspace, top

HOVER_M = 0.024
"""Free height between the finger tips and the object while the hand comes along."""
LEAST_HORIZON_S = 0.10
"""Nothing sooner is aimed for: an arm that follows with preview does not chatter."""
LEAD_SHARE = 1.3
"""How much longer than at least a correction on the way, by `CORRECTION_RAD`, may take."""
HORIZON_S = 2.5
"""How far ahead a meeting is looked for."""
HORIZONS: Vector = LEAST_HORIZON_S + TICK_S * np.arange(round((HORIZON_S - LEAST_HORIZON_S) / TICK_S), dtype=np.float64)
KNOTS = np.array([0.1, 0.4, 0.8, 1.3, 1.9, 2.5])
"""Seconds from now at which joints are solved for; they go smoothly in between."""
BETWEEN: Vector = CubicSpline(KNOTS, np.eye(len(KNOTS)))(HORIZONS)
"""(horizons, knots): the smooth curve through values at the knots."""
SLACK_S = 0.03
"""By which a meeting may look impossible and still be tried: the hand then comes in as much behind, and catches up."""
CHASE_S = 0.25
"""Up to so much too late, the hand still goes after the object."""
KEEP_S = 0.08
"""By which the meeting chosen before may look too late and still stay."""
MUCH_SOONER_S = 0.06
"""From so much sooner on, another meeting takes its place."""
STAY_S = 0.34
"""The object must stay in reach this long after the meeting: time to go down and close."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where, when and how the hand can be with the object."""

    horizon: float
    pose: RigidTransform
    velocity: Vector
    in_reach: bool


class MeetingPlanner:
    """Plans meetings for one arm in one scene; pure."""

    def __init__(self, scene: Scene, lag: float, workspace: Workspace) -> None:
        self.scene, self.arm, self.lag, self.workspace = scene, scene.arm, lag, workspace
        # Fills the cache, so that no tick waits for the first call for a model.
        for model in filter(None, scene.models.values()):
            surface(model)
        self.least_s = max(LEAST_HORIZON_S, LEAD_SHARE * correction_time(scene.arm, CORRECTION_RAD))
        """Nothing sooner is aimed for: an arm whose jerk is small would have to swing for it."""

    def grasp_at(self, state: InterceptState, target: ObjectState, time: float, raised: float = 0.0) -> RigidTransform:
        """The grasp pose at a time, or `raised` above the object's top."""
        ahead = predict(target, state.track.deceleration, time)
        height = grasp_height(self.arm, self.scene.model(state.target), ahead)
        if raised:
            height = max(height, top(self.scene, state.target, ahead)) + raised
        yaw = state.yaw or 0.0
        middle = ahead.position[:2] + state.offset * np.array([np.cos(yaw), np.sin(yaw)])
        return down(np.array([*middle, height]), yaw)

    def meeting(self, state: InterceptState, seen: Observation, target: ObjectState) -> Meeting:
        """The soonest place over the object's path where hand and object can be together.

        The one chosen before stays unless it fails or something sooner comes up.
        """
        anchor = float(np.clip(state.horizon - TICK_S, self.least_s, HORIZON_S))
        late = self.lateness(seen, *self.course(state, target, seen.time + KNOTS + self.lag, HOVER_M))
        stays = self._stays_in_reach(state, target, seen.time + HORIZONS)
        late = np.where(stays, late, np.inf)
        if np.any(late <= CHASE_S):
            horizon = _soonest(late)
            near = int(np.argmin(np.abs(HORIZONS - anchor)))
            if late[near] <= KEEP_S and anchor - horizon < MUCH_SOONER_S:
                horizon = anchor
            pose, velocity = self._over(state, target, seen.time + horizon)
            return Meeting(horizon, pose, velocity, True)
        if stays.any():
            horizon = float(HORIZONS[int(np.argmin(late))])
            pose, velocity = self._over(state, target, seen.time + horizon)
            return Meeting(horizon, pose, velocity, False)
        pose, _ = self._over(state, target, seen.time + anchor)
        return Meeting(anchor, self._nearest_in_reach(pose), np.zeros(3), False)

    def down_by(self, state: InterceptState, seen: Observation, target: ObjectState) -> float:
        """How soon (s) the hand, moving along over the object, can be around it."""
        return _soonest(self.lateness(seen, *self.course(state, target, seen.time + KNOTS + self.lag)))

    def course(
        self, state: InterceptState, target: ObjectState, times: Vector, raised: float = 0.0
    ) -> tuple[Vector, Vector]:
        """Grasp poses (n, 4, 4) at times (n,), or `raised` over the object's top, and its velocities (n, 3)."""
        places, velocities = path(target, state.track.deceleration, times)
        first = self.grasp_at(state, target, float(times[0]), raised).as_matrix()
        poses = np.repeat(first[None], len(times), axis=0)
        poses[:, :2, 3] += (places - places[0])[:, :2]
        return poses, velocities * (1, 1, 0)

    def lateness(self, seen: Observation, poses: Vector, velocities: Vector) -> Vector:
        """By how much (s) the arm would be late for each of `HORIZONS`, for a goal that has these poses and velocities
        at `KNOTS`.
        """
        joints = joints_at(self.arm, seen.arm.joints, poses)
        ends = joint_velocities(self.arm, joints, velocities)
        goals, arriving = BETWEEN @ joints, BETWEEN @ ends
        return least_times(self.arm, seen.arm.joints, seen.arm.joint_velocity, goals, arriving) * 1.05 - HORIZONS

    def _over(self, state: InterceptState, target: ObjectState, time: float) -> tuple[RigidTransform, Vector]:
        """Hover pose and level velocity so that the hand, `lag` late, is over the object."""
        ahead = predict(target, state.track.deceleration, time + self.lag)
        return self.grasp_at(state, target, time + self.lag, HOVER_M), ahead.velocity * (1, 1, 0)

    def _stays_in_reach(self, state: InterceptState, target: ObjectState, times: Vector) -> NDArray[np.bool_]:
        """At these times and long enough after them."""
        deceleration, speed = state.track.deceleration, state.track.speed
        (now, _), (after, _) = path(target, deceleration, times), path(target, deceleration, times + STAY_S)
        return self.workspace.holds(now, speed) & self.workspace.holds(after, speed)

    def _nearest_in_reach(self, pose: RigidTransform) -> RigidTransform:
        place = self.workspace.nearest(np.asarray(pose.translation))
        return RigidTransform.from_components(place, pose.rotation)


def _soonest(late: Vector) -> float:
    """The first horizon that can be kept; failing that, the one that is missed by least."""
    kept = late <= SLACK_S
    return float(HORIZONS[int(np.argmax(kept)) if kept.any() else int(np.argmin(late))])
