"""How objects roll: in which pose, whether straight, and how far."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from ..objects.model import ObjectModel

GRAVITY = 9.81
MOST_CURVATURE = 0.3
"""1/m; what rolls on a tighter circle misses its aim by centimetres."""


def rolling_pose(model: ObjectModel, heading: float) -> Rotation:
    """The resting pose in which the object rolls towards `heading`: its axis across the way."""
    axis = model.symmetry.axis
    if axis is None or model.symmetry.kind == "sphere":
        return Rotation.from_euler("z", heading) * model.rests[0]
    across = np.array([-np.sin(heading), np.cos(heading), 0.0])
    return Rotation.align_vectors([across], [axis])[0]


def stands(model: ObjectModel) -> bool:
    """Whether its first resting pose keeps it from rolling."""
    axis = model.symmetry.axis
    return not model.rolls or (axis is not None and abs(model.rests[0].apply(axis)[2]) > 0.9)


def rolls_straight(model: ObjectModel) -> bool:
    """Whether it rolls on along a line, as balls and cylinders do and cups and pears do not."""
    if not model.rolls or model.symmetry.kind in ("none", "discrete"):
        return False
    axis = model.symmetry.axis
    return (
        model.symmetry.kind == "sphere" or axis is None or _taper(model, axis) / model.rolling_radius < MOST_CURVATURE
    )


def roll_factor(model: ObjectModel) -> float:
    """Inertia of the rolling body over its mass: 1 + I / (m r2)."""
    axis = model.symmetry.axis if model.symmetry.axis is not None else np.array([1.0, 0.0, 0.0])
    return 1.0 + float(axis @ model.inertia @ axis) / (model.mass * model.rolling_radius**2)


def rolling_drag(model: ObjectModel) -> float:
    """By how much it slows down as it rolls on the table, m/s2."""
    return GRAVITY * model.rolling_resistance / roll_factor(model)


def rolling_way(model: ObjectModel, speed: float) -> float:
    """How far it rolls on the table before it stops, m."""
    return speed**2 * roll_factor(model) / (2 * GRAVITY * model.rolling_resistance)


def slope_run(model: ObjectModel, speed: float, angle: float) -> float:
    """Length of a slope at whose foot it rolls off at this speed, m; the kink at the foot takes its share."""
    factor = roll_factor(model)
    kept = (np.cos(angle) + factor - 1.0) / factor
    pull = GRAVITY * (np.sin(angle) - model.rolling_resistance * np.cos(angle)) / factor
    return float((speed / kept) ** 2 / (2 * pull))


def _taper(model: ObjectModel, axis: Vector) -> float:
    """Slope of the hull's outline under the centre of mass: how far the lying axis is tilted."""
    along = model.vertices @ axis
    radius = np.linalg.norm(model.vertices - np.outer(along, axis), axis=1)
    half = np.column_stack([along, radius])
    both = np.concatenate([half, half * (1, -1)])
    outline = both[ConvexHull(both).vertices]
    upper = outline[outline[:, 1] >= 0]
    upper = upper[np.argsort(upper[:, 0])]
    after = int(np.clip(np.searchsorted(upper[:, 0], 0.0), 1, len(upper) - 1))
    run, rise = upper[after] - upper[after - 1]
    return abs(float(rise / run)) if run > 0 else np.inf
