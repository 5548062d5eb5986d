"""Second opinions: whether an object that looks nearly the same turned round is turned the other way after all.

A hammer upside down, a potato end for end: one picture does not tell, and a search that was wrong once would stay
wrong, for the outline follows either way. So the other way is held against the pictures now and then, and taken when
several of them speak for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from ...rig.objects import Symmetry
from ...rig.objects.symmetry import surface_points
from ..seeing.tones import Pixels
from .colouring import colours_of
from .follow import Seen, seen_at
from .looks import Look
from .viewpoints import ViewpointModel

LIKE = 0.08
"""A double's surface lies at the mean within this share of the radius of the shape's own."""
APART = np.deg2rad(40.0)
"""Doubles differ by more than this from the shape as it is, and from each other."""
OVERLAP, OUTLINE = 2.0, 2.0
"""What overlap and outline count against colours, which are worth 1."""
ENOUGH, LEAD, SIGMAS = 4, 0.06, 1.0
"""Pictures after which a double may win, and how much it must lead at the mean, in itself and in standard errors.

Of a still thing all pictures err alike, by up to half of this lead."""
REMEMBERED = 8
"""Newest pictures that count."""
HOPELESS, SELDOM = -0.2, 6
"""Where no double's mean lead is above this, only every so many questions are asked: the view changes as it moves."""


def doubles(model: ViewpointModel) -> Vector:
    """(k, 3, 3) turns about the shape's middle, in its frame, after which it looks nearly as before, yet not quite."""
    shape = model.shape
    points = surface_points(shape.vertices, shape.faces, 1500) - model.middle
    cloud = KDTree(points)
    axes = np.linalg.eigh(_spread(shape.vertices[shape.faces] - model.middle))[1]
    found: list[Vector] = []
    for turn in _right_angles():
        turned = axes @ turn @ axes.T
        moved = float(np.mean(cloud.query(points[::4] @ turned.T)[0]))
        own = float(np.mean(cloud.query(points[::4], k=2)[0][:, 1]))
        if moved - own > LIKE * model.radius:
            continue
        if all(_apart(turned, other, shape.symmetry) > APART for other in (np.eye(3), *found)):
            found.append(turned)
    return np.array(found).reshape(-1, 3, 3)


@dataclass(slots=True, eq=False)
class SecondOpinion:
    """What pictures said so far for and against the doubles of one object."""

    turns: Vector
    """(k, 3, 3)."""
    leads: list[deque[float]] = field(init=False)
    """Of each double, over the way it is thought to be turned."""
    _asked: int = 0

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The object was found anew, or is turned otherwise now."""
        self.leads = [deque(maxlen=REMEMBERED) for _ in self.turns]

    def ask(self, model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], seen: Seen) -> Seen | None:
        """Hold one double against these pictures; it is returned if it has won."""
        self._asked += 1
        number = self._next()
        if number is None:
            return None
        other = _other(model, looks, masks, seen, self.turns[number])
        own = colours_of(model, looks, seen.fit.guess)
        theirs = None if other is None else colours_of(model, looks, other.fit.guess)
        if other is None:
            lead = 2.0 * HOPELESS
        else:
            lead = OVERLAP * (other.overlap - seen.overlap) - OUTLINE * (other.fit.cost - seen.fit.cost)
            lead += 0.0 if own is None or theirs is None else theirs - own
        leads = self.leads[number]
        leads.append(lead)
        error = np.std(leads) / np.sqrt(max(len(leads) - 1, 1))
        if len(leads) < ENOUGH or np.mean(leads) < max(LEAD, SIGMAS * error):
            return None
        self.forget()
        return other

    def _next(self) -> int | None:
        """A double that was not asked yet, else the one with the most to say for it."""
        means = [float(np.mean(leads)) if leads else np.inf for leads in self.leads]
        if not means or (max(means) < HOPELESS and self._asked % SELDOM):
            return None
        return int(np.argmax(means))


def _other(
    model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], seen: Seen, turn: Vector
) -> Seen | None:
    """What the pictures say of the object turned so about its middle."""
    guess = seen.fit.guess
    turned = guess.turn @ turn
    place = guess.place + (guess.turn - turned) @ model.middle
    return seen_at(model, looks, masks, replace(guess, place=place, turn=turned))


def _spread(triangles: Vector) -> Vector:
    """(3, 3) second moments of a surface of triangles (n, corner, 3)."""
    areas = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    corners = np.einsum("n,nci,ncj->ij", areas, triangles, triangles)
    middles = triangles.mean(axis=1)
    return corners + 9.0 * np.einsum("n,ni,nj->ij", areas, middles, middles)


def _right_angles() -> Vector:
    """(23, 3, 3) all turns of a cube onto itself but none."""
    steps = (
        Rotation.from_euler("x", 90, degrees=True).as_matrix(),
        Rotation.from_euler("z", 90, degrees=True).as_matrix(),
    )
    known = [np.eye(3)]
    for turn in known:
        for step in steps:
            if not any(np.allclose(step @ turn, other) for other in known):
                known.append(step @ turn)
    return np.array(known[1:])


def _apart(one: Vector, other: Vector, symmetry: Symmetry) -> float:
    """The angle between two turns, as far as it can be seen on the shape."""
    between = one.T @ other
    if symmetry.kind == "sphere":
        return 0.0
    if symmetry.kind == "axis" and symmetry.axis is not None:
        along = float(symmetry.axis @ between @ symmetry.axis)
        return float(np.arccos(np.clip(abs(along) if symmetry.flip else along, -1.0, 1.0)))
    alike = [np.eye(3), *(each.as_matrix() for each in symmetry.rotations)]
    return min(float(Rotation.from_matrix(between @ each).magnitude()) for each in alike)
