"""What an object did, from all measurements of an episode: for labels."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from ...rig.nouns import ObjectState, PoseEstimate, Vector
from ...rig.objects import Symmetry
from .alike import Alike
from .object_filter import Measured, ObjectFilter, joined
from .place import Course
from .smooth_place import smooth_places
from .smooth_turns import smooth_turns
from .spin_math import turn_of


def smoothed(
    name: str,
    symmetry: Symmetry,
    estimates: Sequence[PoseEstimate],
    rolling_radius: float | None = None,
    times: Sequence[float] | None = None,
) -> list[ObjectState]:
    """Its states at `times`, or when it was measured, in order of time; none without measurements."""
    if not estimates:
        return []
    in_order = sorted(estimates, key=lambda one: one.captured_at)
    live = ObjectFilter(name, symmetry, rolling_radius)
    wanted = np.unique([one.captured_at for one in in_order] if times is None else times)
    at = np.union1d(wanted, [one.captured_at for one in in_order])
    seen, rough = _lived(live, in_order, at)
    way = smooth_places(at, [[(one.position, one.noise[:3, :3]) for one in here] for here in seen])
    rolling = None
    if rolling_radius is not None:
        rolling = np.column_stack([-way.mean[:, 4], way.mean[:, 3], np.zeros(len(at))]) / rolling_radius
    turned = [[(one.turn, one.noise[3:, 3:]) for one in here] for here in seen]
    turns = smooth_turns(np.diff(at), rough, turned, Alike.of(symmetry), rolling)
    return [
        joined(name, float(at[k]), Course(x[:3], x[3:6], P[:6, :6]), turns.turn[k], turns.spin[k], turns.covariance[k])
        for k, (x, P) in enumerate(zip(way.mean, way.covariance, strict=True))
        if at[k] in wanted
    ]


def _lived(live: ObjectFilter, in_order: list[PoseEstimate], at: Vector) -> tuple[list[list[Measured]], Vector]:
    """At each time the measurements that were of the object, and the orientation (n, 4) as it was known then."""
    waiting = deque(in_order)
    first, seen, known = Measured.of(in_order[0]).turn, [], []
    for time in at:
        here = []
        while waiting and waiting[0].captured_at <= time:
            one = waiting.popleft()
            here += [Measured.of(one)] * (live.measure(one).kind != "gated")
        state = live.state(float(time))
        known.append(first if state is None else turn_of(state.T_base_object.as_matrix()[:3, :3]))
        seen.append(here)
    return seen, np.array(known)
