"""Meeting a fast object from ahead: low on its way, slower than it, so that it runs in between the open fingers.

Over a fast object there is no time to go down: the way that it makes meanwhile is the way that the arm has. Ahead of it
the hand is down already, and needs the object's speed only in the last moment. It comes to a gate before the object's
place at the meeting, a little higher, and from there has `RUN_S` to be where the object is, as fast as it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.nouns import ObjectState, Vector
from .intercept_state import InterceptState
from .machine import Observation, Phase
from .meeting import HORIZON_S, HORIZONS, KNOTS, MeetingPlanner
from .predict import path

FAST = 0.3
"""Slower objects are met from above, m/s."""
RUN_S = 0.22
"""From the gate to the meeting."""
AHEAD_M = 0.06
"""By which the hand is before the object at the gate, at most."""
OVER_M = 0.03
"""By which the hand is higher at the gate than at the meeting."""
AFTER_S = 0.25
"""The object must stay in reach this long after the meeting, for the fingers to close."""
PATIENCE_S = 0.10
"""By so much the hand may look late for a gate that it is on its way to."""
SETTLED_S = 0.26
"""So short before the gate nothing is changed: an estimate of what is left says little then."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the hand lets the object come, with which velocity, and when it is with the object."""

    pose: RigidTransform
    velocity: Vector
    at: float
    meet_at: float


def gate_ahead(plans: MeetingPlanner, state: InterceptState, seen: Observation, target: ObjectState) -> Gate | None:
    """The soonest meeting from ahead; the one chosen before stays unless it fails. None without one."""
    deceleration = state.track.deceleration
    settled = state.phase == Phase.AHEAD and state.meet_at - seen.time < RUN_S + SETTLED_S
    anchor = state.meet_at - seen.time
    anchor = anchor if settled else float(np.clip(anchor, plans.least_s + RUN_S, HORIZON_S))
    pose, slower, velocity = _gate(plans, state, target, seen.time + anchor)
    if settled:
        return Gate(pose, slower, seen.time + anchor - RUN_S, seen.time + anchor)
    if np.hypot(*velocity[:2]) < FAST:
        return None
    poses, speeds, _ = _gates(plans, state, target, seen.time + KNOTS + RUN_S)
    late = plans.lateness(seen, poses, speeds)
    times = seen.time + HORIZONS + RUN_S
    (meets, _), (after, _) = path(target, deceleration, times), path(target, deceleration, times + AFTER_S)
    late = np.where(plans.workspace.holds(meets) & plans.workspace.holds(after), late, np.inf)
    near = int(np.argmin(np.abs(HORIZONS - (anchor - RUN_S))))
    if late[near] > (PATIENCE_S if state.phase == Phase.AHEAD else 0.0):
        kept = late <= 0.0
        if not kept.any():
            return None
        anchor = float(HORIZONS[int(np.argmax(kept))]) + RUN_S
        pose, slower, velocity = _gate(plans, state, target, seen.time + anchor)
        if np.hypot(*velocity[:2]) < FAST:
            return None
    return Gate(pose, slower, seen.time + anchor - RUN_S, seen.time + anchor)


def _gate(
    plans: MeetingPlanner, state: InterceptState, target: ObjectState, meet_at: float
) -> tuple[RigidTransform, Vector, Vector]:
    """Pose and velocity of the hand there, and the object's velocity."""
    poses, slower, velocities = _gates(plans, state, target, np.array([meet_at]))
    return RigidTransform.from_matrix(poses[0]), slower[0], velocities[0]


def _gates(
    plans: MeetingPlanner, state: InterceptState, target: ObjectState, meets: Vector
) -> tuple[Vector, Vector, Vector]:
    """Poses (n, 4, 4) and velocities (n, 3) of the hand at the gates for meetings at these times (n,).

    And the object's velocities (n, 3) at the meetings.
    """
    poses, velocities = plans.course(state, target, meets + plans.lag)
    speeds = np.maximum(1e-6, np.hypot(velocities[:, 0], velocities[:, 1]))[:, None]
    offsets = np.minimum(AHEAD_M / speeds, 0.45 * RUN_S) * velocities + (0.0, 0.0, OVER_M)
    poses[:, :3, 3] += offsets - RUN_S * velocities
    return poses, velocities - 2.0 / RUN_S * offsets, velocities
