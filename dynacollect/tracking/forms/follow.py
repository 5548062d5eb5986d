"""An object of known form from tick to tick: its outline is moved until it has the moments of the masks.

Where the arm, another object or the picture's rim hides a part, the same part of the outline is left out, so that what
is missing does not drag the middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...rig.nouns import ObjectState, PoseEstimate, Vector
from ...rig.pose import pose_of, turn_of
from ..foreseen import Shown
from ..pose.looks import Look
from ..pose.silhouettes import overlap
from ..seeing.tones import Pixels
from .fitting import EDGE_PX, POSE, Held, Sighting, numbers_of, shown, solve
from .form import Form
from .outlines import Posed, box_around, filled, moments_of, moments_within, outline

LOOSE = (0.012, 0.3)
"""A foreseen place (m) and yaw (rad) hold what is seen this loosely at least."""
AREA = (0.5, 1.9)
"""Of a mask relative to what should be seen, for it to be the object."""
LIKELY = 0.08
"""Difference of the logarithm of that which means nothing; what goes beyond is a part that is missing or too much."""
SWELLS = 0.03
"""By how much masks are larger or smaller than the form as a whole, one sigma of the logarithm of a length."""
LEAST_SHOWN = 0.35
"""Share of an outline that must be visible for a view to count."""
LEAST = 0.4
"""Overlap of form and masks below which it is something else, or somewhere else."""
FULL = 0.9
"""Overlap that a simple solid has at best."""
FRESH = 0.4
"""Share of the variance that is new in every tick; the rest comes of the form, the lens and shadows, and stays."""
SYSTEM_M = 0.0015
"""What no outline of a simple solid tells of a place."""
HEIGHT_M = 0.0015
"""How far an object that keeps its height may be off it."""
TILT_RAD = 0.05
BLIND = np.diag([1 / 0.3**2] * 3 + [1 / 1.5**2, 1 / SWELLS**2])
"""What is known of a place, a yaw and the swelling of which the pictures tell nothing."""
FLOOR = np.diag([0.0004**2] * 3 + [np.deg2rad(1.0) ** 2])
TURNS = 4
_XYZ_YAW = np.ix_((0, 1, 2, 5), (0, 1, 2, 5))


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where an object was seen, and which share of form and masks is common."""

    posed: Posed
    covariance: Vector
    """(4, 4) of place and yaw."""
    covered: float
    time: float
    views: int = 2

    @property
    def health(self) -> float:
        """0 to 1."""
        return float(np.clip((self.covered - LEAST) / (FULL - LEAST) + 0.3, 0.0, 1.0))

    @property
    def lasting(self) -> Vector:
        """(6, 6) covariance of the part of the error that is there again in the next tick."""
        return _six((1.0 - FRESH) * self.covariance + np.diag([SYSTEM_M**2] * 3 + [0.0]), 0.0)

    def estimate(self, name: str) -> PoseEstimate:
        """A measurement for a filter, which takes errors for fresh."""
        c, s = np.cos(self.posed.yaw), np.sin(self.posed.yaw)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        covariance = _six(FRESH * self.covariance + FLOOR, TILT_RAD**2)
        return PoseEstimate(name, pose_of(self.posed.place, turn), covariance, self.time, self.health)


def posed_at(form: Form, state: ObjectState) -> Posed:
    """A form as a state has it."""
    turn = turn_of(state.T_base_object)
    return Posed(form, np.asarray(state.position), float(np.arctan2(turn[1, 0], turn[0, 0])))


def foreseen(form: Form, state: ObjectState, look: Look, room: int) -> Shown | None:
    """A form in a view, with room around it; None where it is not in the picture."""
    polygon = outline(look, posed_at(form, state).corners((look.captured_at - state.valid_at) * state.velocity))
    if polygon is None:
        return None
    box = box_around(polygon, room, look.frame.image.shape)
    if box[2] - box[0] < 3 or box[3] - box[1] < 3:
        return None
    return Shown(box, filled(polygon, box), float(look.local(state.position[None])[0, 2]))


def follow(
    form: Form, state: ObjectState, looks: Sequence[Look], masks: Mapping[str, Pixels], height: float | None = None
) -> Followed | None:
    """Where a form is, near to where it is foreseen; None where the masks do not show it there.

    One view alone does not tell how far away a thing is; `height` does, where two views told it before, base frame, m.
    """
    sigma = np.sqrt(np.maximum(np.diag(state.covariance)[[0, 1, 2, 5]], 0.0))
    loose = np.hypot(2.0 * sigma, [LOOSE[0]] * 3 + [LOOSE[1]])
    return settle(posed_at(form, state), loose, looks, masks, state.valid_at, state.velocity, height)


def settle(
    start: Posed, loose: Vector, looks: Sequence[Look], masks: Mapping[str, Pixels], time: float, velocity: Vector,
    height: float | None = None,
) -> Followed | None:  # fmt: skip
    """Where a form is, from near a pose that is as uncertain as `loose` (4,), one sigma of place (m) and yaw (rad)."""
    sightings = []
    for look in looks:
        mask = masks.get(look.camera.name)
        sighting = None if mask is None else _sighting(look, start, (look.captured_at - time) * velocity, mask)
        if sighting is not None:
            sightings.append(sighting)
    if not sightings:
        return None
    anchor = height if len(sightings) == 1 else None
    if anchor is not None:
        start = replace(start, place=np.append(start.place[:2], anchor))
        loose = np.append(loose[:2], [HEIGHT_M, loose[3]])
    rows = np.vstack([np.eye(4, 7) / loose[:, None], POSE[:, 4] / (3.0 * SWELLS)])
    solved = solve(start.form.kind, sightings, numbers_of(start), POSE, Held(rows, rows @ numbers_of(start)), TURNS)
    if solved is None:
        return None
    posed = Posed(start.form, solved.posed.place, solved.posed.yaw)
    shares = [_share(sighting, posed, masks[sighting.look.camera.name]) for sighting in sightings]
    covered = float(np.mean(shares))
    if covered < LEAST:
        return None
    misfit = max(1.0, solved.cost / (6.0 * len(sightings)))
    information = solved.information / misfit + BLIND
    if anchor is not None:
        information[2, 2] += 1.0 / HEIGHT_M**2
    covariance = np.linalg.inv(information)[:4, :4].astype(float)
    return Followed(posed, covariance, covered, time, len(sightings))


def _sighting(look: Look, start: Posed, drift: Vector, mask: Pixels) -> Sighting | None:
    """A view that shows enough of the object; where a part is hidden, and how far its edges can be trusted."""
    polygon = outline(look, start.corners(drift))
    if polygon is None:
        return None
    whole, box = float(moments_within(polygon)[0]), box_around(polygon, 2, mask.shape)
    visible = int(np.count_nonzero(shown(polygon, box, None if look.hidden is None else ~look.hidden)))
    if visible < max(LEAST_SHOWN * whole, 4):
        return None
    own = mask if look.hidden is None else mask & ~look.hidden
    seen = moments_of(own, (0, 0, own.shape[1], own.shape[0]))
    if seen is None or not AREA[0] < seen[0] / visible < AREA[1]:
        return None
    length = float(np.sqrt(seen[3] + seen[5]))
    beyond = max(0.0, abs(float(np.log(seen[0] / visible))) - LIKELY)
    sigma = float(np.hypot(EDGE_PX * whole / visible, beyond * length))
    free = None if visible > 0.97 * whole else np.ones(mask.shape, bool) if look.hidden is None else ~look.hidden
    return Sighting(look, seen, drift, free, sigma)


def _share(sighting: Sighting, posed: Posed, mask: Pixels) -> float:
    """Overlap of form and mask in a view, where nothing hides it."""
    polygon = outline(sighting.look, posed.corners(sighting.drift))
    if polygon is None:
        return 0.0
    box = box_around(polygon, 2, mask.shape)
    return overlap(box, filled(polygon, box), mask, sighting.free)


def _six(covariance: Vector, tilt: float) -> Vector:
    """(6, 6) of place and turn, from one (4, 4) of place and yaw."""
    wide = np.diag([0.0, 0.0, 0.0, tilt, tilt, 0.0])
    wide[_XYZ_YAW] = covariance
    return wide
